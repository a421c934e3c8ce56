import { boundedLabelValue } from './label-value.ts';
import type { DatapointSeries, ResultRow } from './results.ts';

/** Approximate limit on the bytes of JSON that are kept of a query's last results for the API and the status page. */
const MOST_JSON_BYTES = 4 * 1024 * 1024;
/** Maximum number of bytes of a data point's time, value, and converted value in JSON. */
const POINT_BYTES = 72;

/** Returns the `limit` rows with the highest values in their original order. Rows without a value are dropped first. */
export function worstRows(rows: readonly ResultRow[], limit: number): readonly ResultRow[] {
  if (rows.length <= limit) {
    return rows;
  }
  const worst = new Set(byFallingValue(rows).slice(0, limit));
  return rows.filter((row) => worst.has(row));
}

/** Prepares rows for the API: limits their texts, and drops the rows with the lowest values if all together are too large. */
export function rowsForJson(rows: readonly ResultRow[]): readonly ResultRow[] {
  const bounded = new Map(rows.map((row) => [row, { ...row, raw: boundedMembers(row.raw) }]));
  const bytesOf = (row: ResultRow) => Buffer.byteLength(JSON.stringify(bounded.get(row)?.raw));
  const kept = new Set(withinBytes(MOST_JSON_BYTES, byFallingValue(rows), bytesOf));
  return [...bounded].flatMap(([row, each]) => (kept.has(row) ? [each] : []));
}

/** Prepares time series for the API: limits their labels, and drops the last ones if all together are too large. */
export function datapointsForJson(datapoints: readonly DatapointSeries[]): readonly DatapointSeries[] {
  const bounded = datapoints.map(({ label, points }) => ({ label: boundedLabelValue(label), points }));
  const bytesOf = ({ label, points }: DatapointSeries) => Buffer.byteLength(label) + POINT_BYTES * points.length;
  return withinBytes(MOST_JSON_BYTES, bounded, bytesOf);
}

/** Returns the first items, which have at most `most` bytes together. */
export function withinBytes<T>(most: number, items: readonly T[], bytesOf: (item: T) => number): readonly T[] {
  let bytes = 0;
  const end = items.findIndex((item) => {
    bytes += bytesOf(item);
    return bytes > most;
  });
  return end === -1 ? items : items.slice(0, end);
}

function byFallingValue(rows: readonly ResultRow[]): ResultRow[] {
  return [...rows].sort((a, b) => (b.value ?? -1) - (a.value ?? -1));
}

function boundedMembers(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, boundedTexts(value)]));
}

/** Limits all texts of a JSON value. Its nesting is limited when the response is parsed. */
function boundedTexts(value: unknown): unknown {
  if (typeof value === 'string') {
    return boundedLabelValue(value);
  }
  if (Array.isArray(value)) {
    return value.map(boundedTexts);
  }
  return typeof value === 'object' && value !== null && !(value instanceof Date) ? boundedMembers({ ...value }) : value;
}
