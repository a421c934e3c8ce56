import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortInTurns } from '../../src/lib/concurrency.ts';

test('sorts lists of any length like toSorted, and keeps the order of equal items', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 6_000 }), fc.integer({ min: 1, max: 10_000 }), async (length, kinds) => {
      const items = Array.from({ length }, (_, i) => ({ key: (i * 7919) % kinds, i }));
      const compare = (a: { readonly key: number }, b: { readonly key: number }) => a.key - b.key;
      expect(await sortInTurns(items, compare)).toEqual(items.toSorted(compare));
    }),
    {
      numRuns: 15,
      examples: [
        [0, 1],
        [1, 1],
        [1_000, 3],
        [1_001, 3],
        [3_000, 10_000],
      ],
    },
  );
});

test('sorts lists that are longer than the arguments of a call can be', async () => {
  const items = Array.from({ length: 500_000 }, (_, i) => i);
  const sorted = await sortInTurns(items, (a, b) => a - b);
  expect(sorted.length).toBe(items.length);
  expect(sorted.at(-1)).toBe(items.at(-1));
});

test('lets other work run while it sorts', async () => {
  let turns = 0;
  let sorting = true;
  const count = () => {
    turns += 1;
    if (sorting) {
      setImmediate(count);
    }
  };
  setImmediate(count);
  await sortInTurns(
    Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10_000),
    (a, b) => a - b,
  );
  sorting = false;
  expect(turns).toBeGreaterThan(10);
});
