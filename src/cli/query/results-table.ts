import { printable } from '../../lib/text.ts';
import type { RowLabel } from '../../model/vocabulary.ts';
import { humanValue } from '../../results/human-values.ts';
import type { DataResults, ResultRow, RowResults } from '../../results/results.ts';
import type { BaseUnit } from '../../results/units.ts';

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

const isRemote = (label: RowLabel) => /^(remote|dnat|target)_/.test(label);
/** The same fields in the order of columns, from the local to the remote end. */
const FIELDS_IN_ORDER = FIELDS_BY_IMPORTANCE.toSorted((a, b) => Number(isRemote(a)) - Number(isRemote(b)));

export interface ShownValues {
  /** Undefined if unknown: values are shown without conversion. */
  readonly unit: BaseUnit | undefined;
  toBase(value: number): number;
}

/**
 * Returns a table of contributors, the largest value first, and rows without a value last. Fields with the same value in all
 * rows are listed before the table. Fields without values are omitted. `width` is in columns. Undefined: no limit.
 */
export function contributorTable({ rows }: RowResults, values: ShownValues, width: number | undefined): TextTable {
  const sorted = sortedRows(rows, values);
  const value: Column = { title: 'value', cells: sorted.map((each) => shownValue(each.value, values)), align: 'right' };
  const fields = new Map<RowLabel, Column>();
  const common: string[] = [];
  for (const label of FIELDS_IN_ORDER) {
    const cells = sorted.map(({ row }) => fieldText(row, label));
    const [first] = cells;
    if (first !== undefined && cells.length > 1 && first !== '' && cells.every((cell) => cell === first)) {
      common.push(`${label}=${first}`);
    } else if (cells.some((cell) => cell !== '')) {
      fields.set(label, { title: label, cells, align: label === 'target_port' ? 'right' : 'left' });
    }
  }
  const { lines, omitted } = textTable(
    [value, ...fields.values()],
    [value, ...FIELDS_BY_IMPORTANCE.flatMap((label) => fields.get(label) ?? [])],
    width,
  );
  const indent = '  ';
  const lifted = [...wrap('Same for all rows:', '', width), ...wrap(indent + common.join(', '), indent, width), ''];
  return { lines: common.length === 0 ? lines : [...lifted, ...lines], omitted };
}

/** Returns rows with their values in the base unit, the largest value first, and rows without a value last. */
export function sortedRows(rows: readonly ResultRow[], values: ShownValues) {
  return rows
    .map((row) => ({ row, value: row.value === undefined ? undefined : values.toBase(row.value) }))
    .sort((a, b) => (b.value ?? Number.NEGATIVE_INFINITY) - (a.value ?? Number.NEGATIVE_INFINITY) || 0);
}

function shownValue(value: number | undefined, { unit }: ShownValues): string {
  return value === undefined ? '-' : humanValue(value, unit);
}

/** Returns the text of a field. A `targetPort` of 0 marks a mirror row. */
function fieldText({ labels, mirror }: ResultRow, label: RowLabel): string {
  return label === 'target_port' && mirror ? 'mirror' : printable(labels[label] ?? '');
}

/** Points of all items with a label, added up by time. */
interface SummedSeries {
  readonly label: string;
  /** By time, in the base unit. */
  readonly points: readonly { readonly at: number; readonly value: number }[];
  readonly total: number;
}

/** Adds items with the same label point by point. Returns the series with the largest sum first. */
export function summedSeries({ datapoints }: DataResults, values: ShownValues): SummedSeries[] {
  const series = new Map<string, Map<number, number>>();
  for (const { label, points } of datapoints) {
    const byTime = series.get(label) ?? new Map<number, number>();
    series.set(label, byTime);
    for (const { at, value } of points) {
      byTime.set(at, (byTime.get(at) ?? 0) + value);
    }
  }
  return Array.from(series, ([label, byTime]) => {
    const points = Array.from(byTime, ([at, value]) => ({ at, value: values.toBase(value) }));
    points.sort((a, b) => a.at - b.at);
    return { label, points, total: points.reduce((sum, { value }) => sum + value, 0) };
  }).sort((a, b) => b.total - a.total);
}

/** Returns a table of series of data points, the largest sum first. `width` is in columns. Undefined: no limit. */
export function datapointTable(results: DataResults, values: ShownValues, width: number | undefined): TextTable {
  const rows = summedSeries(results, values);
  const amounts = (title: string, of: (row: SummedSeries) => number | undefined): Column => ({
    title,
    cells: rows.map((row) => shownValue(of(row), values)),
    align: 'right',
  });
  const total = amounts('total', (row) => row.total);
  const newest = amounts('newest', ({ points }) => points.at(-1)?.value);
  const largest = amounts('largest', ({ points }) => points.toSorted((a, b) => a.value - b.value).at(-1)?.value);
  const count: Column = { title: 'points', cells: rows.map(({ points }) => String(points.length)), align: 'right' };
  const label: Column = { title: 'series', cells: rows.map((row) => printable(row.label)), align: 'left' };
  return textTable([total, newest, largest, count, label], [total, label, newest, largest, count], width);
}

/** A column of a table. All columns of a table have the same number of cells. */
interface Column {
  readonly title: string;
  /** Printable, each character one column wide. */
  readonly cells: readonly string[];
  readonly align: 'left' | 'right';
}

export interface TextTable {
  /** The titles, and a line per row. */
  readonly lines: readonly string[];
  /** Titles of columns that do not fit. */
  readonly omitted: readonly string[];
}

const GAP = '  ';
/** Longest cell if the width is limited, so that one column does not displace the others. */
const LONGEST_CELL = 40;

/**
 * Returns a table. If not all columns fit, omits the least important ones. The most important one is always shown, shortened
 * if necessary. `byImportance` has the most important one first. `width` is in columns. Undefined: no limit.
 */
function textTable(columns: readonly Column[], byImportance: readonly Column[], width: number | undefined): TextTable {
  const limit = width ?? Number.POSITIVE_INFINITY;
  const longest = width === undefined ? Number.POSITIVE_INFINITY : LONGEST_CELL;
  const chosen = new Set<Column>();
  let used = 0;
  for (const column of byImportance) {
    const more = widthOf(column, longest) + (chosen.size === 0 ? 0 : GAP.length);
    if (chosen.size === 0 || used + more <= limit) {
      chosen.add(column);
      used += more;
    }
  }
  const shown = columns.filter((column) => chosen.has(column)).map((column) => pad(column, longest));
  const lines = shown[0]?.map((_, row) => shown.map((cells) => cells[row] ?? '').join(GAP)) ?? [];
  return {
    lines: lines.map((line) => cut(line.trimEnd(), limit)),
    omitted: columns.filter((column) => !chosen.has(column)).map(({ title }) => title),
  };
}

/** Shortens a text to a number of columns, with an ellipsis. */
export function cut(text: string, columns: number): string {
  return text.length > columns ? `${text.slice(0, Math.max(0, columns - 1))}…` : text;
}

/**
 * Breaks a printable text between words into lines. A word that is longer than a line is broken. Lines after the first are
 * indented. `width` is in columns. Undefined: no limit.
 */
export function wrap(text: string, indent: string, width: number | undefined): string[] {
  if (width === undefined || text.length <= width) {
    return [text];
  }
  // A line that is narrower than the indentation has none.
  const margin = indent.length < width ? indent : '';
  const space = text.lastIndexOf(' ', width);
  const isBetweenWords = text.slice(0, space).trim() !== '' && space > margin.length;
  const end = isBetweenWords ? space : width;
  return [text.slice(0, end), ...wrap(`${margin}${text.slice(end).trimStart()}`, indent, width)];
}

function widthOf({ title, cells }: Column, longest: number): number {
  const full = cells.reduce((most, cell) => Math.max(most, cell.length), title.length);
  return Math.min(longest, full);
}

function pad(column: Column, longest: number): string[] {
  const { title, cells, align } = column;
  const width = widthOf(column, longest);
  const texts = [title, ...cells].map((cell) => cut(cell, longest));
  return texts.map((text) => (align === 'right' ? text.padStart(width) : text.padEnd(width)));
}
