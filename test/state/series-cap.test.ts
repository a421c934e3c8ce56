import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeriesCap } from '../../src/state/series-cap.ts';

/** By definition, from nothing. */
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

function capOf(limit: number, counts: Readonly<Record<string, number>>): SeriesCap {
  const cap = new SeriesCap(limit);
  for (const [name, count] of Object.entries(counts)) {
    cap.set(name, count);
  }
  return cap;
}

const allowances = (cap: SeriesCap, names: string) => [...names].map((name) => cap.allowance(name));

describe('SeriesCap', () => {
  it('lets everything through while there is room for it', () => {
    const cap = capOf(100, { a: 99, b: 0, c: 1 });
    expect(allowances(cap, 'abc')).toEqual([99, 0, 1]);
    expect(cap.exported).toBe(100);
  });

  it('gives each its share', () => {
    expect(allowances(capOf(100, { a: 500, b: 500 }), 'ab')).toEqual([50, 50]);
    expect(allowances(capOf(90, { a: 500, b: 30, c: 500 }), 'abc')).toEqual([30, 30, 30]);
  });

  it('gives unused room to the others in the order of their names', () => {
    expect(allowances(capOf(90, { c: 500, b: 500, a: 10 }), 'abc')).toEqual([10, 50, 30]);
    expect(allowances(capOf(90, { c: 500, b: 40, a: 10 }), 'abc')).toEqual([10, 40, 40]);
    expect(allowances(capOf(90, { a: 0, b: 500, c: 500 }), 'abc')).toEqual([0, 60, 30]);
  });

  it('gives what does not divide evenly to the first', () => {
    expect(allowances(capOf(11, { a: 9, b: 9, c: 9 }), 'abc')).toEqual([5, 3, 3]);
    expect(allowances(capOf(2, { a: 9, b: 9, c: 9 }), 'abc')).toEqual([2, 0, 0]);
  });

  it('takes back what was lent when its owner wants it, and tells whose allowance changes', () => {
    const cap = capOf(100, { a: 90, b: 5, c: 5 });
    expect(cap.set('c', 50)).toEqual(
      new Map([
        ['a', 62],
        ['c', 33],
      ]),
    );
    expect(cap.set('b', 5)).toEqual(new Map([['b', 5]]));
    expect(cap.set('c', 5)).toEqual(
      new Map([
        ['a', 90],
        ['c', 5],
      ]),
    );
    expect(cap.set('b', 2)).toEqual(new Map([['b', 2]]));
  });

  it('tells the allowance of a query whose number of series changes, though that itself does not', () => {
    const cap = capOf(100, { a: 90, b: 90 });
    expect(cap.set('b', 60)).toEqual(new Map([['b', 50]]));
    expect(cap.set('b', 60)).toEqual(new Map([['b', 50]]));
  });

  it('gives the share of a query that has left to the others', () => {
    const cap = capOf(90, { a: 50, b: 50, c: 50 });
    expect(cap.remove('b')).toEqual(
      new Map([
        ['a', 45],
        ['c', 45],
      ]),
    );
    expect(cap.allowance('b')).toBe(0);
    expect(cap.exported).toBe(90);
    expect(cap.remove('b')).toEqual(new Map());
    expect(cap.remove('c')).toEqual(new Map([['a', 50]]));
    expect(cap.remove('a')).toEqual(new Map());
    expect(cap.exported).toBe(0);
  });

  it('is after any changes as if it had been made of what there is, and tells all that changed', () => {
    const change = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'ä', 'A', '10', '9'),
      count: fc.option(fc.nat(60)),
    });
    fc.assert(
      fc.property(fc.nat(120), fc.array(change, { maxLength: 40 }), (limit, changes) => {
        const cap = new SeriesCap(limit);
        const counts = new Map<string, number>();
        const told = new Map<string, number>();
        for (const { name, count } of changes) {
          const changed = count === null ? cap.remove(name) : cap.set(name, count);
          if (count === null) {
            counts.delete(name);
            told.delete(name);
          } else {
            counts.set(name, count);
          }
          for (const [each, allowance] of changed) {
            if (each !== name) {
              expect(told.get(each)).not.toBe(allowance);
            }
            told.set(each, allowance);
          }
          const expected = fairly(limit, counts);
          expect(new Map([...told].sort())).toEqual(new Map([...expected].sort()));
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
});
