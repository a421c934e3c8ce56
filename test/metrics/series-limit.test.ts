import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeriesLimit } from '../../src/metrics/series-limit.ts';
import { timeOf } from '../support/growth.ts';

/** Calculates the allowances by definition. */
function fairly(limit: number, counts: ReadonlyMap<string, number>): Map<string, number> {
  const share = Math.floor(limit / counts.size);
  const allowed = new Map([...counts].map(([name, count]) => [name, Math.min(count, share)]));
  let room = limit - [...allowed.values()].reduce((sum, each) => sum + each, 0);
  for (const name of [...counts.keys()].sort()) {
    const more = Math.min(room, (counts.get(name) ?? 0) - (allowed.get(name) ?? 0));
    allowed.set(name, (allowed.get(name) ?? 0) + more);
    room -= more;
  }
  return allowed;
}

function capOf(limit: number, counts: Readonly<Record<string, number>>): SeriesLimit {
  const cap = new SeriesLimit(limit);
  for (const [name, count] of Object.entries(counts)) {
    cap.set(name, count);
  }
  cap.settle();
  return cap;
}

/** The results of a settlement after a query's number of series was set. */
function settled(cap: SeriesLimit, name: string, count: number): ReadonlyMap<string, number> {
  cap.set(name, count);
  return cap.settle();
}

function settledWithout(cap: SeriesLimit, name: string): ReadonlyMap<string, number> {
  cap.remove(name);
  return cap.settle();
}

const allowances = (cap: SeriesLimit, names: string) => [...names].map((name) => cap.allowance(name));

describe('SeriesLimit', () => {
  it('allows all series within the limit', () => {
    const cap = capOf(100, { a: 99, b: 0, c: 1 });
    expect(allowances(cap, 'abc')).toEqual([99, 0, 1]);
    expect(cap.exported).toBe(100);
  });

  it('gives each query its share', () => {
    expect(allowances(capOf(100, { a: 500, b: 500 }), 'ab')).toEqual([50, 50]);
    expect(allowances(capOf(90, { a: 500, b: 30, c: 500 }), 'abc')).toEqual([30, 30, 30]);
  });

  it('gives unused shares to the other queries in order of their names', () => {
    expect(allowances(capOf(90, { c: 500, b: 500, a: 10 }), 'abc')).toEqual([10, 50, 30]);
    expect(allowances(capOf(90, { c: 500, b: 40, a: 10 }), 'abc')).toEqual([10, 40, 40]);
    expect(allowances(capOf(90, { a: 0, b: 500, c: 500 }), 'abc')).toEqual([0, 60, 30]);
  });

  it('gives the remainder of the division to the first query', () => {
    expect(allowances(capOf(11, { a: 9, b: 9, c: 9 }), 'abc')).toEqual([5, 3, 3]);
    expect(allowances(capOf(2, { a: 9, b: 9, c: 9 }), 'abc')).toEqual([2, 0, 0]);
  });

  it('takes back a borrowed share when its owner needs it and returns the changed allowances', () => {
    const cap = capOf(100, { a: 90, b: 5, c: 5 });
    expect(settled(cap, 'c', 50)).toEqual(
      new Map([
        ['a', 62],
        ['c', 33],
      ]),
    );
    expect(settled(cap, 'b', 5)).toEqual(new Map([['b', 5]]));
    expect(settled(cap, 'c', 5)).toEqual(
      new Map([
        ['a', 90],
        ['c', 5],
      ]),
    );
    expect(settled(cap, 'b', 2)).toEqual(new Map([['b', 2]]));
  });

  it('returns the unchanged allowance of a query whose number of series changes', () => {
    const cap = capOf(100, { a: 90, b: 90 });
    expect(settled(cap, 'b', 60)).toEqual(new Map([['b', 50]]));
    expect(settled(cap, 'b', 60)).toEqual(new Map([['b', 50]]));
  });

  it('gives the share of a removed query to the others', () => {
    const cap = capOf(90, { a: 50, b: 50, c: 50 });
    expect(settledWithout(cap, 'b')).toEqual(
      new Map([
        ['a', 45],
        ['c', 45],
      ]),
    );
    expect(cap.allowance('b')).toBe(0);
    expect(cap.exported).toBe(90);
    expect(settledWithout(cap, 'b')).toEqual(new Map());
    expect(settledWithout(cap, 'c')).toEqual(new Map([['a', 50]]));
    expect(settledWithout(cap, 'a')).toEqual(new Map());
    expect(cap.exported).toBe(0);
  });

  it('equals a new instance after any changes and returns all changed allowances', () => {
    const change = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'ä', 'A', '10', '9'),
      count: fc.option(fc.nat(60)),
      isSettled: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.nat(120), fc.array(change, { maxLength: 40 }), (limit, changes) => {
        const cap = new SeriesLimit(limit);
        const counts = new Map<string, number>();
        const reported = new Map<string, number>();
        const touched = new Set<string>();
        for (const { name, count, isSettled } of changes) {
          if (count === null) {
            cap.remove(name);
            counts.delete(name);
            reported.delete(name);
            touched.delete(name);
          } else {
            cap.set(name, count);
            counts.set(name, count);
            touched.add(name);
          }
          if (!isSettled) {
            continue;
          }
          for (const [each, allowance] of cap.settle()) {
            if (!touched.has(each)) {
              expect(reported.get(each)).not.toBe(allowance);
            }
            reported.set(each, allowance);
          }
          touched.clear();
          const expected = fairly(limit, counts);
          expect(new Map([...reported].sort())).toEqual(new Map([...expected].sort()));
          const exported = [...expected.values()].reduce((sum, each) => sum + each, 0);
          const share = Math.floor(limit / counts.size);
          expect(cap.exported).toBe(exported);
          expect(exported).toBeLessThanOrEqual(limit);
          for (const [each, wanted] of counts) {
            expect(cap.allowance(each)).toBe(expected.get(each));
            expect(cap.allowance(each)).toBeGreaterThanOrEqual(Math.min(wanted, share));
            expect(cap.allowance(each)).toBeLessThanOrEqual(wanted);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('applies a change over the limit in constant time', () => {
    const changeAll = (queries: number) => {
      const cap = capOf(5 * queries, Object.fromEntries(Array.from({ length: queries }, (_, i) => [`q-${i}`, 100])));
      return timeOf(() => {
        for (let i = 0; i < queries; i += 1) {
          cap.set(`q-${i}`, 90);
        }
        cap.settle();
      });
    };
    changeAll(500);
    const small = Math.min(...Array.from({ length: 5 }, () => changeAll(500)));
    const large = Math.min(...Array.from({ length: 3 }, () => changeAll(10_000)));
    // 20 times the queries take about 20 times the time. A new division at each change would take 400 times the time.
    expect(large / Math.max(small, 0.2)).toBeLessThan(120);
  });
});
