import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidResponse } from '../../src/aws/errors.ts';
import { METRIC_NAMES, type RowLabel } from '../../src/model/vocabulary.ts';
import { type MergeOptions, mergeRows } from '../../src/results/contributors.ts';
import { exportedLabelValue } from '../../src/results/label-value.ts';
import type { ResultRow } from '../../src/results/results.ts';
import { unitConversion } from '../../src/results/units.ts';
import { answerItems, rowsFrom } from './result-rows.ts';

function options(changes: Partial<MergeOptions> = {}): MergeOptions {
  const metricName = changes.metricName ?? 'RETRANSMISSIONS';
  return {
    metricName,
    conversion: unitConversion(metricName, undefined, 'MILLISECONDS'),
    labels: ['local_az', 'remote_az'],
    mirrorRows: 'keep',
    maxSeriesPerQuery: 500,
    limit: undefined,
    ...changes,
  };
}

const ROWS = rowsFrom([
  { localAz: 'a', remoteAz: 'b', remoteIp: '10.0.0.1', targetPort: 443, value: 5 },
  { localAz: 'a', remoteAz: 'b', remoteIp: '10.0.0.2', targetPort: 443, value: 3 },
  { localAz: 'b', remoteAz: 'a', remoteIp: '10.0.0.3', targetPort: 0, value: 5 },
  { localAz: 'b', remoteAz: 'a', remoteIp: '10.0.0.4', targetPort: 443, value: 2 },
  { localAz: 'b', remoteAz: 'a', remoteIp: '10.0.0.5', targetPort: 0, value: 4 },
  { localAz: 'c', remoteAz: '', value: 1 },
  { localAz: 'd', remoteAz: 'd' },
]);
const A_TO_B = [
  ['local_az', 'a'],
  ['remote_az', 'b'],
] as const;
const B_TO_A = [
  ['local_az', 'b'],
  ['remote_az', 'a'],
] as const;
const MIRROR = ['mirror', 'true'] as const;

/** Nothing was dropped or truncated. */
const WHOLE = { tooLarge: 0, beyondLimit: 0, truncated: 0 };

describe('mergeRows', () => {
  it.each(['TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'] as const)(
    'adds rows that are equal in the selected labels: %s',
    (metricName) => {
      expect(mergeRows(ROWS, options({ metricName }))).toEqual({
        series: [
          { labels: [MIRROR, ...B_TO_A], value: 9 },
          { labels: A_TO_B, value: 8 },
          { labels: B_TO_A, value: 2 },
          { labels: [['local_az', 'c']], value: 1 },
        ],
        dropped: 0,
        rows: 7,
        total: 11,
        ...WHOLE,
      });
    },
  );

  it('returns the maximum of round-trip times without a total', () => {
    expect(mergeRows(ROWS, options({ metricName: 'ROUND_TRIP_TIME' }))).toEqual({
      series: [
        { labels: A_TO_B, value: 0.005 },
        { labels: [MIRROR, ...B_TO_A], value: 0.005 },
        { labels: B_TO_A, value: 0.002 },
        { labels: [['local_az', 'c']], value: 0.001 },
      ],
      dropped: 0,
      rows: 7,
      total: undefined,
      ...WHOLE,
    });
  });

  it('distinguishes rows by any selected label, in the selected order', () => {
    const labels: RowLabel[] = ['target_port', 'remote_ip', 'local_az'];
    expect(mergeRows(ROWS, options({ labels })).series[1]).toEqual({
      labels: [MIRROR, ['target_port', '0'], ['remote_ip', '10.0.0.3'], ['local_az', 'b']],
      value: 5,
    });
  });

  it('merges all rows if no labels are selected', () => {
    expect(mergeRows(ROWS, options({ labels: [] })).series).toEqual([
      { labels: [], value: 11 },
      { labels: [MIRROR], value: 9 },
    ]);
  });
});

describe('mergeRows with mirror rows', () => {
  it('returns no series of dropped mirror rows but counts them as rows', () => {
    const { series, dropped, rows, total } = mergeRows(ROWS, options({ mirrorRows: 'drop' }));
    expect(series.map(({ value }) => value)).toEqual([8, 2, 1]);
    expect({ dropped, rows, total }).toEqual({ dropped: 0, rows: 7, total: 11 });
  });

  it('does not merge mirror rows with rows without a port', () => {
    const rows = rowsFrom([
      { localAz: 'a', value: 1 },
      { localAz: 'a', targetPort: 0, value: 2 },
    ]);
    expect(mergeRows(rows, options()).series).toHaveLength(2);
  });
});

describe('mergeRows with maxSeriesPerQuery', () => {
  it('keeps the series with the highest values and counts the others as dropped', () => {
    expect(mergeRows(ROWS, options({ maxSeriesPerQuery: 2 }))).toEqual({
      series: [
        { labels: [MIRROR, ...B_TO_A], value: 9 },
        { labels: A_TO_B, value: 8 },
      ],
      dropped: 2,
      rows: 7,
      total: 11,
      ...WHOLE,
    });
  });

  it('prefers other rows to mirror rows with equal values', () => {
    const rows = rowsFrom([0, 443].map((targetPort) => ({ localAz: 'a', targetPort, value: 1 })));
    expect(mergeRows(rows, options({ maxSeriesPerQuery: 1 })).series).toEqual([
      { labels: [['local_az', 'a']], value: 1 },
    ]);
  });

  it('keeps the same series among equal values for any order of rows', () => {
    const zones = rowsFrom(['c', 'a', 'd', 'b'].map((localAz) => ({ localAz, value: 1 })));
    fc.assert(
      fc.property(fc.shuffledSubarray([...zones], { minLength: zones.length }), (rows) => {
        const { series } = mergeRows(rows, options({ maxSeriesPerQuery: 3 }));
        expect(series.map(({ labels }) => labels[0]?.[1])).toEqual(['a', 'b', 'c']);
      }),
    );
  });
});

describe('mergeRows with a limit', () => {
  it('keeps the rows with the highest values and counts the others as dropped', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...ROWS], { minLength: ROWS.length }), (rows) => {
        const { series, dropped, beyondLimit, total } = mergeRows(rows, options({ labels: ['remote_ip'], limit: 4 }));
        expect(series.map(({ value }) => value)).toEqual([5, 5, 4, 3]);
        expect({ dropped, beyondLimit, total }).toEqual({ dropped: 3, beyondLimit: 3, total: 11 });
      }),
    );
  });

  it('keeps a row with value 0 rather than one without a value', () => {
    const rows = rowsFrom([{ remoteIp: 'none' }, { remoteIp: 'zero', value: 0 }, { remoteIp: 'half', value: 0.5 }]);
    for (const shuffled of [rows, rows.toReversed()]) {
      const { series } = mergeRows(shuffled, options({ labels: ['remote_ip'], limit: 2 }));
      expect(series.map(({ value }) => value)).toEqual([0.5, 0]);
    }
  });
});

describe('mergeRows with long texts', () => {
  const long = (end: string) => `${'x'.repeat(5_000)}${end}`;

  it('truncates and counts long texts and keeps their series separate', () => {
    const rows = rowsFrom(['1', '2', '1'].map((end) => ({ localAz: long(end), remoteIp: long(end), value: 1 })));
    const { series, truncated } = mergeRows(rows, options());
    expect(series.map(({ value }) => value)).toEqual([2, 1]);
    expect(series.map(({ labels }) => labels[0]?.[1])).toEqual([
      expect.stringMatching(/^x{1013}…[0-9a-f]{8}$/),
      expect.stringMatching(/^x{1013}…[0-9a-f]{8}$/),
    ]);
    // `remote_ip` is not one of the labels.
    expect(truncated).toBe(3);
  });

  it('limits labels to 2 MiB and keeps the series with the highest values', () => {
    const labels: RowLabel[] = ['local_az', 'remote_az', 'local_ip', 'remote_ip', 'local_vpc_id', 'remote_vpc_id'];
    const fields = ['localAz', 'remoteAz', 'localIp', 'remoteIp', 'localVpcId', 'remoteVpcId'];
    const items = Array.from({ length: 500 }, (_, value) => ({
      ...Object.fromEntries(fields.map((field) => [field, long(String(value))])),
      value,
    }));
    const { series, dropped, tooLarge } = mergeRows(rowsFrom(items), options({ labels }));
    expect(series[0]?.value).toBe(499);
    expect(series.length).toBeGreaterThan(300);
    expect(series.length + tooLarge).toBe(500);
    expect(dropped).toBe(tooLarge);
    const bytes = series.flatMap((each) => each.labels).reduce((sum, [, value]) => sum + Buffer.byteLength(value), 0);
    expect(bytes).toBeLessThan(2 * 1024 * 1024);
  });
});

it('returns no series for a response without rows', () => {
  expect(mergeRows([], options())).toEqual({ series: [], dropped: 0, rows: 0, total: 0, ...WHOLE });
  expect(mergeRows(rowsFrom([{ localAz: 'a' }]), options())).toEqual({
    series: [],
    dropped: 0,
    rows: 1,
    total: 0,
    ...WHOLE,
  });
});

it('returns a series for a value of 0', () => {
  expect(mergeRows(rowsFrom([{ localAz: 'a', value: 0 }]), options()).series).toEqual([
    { labels: [['local_az', 'a']], value: 0 },
  ]);
});

it('rejects a sum that is not a finite number', () => {
  const rows = rowsFrom([{ value: 1e308 }, { value: 1e308 }]);
  expect(() => mergeRows(rows, options())).toThrow(InvalidResponse);
});

/** Merges rows by definition: searches all rows for each series. */
function naive(rows: readonly ResultRow[], { metricName, conversion, labels, mirrorRows }: MergeOptions) {
  const own = (row: ResultRow): string =>
    JSON.stringify([row.mirror, ...labels.map((label) => exportedLabelValue(row.labels[label] ?? ''))]);
  const exported = rows.filter((row) => row.value !== undefined && !(mirrorRows === 'drop' && row.mirror));
  return [...new Set(exported.map(own))].map((identity) => {
    const values = exported.filter((row) => own(row) === identity).map((row) => row.value ?? 0);
    const merged = metricName === 'ROUND_TRIP_TIME' ? Math.max(...values) : values.reduce((a, b) => a + b);
    const [mirror, ...texts]: [boolean, ...string[]] = JSON.parse(identity);
    const pairs = labels
      .map((label, i): [string, string] => [label, texts[i] ?? ''])
      .filter(([, value]) => value !== '');
    return { labels: [...(mirror ? [['mirror', 'true']] : []), ...pairs], value: conversion.toBase(merged) };
  });
}

it('merges any rows according to the definition', () => {
  fc.assert(
    fc.property(
      answerItems,
      fc.constantFrom(...METRIC_NAMES),
      fc.constantFrom('keep', 'drop'),
      fc.subarray<RowLabel>(['local_az', 'remote_az', 'remote_ip', 'target_port', 'local_pod_name']),
      fc.integer({ min: 1, max: 20 }),
      (items, metricName, mirrorRows, labels, maxSeriesPerQuery) => {
        const rows = rowsFrom(items);
        const chosen = options({ metricName, mirrorRows, labels, maxSeriesPerQuery });
        const all = naive(rows, chosen);
        const { series, dropped, total } = mergeRows(rows, chosen);
        expect(series).toHaveLength(Math.min(all.length, maxSeriesPerQuery));
        expect(series.length + dropped).toBe(all.length);
        expect(all).toEqual(expect.arrayContaining([...series]));
        expect(new Set(series.map((each) => JSON.stringify(each.labels))).size).toBe(series.length);
        expect(series.map(({ value }) => value)).toEqual(
          all
            .map(({ value }) => value)
            .sort((a, b) => b - a)
            .slice(0, maxSeriesPerQuery),
        );
        const counted = rows.filter((row) => !row.mirror).reduce((sum, { value }) => sum + (value ?? 0), 0);
        expect(total).toBe(metricName === 'ROUND_TRIP_TIME' ? undefined : counted);
      },
    ),
    { numRuns: 300 },
  );
});
