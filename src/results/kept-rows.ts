import { boundedLabelValue } from './label-value.ts';
import type { DatapointSeries, ResultRow } from './results.ts';

/** Bytes of JSON of a query's last results, about: what is kept for the API and the status page. */
const MOST_JSON_BYTES = 4 * 1024 * 1024;
/** A data point's time, value and converted value in JSON take no more. */
const POINT_BYTES = 72;

/** The rows with the highest values, at most `limit` of them, in the order that they had. Rows without a value go first. */
export function worstRows(rows: readonly ResultRow[], limit: number): readonly ResultRow[] {
  if (rows.length <= limit) {
    return rows;
  }
  const worst = new Set(byFallingValue(rows).slice(0, limit));
  return rows.filter((row) => worst.has(row));
}

/** Rows as they are kept for the API: with bounded texts, and the worst ones alone if all together are too large. */
export function rowsForJson(rows: readonly ResultRow[]): readonly ResultRow[] {
  const bounded = new Map(rows.map((row) => [row, { ...row, raw: boundedMembers(row.raw) }]));
  let bytes = 0;
  const kept = new Set<ResultRow>();
  for (const row of byFallingValue(rows)) {
    bytes += Buffer.byteLength(JSON.stringify(bounded.get(row)?.raw));
    if (bytes > MOST_JSON_BYTES) {
      break;
    }
    kept.add(row);
  }
  return [...bounded].flatMap(([row, each]) => (kept.has(row) ? [each] : []));
}

/** Time series as they are kept for the API: with bounded labels, and the first ones alone if all together are too large. */
export function datapointsForJson(datapoints: readonly DatapointSeries[]): readonly DatapointSeries[] {
  let bytes = 0;
  const kept: DatapointSeries[] = [];
  for (const { label, points } of datapoints) {
    const bounded = boundedLabelValue(label);
    bytes += Buffer.byteLength(bounded) + POINT_BYTES * points.length;
    if (bytes > MOST_JSON_BYTES) {
      break;
    }
    kept.push({ label: bounded, points });
  }
  return kept;
}

function byFallingValue(rows: readonly ResultRow[]): ResultRow[] {
  return [...rows].sort((a, b) => (b.value ?? -1) - (a.value ?? -1));
}

function boundedMembers(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, boundedTexts(value)]));
}

/** A JSON value whose texts are bounded. The response's nesting is. */
function boundedTexts(value: unknown): unknown {
  if (typeof value === 'string') {
    return boundedLabelValue(value);
  }
  if (Array.isArray(value)) {
    return value.map(boundedTexts);
  }
  return typeof value === 'object' && value !== null && !(value instanceof Date) ? boundedMembers({ ...value }) : value;
}
