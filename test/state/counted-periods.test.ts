import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountedPeriods } from '../../src/state/counted-periods.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const at = (minute: number) => START + minute * MINUTE;

/** A read of the hour before a minute, at that minute. */
function reading(until: number, points: readonly (readonly [minute: number, value: number])[], isComplete = true) {
  return {
    points: points.map(([minute, value]) => [at(minute), value] as const),
    range: { start: at(until - 60), end: at(until) },
    isComplete,
    settled: at(until - 13),
  };
}

describe('counted periods', () => {
  it('counts from the newest period of the first read on', () => {
    const periods = new CountedPeriods();
    expect(
      periods.add(
        reading(60, [
          [58, 5],
          [59, 7],
          [57, 3],
        ]),
      ),
    ).toEqual({ periods: 1, increase: 7, missed: 0 });
    expect(
      periods.add(
        reading(61, [
          [58, 6],
          [59, 8],
          [60, 1],
        ]),
      ),
    ).toEqual({ periods: 1, increase: 2, missed: 0 });
  });

  it('counts all periods after a first read without points', () => {
    const periods = new CountedPeriods();
    expect(periods.add(reading(60, []))).toMatchObject({ periods: 0, increase: 0 });
    expect(
      periods.add(
        reading(65, [
          [59, 9],
          [61, 1],
          [64, 2],
        ]),
      ),
    ).toEqual({ periods: 2, increase: 3, missed: 0 });
  });

  it('decides nothing in a first read whose points may be missing', () => {
    const periods = new CountedPeriods();
    expect(periods.add(reading(60, [], false))).toEqual({ periods: 0, increase: 0, missed: 0 });
    expect(periods.stored()).toBeUndefined();
    expect(periods.add(reading(61, [[60, 4]]))).toMatchObject({ increase: 4 });
  });

  it('ignores corrections downward, and adds those upward', () => {
    const periods = new CountedPeriods();
    periods.add(reading(60, [[59, 5]]));
    expect(periods.add(reading(61, [[59, 3]]))).toMatchObject({ periods: 0, increase: 0 });
    expect(periods.add(reading(62, [[59, 4]]))).toMatchObject({ periods: 0, increase: 0 });
    expect(periods.add(reading(63, [[59, 6]]))).toMatchObject({ periods: 0, increase: 1 });
  });

  it('counts the periods between two reads that neither covers', () => {
    const periods = new CountedPeriods();
    periods.add(reading(60, [[59, 5]]));
    expect(periods.add(reading(120, [[100, 1]]))).toEqual({ periods: 1, increase: 1, missed: 0 });
    expect(periods.add(reading(190, [[150, 1]]))).toEqual({ periods: 1, increase: 1, missed: 10 });
    expect(periods.add(reading(300, [[299, 1]], false))).toMatchObject({ missed: 0 });
    expect(periods.add(reading(301, [[299, 1]]))).toMatchObject({ periods: 0, missed: 51 });
  });

  it('never counts a period again after the wall clock was set back', () => {
    const periods = new CountedPeriods();
    periods.add(reading(60, [[59, 5]]));
    periods.add(reading(400, [[399, 5]]));
    expect(
      periods.add(
        reading(60, [
          [58, 5],
          [59, 5],
        ]),
      ),
    ).toMatchObject({ periods: 0, increase: 0 });
  });

  it('counts each period once with its largest value, in any order, with restarts', () => {
    const point = fc.tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 9 }));
    const read = fc.record({
      wait: fc.integer({ min: 1, max: 40 }),
      points: fc.array(point, { maxLength: 20 }),
      restarts: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(read, { maxLength: 30 }), (reads) => {
        let periods = new CountedPeriods();
        let until = 60;
        let counted = 0;
        let observed = 0;
        let newest: number | undefined;
        const largest = new Map<number, number>();
        // The first read counts from here on.
        let from = 60;
        periods.add(reading(until, []));
        for (const { wait, points, restarts } of reads) {
          until += wait;
          // Points are in the requested range.
          const shown = points.map(([ago, value]) => [until - 1 - (ago % 60), value] as const);
          const { periods: more, increase } = periods.add(reading(until, shown));
          counted += increase;
          observed += more;
          newest = Math.max(newest ?? 0, ...shown.map(([minute]) => minute));
          from = Math.max(from, newest - 89);
          for (const [minute, value] of shown) {
            if (minute >= from) {
              largest.set(minute, Math.max(largest.get(minute) ?? 0, value));
            }
          }
          if (restarts) {
            periods = CountedPeriods.restore(JSON.parse(JSON.stringify(periods.stored())));
          }
        }
        expect(counted).toBe([...largest.values()].reduce((sum, value) => sum + value, 0));
        expect(observed).toBe(largest.size);
      }),
    );
  });
});

describe('periods of two processes', () => {
  const reads = fc.array(
    fc.record({
      until: fc.integer({ min: 60, max: 200 }),
      points: fc.array(fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 9 })), { maxLength: 10 }),
    }),
    { minLength: 1, maxLength: 5 },
  );
  type Reads = typeof reads extends fc.Arbitrary<infer Value> ? Value : never;

  /** Adds reads, and returns the points of all of them, for a read that repeats them. */
  function addAll(periods: CountedPeriods, all: Reads) {
    return all.map(({ until, points }) => {
      const again = reading(
        until,
        points.map(([ago, value]) => [until - 1 - ago, value] as const),
      );
      periods.add(again);
      return again;
    });
  }

  it('are not counted again after they are merged, in any order', () => {
    fc.assert(
      fc.property(reads, reads, (first, second) => {
        const [a, b] = [new CountedPeriods(), new CountedPeriods()];
        const known = [...addAll(a, first), ...addAll(b, second)];
        const [one, other] = [a.stored(), b.stored()];
        expect(one && other).toBeDefined();
        if (one === undefined || other === undefined) {
          return;
        }
        const merged = CountedPeriods.merge(one, other);
        expect(CountedPeriods.merge(other, one).values).toEqual(merged.values);
        expect(CountedPeriods.merge(merged, one)).toEqual(merged);
        expect(merged.values.length).toBeLessThanOrEqual(90);
        const next = CountedPeriods.restore(merged);
        for (const again of known) {
          expect(next.add(again)).toMatchObject({ periods: 0, increase: 0 });
        }
      }),
    );
  });
});

describe('the sum of a window', () => {
  it('is known once all its points were read 15 minutes after them', () => {
    const periods = new CountedPeriods();
    const window = { start: at(30), end: at(40) };
    periods.add(
      reading(50, [
        [29, 1],
        [30, 2],
        [39, 4],
        [40, 8],
      ]),
    );
    expect(periods.sum(window)).toBeUndefined();
    periods.add(reading(53, [[35, 16]]));
    expect(periods.sum(window)).toBe(22);
  });

  it('is unknown for a window that reads have not covered, or that has no whole periods', () => {
    const periods = new CountedPeriods();
    periods.add(reading(100, [[99, 1]]));
    expect(periods.sum({ start: at(39), end: at(50) })).toBeUndefined();
    expect(periods.sum({ start: at(40), end: at(50) })).toBe(0);
    expect(periods.sum({ start: at(40) + 1, end: at(50) })).toBeUndefined();
    periods.add(reading(100, [[99, 1]], false));
    expect(periods.sum({ start: at(40), end: at(50) })).toBe(0);
    periods.add(reading(180, [[179, 1]]));
    expect(periods.sum({ start: at(95), end: at(105) })).toBeUndefined();
  });
});
