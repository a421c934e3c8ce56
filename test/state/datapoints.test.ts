import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidResponse } from '../../src/aws/errors.ts';
import { newestDatapoints } from '../../src/results/contributors.ts';
import type { DatapointSeries } from '../../src/results/results.ts';
import { unitConversion } from '../../src/results/units.ts';

const MINUTE = 60_000;
const BYTES = unitConversion('DATA_TRANSFERRED', 'Kilobytes', 'SECONDS');

function series(label: string, points: Readonly<Record<number, number>>): DatapointSeries {
  return { label, points: Object.entries(points).map(([minute, value]) => ({ at: Number(minute) * MINUTE, value })) };
}

describe('newestDatapoints', () => {
  it('returns the newest point of each label and adds items of one label point by point', () => {
    const answer = [
      series('a', { 0: 1, 5: 2, 10: 3 }),
      series('b', { 0: 5, 10: 7, 5: 6 }),
      series('a', { 0: 10, 10: 30 }),
      series('c', { 0: 8, 5: 9 }),
    ];
    expect(newestDatapoints(answer, BYTES, 500)).toEqual({
      series: [
        { labels: [['series', 'a']], value: 33_000 },
        { labels: [['series', 'c']], value: 9_000 },
        { labels: [['series', 'b']], value: 7_000 },
      ],
      dropped: 0,
      rows: 4,
      newestAt: 10 * MINUTE,
      step: 5 * MINUTE,
      tooLarge: 0,
      truncated: 0,
    });
  });

  it('keeps the series with the highest values and counts the others as dropped', () => {
    const answer = ['d', 'b', 'c', 'a'].map((label) => series(label, { 0: label === 'd' ? 2 : 1 }));
    const { series: kept, dropped } = newestDatapoints(answer, BYTES, 3);
    expect(kept.map(({ labels }) => labels[0]?.[1])).toEqual(['d', 'a', 'b']);
    expect(dropped).toBe(1);
  });

  it('returns the shortest step if points are missing', () => {
    expect(newestDatapoints([series('a', { 0: 1, 20: 1 }), series('b', { 15: 1 })], BYTES, 9).step).toBe(5 * MINUTE);
    expect(newestDatapoints([series('a', { 0: 1 }), series('b', { 0: 1 })], BYTES, 9).step).toBeUndefined();
  });

  it.each([[[]], [[series('a', {}), series('', {})]]])('returns no series for %j, which has no points', (answer) => {
    expect(newestDatapoints(answer, BYTES, 9)).toEqual({
      series: [],
      dropped: 0,
      rows: answer.length,
      newestAt: undefined,
      step: undefined,
      tooLarge: 0,
      truncated: 0,
    });
  });

  it('omits an empty label and adds items whose exported labels are equal', () => {
    const answer = [
      series('', { 0: 4 }),
      series('', { 0: 1 }),
      series('a\ud800', { 0: 1 }),
      series('a\ud801', { 0: 1 }),
    ];
    expect(newestDatapoints(answer, BYTES, 9).series).toEqual([
      { labels: [], value: 5_000 },
      { labels: [['series', 'a\ufffd']], value: 2_000 },
    ]);
  });

  it('counts labels that are cut', () => {
    const answer = ['a', 'x'.repeat(2_000), 'y'.repeat(2_000)].map((label) => series(label, { 0: 1 }));
    expect(newestDatapoints(answer, BYTES, 9).truncated).toBe(2);
  });

  it('accepts many points', () => {
    const points = Array.from({ length: 200_000 }, (_, i) => ({ at: i * 1_000, value: i }));
    expect(newestDatapoints([{ label: 'a', points }], BYTES, 9)).toMatchObject({
      series: [{ value: 199_999_000 }],
      newestAt: 199_999_000,
      step: 1_000,
      tooLarge: 0,
      truncated: 0,
    });
  });

  it('rejects a sum that is not a finite number', () => {
    const answer = [series('a', { 0: 1e308 }), series('a', { 0: 1e308 })];
    expect(() => newestDatapoints(answer, BYTES, 9)).toThrow(InvalidResponse);
  });

  it('returns the points of the definition for any items', () => {
    const points = fc.array(fc.record({ at: fc.nat(12).map((i) => i * MINUTE), value: fc.nat(1_000) }));
    const answer = fc.array(fc.record({ label: fc.constantFrom('a', 'b', 'c', ''), points }), { maxLength: 8 });
    fc.assert(
      fc.property(answer, (items) => {
        const result = newestDatapoints(items, BYTES, 9);
        for (const label of ['a', 'b', 'c', '']) {
          const own = items.filter((item) => item.label === label).flatMap((item) => item.points);
          const newest = Math.max(...own.map(({ at }) => at));
          const expected = own.filter(({ at }) => at === newest).reduce((sum, { value }) => sum + value, 0);
          const found = result.series.filter(({ labels }) => (labels[0]?.[1] ?? '') === label);
          expect(found.map(({ value }) => value)).toEqual(own.length === 0 ? [] : [expected * 1_000]);
        }
        const times = items.flatMap((item) => item.points.map(({ at }) => at));
        expect(result.newestAt).toBe(times.length === 0 ? undefined : Math.max(...times));
        const steps = times.flatMap((a) => times.map((b) => a - b)).filter((step) => step > 0);
        expect(result.step).toBe(steps.length === 0 ? undefined : Math.min(...steps));
      }),
      { numRuns: 200 },
    );
  });
});
