import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidResponse } from '../../src/aws/errors.ts';
import { listingPaging, resultsPaging } from '../../src/results/paging.ts';

const EMPTY = { rows: 0, series: 0, points: 0, bytes: 100 };

describe('resultsPaging', () => {
  it('follows tokens until one repeats, at any distance', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 50 }),
        fc.nat(),
        (tokens, n) => {
          const paging = resultsPaging();
          for (const token of tokens) {
            paging.add(EMPTY, token);
            expect(paging.nextToken).toBe(token);
          }
          expect(() => paging.add(EMPTY, tokens[n % tokens.length])).toThrow(
            /^expected a new nextToken, got one of an earlier page/,
          );
          paging.add(EMPTY, undefined);
          expect(paging.nextToken).toBeUndefined();
        },
      ),
    );
  });

  it.each([
    ['pages', EMPTY, 1_000],
    ['rows', { ...EMPTY, rows: 25 }, 80],
    ['series', { ...EMPTY, series: 100 }, 20],
    ['points', { ...EMPTY, points: 10_000 }, 10],
    ['bytes', { ...EMPTY, bytes: 8 * 1024 * 1024 }, 2],
  ])('limits %s over all pages', (what, page, most) => {
    const paging = resultsPaging();
    for (let i = 0; i < most; i += 1) {
      paging.add(page, `token ${i}`);
    }
    expect(() => paging.add(page, undefined)).toThrow(new RegExp(`^expected at most \\d+ ${what} over all pages`));
    expect(() => paging.add(page, undefined)).toThrow(InvalidResponse);
  });
});

describe('listingPaging', () => {
  it.each([
    ['pages', { items: 0, bytes: 0 }, 2_000],
    ['items', { items: 25_000, bytes: 0 }, 2],
    ['bytes', { items: 0, bytes: 1024 * 1024 }, 32],
  ])('limits %s over all pages', (what, page, most) => {
    const paging = listingPaging();
    for (let i = 0; i < most; i += 1) {
      paging.add(page, `token ${i}`);
    }
    expect(() => paging.add(page, undefined)).toThrow(new RegExp(`^expected at most \\d+ ${what} over all pages`));
  });
});
