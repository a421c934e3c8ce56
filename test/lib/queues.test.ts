import pLimit from 'p-limit';
import { describe, expect, test } from 'vitest';
import { nextTurn, TurnsByKey } from '../../src/lib/concurrency.ts';

/** Work that records its beginning and end. */
function work(said: string[], name: string, fails = false): () => Promise<string> {
  return async () => {
    said.push(`${name} begins`);
    await nextTurn();
    said.push(`${name} ends`);
    if (fails) {
      throw new Error(name);
    }
    return name;
  };
}

describe('a limit of one', () => {
  test('starts work after earlier work has succeeded or failed', async () => {
    const said: string[] = [];
    const queue = pLimit(1);
    const results = [queue(work(said, 'a', true)), queue(work(said, 'b')), queue(work(said, 'c'))];
    expect(await Promise.allSettled(results)).toMatchObject([
      { reason: { message: 'a' } },
      { value: 'b' },
      { value: 'c' },
    ]);
    expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });
});

describe('TurnsByKey', () => {
  test('delays only work with the same key, also after a failure', async () => {
    const said: string[] = [];
    const turns = new TurnsByKey();
    const results = [
      turns.run('x', work(said, 'x1', true)),
      turns.run('x', work(said, 'x2')),
      turns.run('y', work(said, 'y1')),
    ];
    expect(await Promise.allSettled(results)).toMatchObject([
      { reason: { message: 'x1' } },
      { value: 'x2' },
      { value: 'y1' },
    ]);
    expect(said.slice(0, 2)).toEqual(['x1 begins', 'y1 begins']);
    expect(said.filter((line) => line.startsWith('x'))).toEqual(['x1 begins', 'x1 ends', 'x2 begins', 'x2 ends']);
  });

  test('reports a key as busy until its last work has ended', async () => {
    const turns = new TurnsByKey();
    const results = [turns.run('x', work([], 'x1', true)), turns.run('x', work([], 'x2'))];
    const settled = Promise.allSettled(results);
    await Promise.allSettled(results.slice(0, 1));
    expect([turns.isBusy('x'), turns.isBusy('y')]).toEqual([true, false]);
    await turns.idle();
    await settled;
    expect(turns.isBusy('x')).toBe(false);
  });
});
