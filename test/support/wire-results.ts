import type { MetricName } from '../../src/model/vocabulary.ts';

// Results as they are sent, with explicit fields and values in millionths of the base unit. Tests compare the exporter's
// series with them.

export type Wire = Readonly<Record<string, unknown>>;

export const MILLIONTHS: Readonly<Record<string, bigint>> = {
  Seconds: 1_000_000n,
  Milliseconds: 1_000n,
  Microseconds: 1n,
  Count: 1_000_000n,
  Bytes: 1_000_000n,
  Kilobytes: 1_000_000_000n,
  Megabytes: 1_000_000_000_000n,
  Gigabytes: 1_000_000_000_000_000n,
  Terabytes: 1_000_000_000_000_000_000n,
  Bits: 125_000n,
  Kilobits: 125_000_000n,
  Megabits: 125_000_000_000n,
  Gigabits: 125_000_000_000_000n,
  Terabits: 125_000_000_000_000_000n,
};

function labelsOf(row: Wire, fields: Readonly<Record<string, string>>): Record<string, string> {
  const mirror: [string, string][] = row['targetPort'] === 0 ? [['mirror', 'true']] : [];
  const pairs = Object.entries(fields).map(([label, field]): [string, string] => [label, String(row[field] ?? '')]);
  return Object.fromEntries([...mirror, ...pairs.filter(([, text]) => text !== '')]);
}

/** Values in the base unit by labels as JSON: the numbers that are nearest to the exact values. */
export function seriesOf(
  rows: readonly Wire[],
  fields: Readonly<Record<string, string>>,
  metricName: MetricName,
  unit: string,
): Map<string, number> {
  const series = new Map<string, bigint>();
  for (const row of rows) {
    const { value } = row;
    if (typeof value === 'number') {
      const key = JSON.stringify(labelsOf(row, fields));
      const millionths = BigInt(value) * (MILLIONTHS[unit] ?? 0n);
      const before = series.get(key) ?? 0n;
      const greater = before > millionths ? before : millionths;
      series.set(key, metricName === 'ROUND_TRIP_TIME' ? greater : before + millionths);
    }
  }
  return new Map([...series].map(([key, millionths]) => [key, Number(`${millionths}e-6`)]));
}
