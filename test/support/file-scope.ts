import { afterAll } from 'vitest';
import type { TestScope } from './daemon.ts';

/** For what the tests of a file share: it ends after the last of them, what was started last first. */
export function fileScope(): TestScope {
  const ends: (() => Promise<void> | void)[] = [];
  afterAll(async () => {
    for (const end of ends.reverse()) {
      await end();
    }
  }, 30_000);
  return {
    onTestFinished(end) {
      ends.push(end);
    },
  };
}
