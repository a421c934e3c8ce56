import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { aroundEach, beforeEach, inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Set by Stryker. */
    readonly mode: 'dry-run' | 'mutant';
  }
}

/** Interval of checks for a test that waits, in milliseconds. */
const CHECK_MS = 500;
/** Consecutive idle checks after which a test waits for something that never happens. */
const MOST_IDLE_CHECKS = 4;

/** Tests that take several times as long as the others, and would run for each mutant that survives these. */
const SLOW = /constant time|any number of other targets|clock was (?:set )?(?:2 hours|a year)/;

beforeEach(({ task, skip }) => {
  skip(SLOW.test(task.name));
});

// The first counterexample is enough for a mutant, and the same values give the same results in each run.
fc.configureGlobal({ endOnFailure: true, seed: 1 });

// A mutant can make a test wait forever. A busy machine makes it slow, but not idle.
if (inject('mode') === 'mutant') {
  aroundEach(async (runTest) => {
    let timer: NodeJS.Timeout | undefined;
    const idle = new Promise<never>((_resolve, reject) => {
      let before = performance.eventLoopUtilization();
      let checks = 0;
      timer = setInterval(() => {
        const now = performance.eventLoopUtilization();
        checks = performance.eventLoopUtilization(now, before).utilization < 0.1 ? checks + 1 : 0;
        before = now;
        if (checks > MOST_IDLE_CHECKS) {
          reject(new Error('the test waits for something that never happens'));
        }
      }, CHECK_MS);
    });
    try {
      await Promise.race([runTest(), idle]);
    } finally {
      clearInterval(timer);
    }
  });
}
