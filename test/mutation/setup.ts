import fc from 'fast-check';
import { inject, vi } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Set by Stryker. */
    readonly mode: 'dry-run' | 'mutant';
  }
}

// The first counterexample is enough for a mutant, and the same values give the same results in each run.
fc.configureGlobal({ endOnFailure: true, seed: 1 });

// A mutant can make a test wait for something that never happens.
if (inject('mode') === 'mutant') {
  vi.setConfig({ testTimeout: 10_000, hookTimeout: 10_000 });
}
