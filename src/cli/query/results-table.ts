import { printable } from '../../lib/text.ts';
import type { RowLabel } from '../../model/vocabulary.ts';
import { humanValue } from '../../results/human-values.ts';
import type { DataResults, ResultRow, RowResults } from '../../results/results.ts';
import type { BaseUnit } from '../../results/units.ts';
import { type Column, cut, textTable } from './text-table.ts';

/** How to show the values of a response. */
export interface ShownValues {
  /** Undefined if unknown: values are shown without conversion. */
  readonly unit: BaseUnit | undefined;
  /** Converts a value of the response to the unit. */
  toBase(value: number): number;
}

/** Fields of rows in the table, the most important first. */
const FIELDS_BY_IMPORTANCE: readonly RowLabel[] = [
  'local_ip',
  'remote_ip',
  'remote_identifier',
  'target_port',
  'local_az',
  'remote_az',
  'account_id',
  'local_instance_id',
  'remote_instance_id',
  'local_pod_name',
  'remote_pod_name',
  'local_service_name',
  'remote_service_name',
  'local_subnet_id',
  'remote_subnet_id',
  'local_pod_namespace',
  'remote_pod_namespace',
  'local_vpc_id',
  'remote_vpc_id',
  'snat_ip',
  'dnat_ip',
  'local_region',
  'remote_region',
];

/** The same fields in the order of columns, from the local to the remote end. */
const FIELDS_IN_ORDER: readonly RowLabel[] = [
  ...FIELDS_BY_IMPORTANCE.filter((label) => !/^(remote|dnat|target)_/.test(label)),
  ...FIELDS_BY_IMPORTANCE.filter((label) => /^(remote|dnat|target)_/.test(label)),
];

/**
 * Returns a table of contributors, the largest value first, and rows without a value last. Fields with the same value in all
 * rows are in a separate line. Fields without values are omitted.
 *
 * @param width columns of the terminal. Undefined: no limit.
 */
export function contributorTable({ rows }: RowResults, values: ShownValues, width: number | undefined): string {
  const sorted = rows
    .map((row) => ({ row, value: row.value === undefined ? undefined : values.toBase(row.value) }))
    .sort((a, b) => (b.value ?? Number.NEGATIVE_INFINITY) - (a.value ?? Number.NEGATIVE_INFINITY) || 0);
  const value: Column = {
    title: 'value',
    cells: sorted.map((each) => (each.value === undefined ? '-' : humanValue(each.value, values.unit))),
    align: 'right',
  };
  const fields = new Map<RowLabel, Column>();
  const common: string[] = [];
  for (const label of FIELDS_IN_ORDER) {
    const cells = sorted.map(({ row }) => fieldText(row, label));
    const [first] = cells;
    if (first !== undefined && cells.length > 1 && first !== '' && cells.every((cell) => cell === first)) {
      common.push(`${label} ${first}`);
    } else if (cells.some((cell) => cell !== '')) {
      fields.set(label, { title: label, cells, align: label === 'target_port' ? 'right' : 'left' });
    }
  }
  const lines = textTable(
    [value, ...fields.values()],
    [value, ...FIELDS_BY_IMPORTANCE.flatMap((label) => fields.get(label) ?? [])],
    width,
  );
  return asText([
    ...(common.length === 0 ? [] : [cut(`all: ${common.join(', ')}`, width ?? Number.POSITIVE_INFINITY)]),
    ...lines,
  ]);
}

/** Returns the text of a field. A `targetPort` of 0 marks a mirror row. */
function fieldText({ labels, mirror }: ResultRow, label: RowLabel): string {
  return label === 'target_port' && mirror ? 'mirror' : printable(labels[label] ?? '');
}

/**
 * Returns a table of series of data points, the largest sum first. Items with the same label are added point by point.
 *
 * @param width columns of the terminal. Undefined: no limit.
 */
export function datapointTable({ datapoints }: DataResults, values: ShownValues, width: number | undefined): string {
  const series = new Map<string, Map<number, number>>();
  for (const { label, points } of datapoints) {
    const byTime = series.get(label) ?? new Map<number, number>();
    series.set(label, byTime);
    for (const { at, value } of points) {
      byTime.set(at, (byTime.get(at) ?? 0) + value);
    }
  }
  const rows = Array.from(series, ([label, byTime]) => {
    const points = [...byTime].sort(([a], [b]) => a - b).map(([, value]) => values.toBase(value));
    return { label, points, total: points.reduce((sum, point) => sum + point, 0) };
  }).sort((a, b) => b.total - a.total);
  const amounts = (title: string, of: (row: (typeof rows)[number]) => number | undefined): Column => ({
    title,
    cells: rows.map((row) => {
      const amount = of(row);
      return amount === undefined ? '-' : humanValue(amount, values.unit);
    }),
    align: 'right',
  });
  const total = amounts('total', (row) => row.total);
  const newest = amounts('newest', ({ points }) => points.at(-1));
  const largest = amounts('largest', ({ points }) => points.toSorted((a, b) => a - b).at(-1));
  const count: Column = { title: 'points', cells: rows.map(({ points }) => String(points.length)), align: 'right' };
  const label: Column = { title: 'series', cells: rows.map((row) => printable(row.label)), align: 'left' };
  return asText(textTable([total, newest, largest, count, label], [total, label, newest, largest, count], width));
}

function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
