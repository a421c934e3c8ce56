import { afterAll } from 'vitest';
import type { TestScope } from './daemon.ts';

/** A scope for resources that the tests of a file share. They end after the last test, in reverse order. */
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
