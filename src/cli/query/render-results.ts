import { InvalidResponse } from '../../aws/errors.ts';
import { counted, printable, printableJson } from '../../lib/text.ts';
import { type MetricName, ROW_LABELS } from '../../model/vocabulary.ts';
import { type Delimited, delimitedLine, plainNumber } from '../../results/delimited.ts';
import type { DataResults, RowResults } from '../../results/results.ts';
import { datapointsJson, rowsJson } from '../../results/results-json.ts';
import { type BaseUnit, type UnitConversion, unitConversion } from '../../results/units.ts';
import type { QueryRequest } from './query-flags.ts';
import {
  contributorTable,
  datapointTable,
  type ShownValues,
  sortedRows,
  summedSeries,
  type TextTable,
  wrap,
} from './results-table.ts';

/** A query that has succeeded, with its results. */
export interface FinishedQuery {
  readonly request: QueryRequest;
  readonly region: string;
  readonly queryId: string;
  readonly results: RowResults | DataResults;
}

export interface Rendering {
  /** Columns of the terminal. Undefined: no limit. */
  readonly columns: number | undefined;
  /** The results are the only ones of the command, or the first or next ones of many windows. */
  readonly place: 'only' | 'first' | 'next';
}

/**
 * Renders the results of a query that has succeeded, with notes about them. Of many windows, JSON has one document per line,
 * CSV and TSV have one header, and an empty line separates tables. @throws {InvalidResponse} for a unit of another metric
 */
export function renderResults(
  finished: FinishedQuery,
  { columns, place }: Rendering,
): { readonly text: string; readonly notes: readonly string[] } {
  const { query, mirrorRows } = withoutMirrorRows(finished);
  const { request, results } = query;
  const conversion = conversionOf(request.metricName, results.unit);
  const values: ShownValues = { unit: conversion?.baseUnit, toBase: (value) => conversion?.toBase(value) ?? value };
  const notes = [...countNotes(query, mirrorRows), ...unitNotes(conversion, results.unit)];
  if (request.output === 'json') {
    const indent = place === 'only' ? 2 : undefined;
    return { text: `${printableJson(JSON.stringify(resultsDocument(query, conversion), undefined, indent))}\n`, notes };
  }
  if (request.output !== 'table') {
    const lines = delimitedResults(query, values, request.output);
    return { text: lines.slice(place === 'next' ? 1 : 0).join(''), notes };
  }
  const { lines, omitted } = tableOf(results, values, columns);
  const text = [...(place === 'next' ? [''] : []), ...resultsHeader(query, values.unit, columns), '', ...lines];
  return {
    text: text.map((line) => `${line}\n`).join(''),
    notes: omitted.length === 0 ? notes : [...notes, `no space for ${omitted.join(', ')}: use --output=csv`],
  };
}

/** If there are no results, the notes report the same in words. */
function tableOf(results: FinishedQuery['results'], values: ShownValues, columns: number | undefined): TextTable {
  if (('rows' in results ? results.rows : results.datapoints).length === 0) {
    return { lines: ['(empty)'], omitted: [] };
  }
  return 'rows' in results ? contributorTable(results, values, columns) : datapointTable(results, values, columns);
}

/** Returns the query with the rows to show, and the number of omitted mirror rows. */
function withoutMirrorRows(query: FinishedQuery): { readonly query: FinishedQuery; readonly mirrorRows: number } {
  const { request, results } = query;
  if (!request.noMirror || !('rows' in results)) {
    return { query, mirrorRows: 0 };
  }
  const rows = results.rows.filter(({ mirror }) => !mirror);
  return { query: { ...query, results: { ...results, rows } }, mirrorRows: results.rows.length - rows.length };
}

/** One metric for each kind of unit: if the metric is unknown, the unit is sufficient. */
const METRICS_BY_UNIT: readonly MetricName[] = ['ROUND_TRIP_TIME', 'DATA_TRANSFERRED', 'RETRANSMISSIONS'];

/** Returns undefined if neither the user nor the response determines the unit. */
function conversionOf(metricName: MetricName | undefined, unit: string | undefined): UnitConversion | undefined {
  if (metricName !== undefined) {
    return unitConversion(metricName, unit, 'MICROSECONDS');
  }
  for (const candidate of METRICS_BY_UNIT) {
    try {
      const conversion = unitConversion(candidate, unit, 'MICROSECONDS');
      return conversion.assumed ? undefined : conversion;
    } catch (thrown) {
      if (!(thrown instanceof InvalidResponse)) {
        throw thrown;
      }
    }
  }
  return undefined;
}

/** @param mirrorRows number of omitted mirror rows */
function countNotes({ request, results }: FinishedQuery, mirrorRows: number): readonly string[] {
  const count = 'rows' in results ? results.rows.length : new Set(results.datapoints.map(({ label }) => label)).size;
  const what = 'rows' in results ? 'contributors' : 'series';
  const omitted = mirrorRows === 0 ? '' : `, ${counted(mirrorRows, 'mirror row')} omitted`;
  if (count === 0) {
    return [`no ${what} in this window${omitted}`];
  }
  const full = request.command === 'run' && request.limit === count + mirrorRows;
  return [`${count} ${what}${omitted}${full ? ', limited by --limit: there may be more' : ''}`];
}

function unitNotes(conversion: UnitConversion | undefined, unit: string | undefined): readonly string[] {
  if (conversion === undefined) {
    const reason = unit === undefined ? 'the response has no unit' : `no metric has the unit ${unit}`;
    return [`${reason}: values are shown without conversion; set --metric-name=METRIC`];
  }
  return conversion.assumed && conversion.baseUnit !== 'count'
    ? [`the response has no unit: ${conversion.unit} are assumed`]
    : [];
}

/** Columns of each line, before those of the contributor or the series. */
const COMMON = ['value', 'unit', 'metric_name', 'window_start', 'window_end'];

/**
 * Returns a header and results as CSV or TSV: contributors with the largest value first, or the points of each series by
 * time. The columns are always the same, with plain numbers in the base unit. Unknown values are empty.
 */
function delimitedResults({ request, results }: FinishedQuery, values: ShownValues, format: Delimited): string[] {
  const window = request.command === 'run' ? [request.window.start, request.window.end].map(timeText) : ['', ''];
  const common = [values.unit ?? '', request.metricName ?? '', ...window];
  const lines =
    'rows' in results
      ? [
          [...COMMON, ...ROW_LABELS],
          ...sortedRows(results.rows, values).map(({ row, value }) => [
            value === undefined ? '' : plainNumber(value),
            ...common,
            ...ROW_LABELS.map((label) => row.labels[label] ?? ''),
          ]),
        ]
      : [
          [...COMMON, 'time', 'series'],
          ...summedSeries(results, values).flatMap(({ label, points }) =>
            points.map(({ at, value }) => [plainNumber(value), ...common, timeText(at), label]),
          ),
        ];
  return lines.map((cells) => delimitedLine(cells, format));
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}

/** Returns the query and its results in the form of the HTTP API. Unknown values are null. */
function resultsDocument({ request, region, queryId, results }: FinishedQuery, conversion: UnitConversion | undefined) {
  const { type, monitorName = null, scopeId = null, metricName = null } = request;
  const run = request.command === 'run' ? request : undefined;
  return {
    queryId,
    status: 'SUCCEEDED',
    type,
    region,
    monitorName,
    scopeId,
    metricName,
    destinationCategory: run?.destinationCategory ?? null,
    limit: run?.limit ?? null,
    windowStart: run ? timeText(run.window.start) : null,
    windowEnd: run ? timeText(run.window.end) : null,
    ...(conversion === undefined ? withoutUnit(results) : withUnit(results, conversion)),
  };
}

function withUnit(results: FinishedQuery['results'], conversion: UnitConversion) {
  return 'rows' in results ? rowsJson(results, conversion) : datapointsJson(results, conversion);
}

function withoutUnit(results: FinishedQuery['results']) {
  const common = { unit: results.unit ?? null, assumedUnit: null, baseUnit: null };
  if ('rows' in results) {
    return { ...common, rows: results.rows.map(({ raw }) => ({ ...raw, baseValue: null })) };
  }
  const datapoints = results.datapoints.map(({ label, points }) => ({
    label,
    timestamps: points.map(({ at }) => timeText(at)),
    values: points.map(({ value }) => value),
    baseValues: null,
  }));
  return { ...common, datapoints };
}

const UNITS: Readonly<Record<BaseUnit, string>> = {
  seconds: 'in µs, ms, or s',
  bytes: 'in bytes, with decimal prefixes',
  count: 'count',
};

/** Returns the lines before a table: what it shows. */
function resultsHeader(query: FinishedQuery, unit: BaseUnit | undefined, columns: number | undefined): string[] {
  const { request, region, queryId } = query;
  const metric = request.metricName ?? 'unknown';
  const more = request.command === 'run' ? request.destinationCategory : queryId;
  return [
    `Metric: ${metric} (${unit === undefined ? 'without a known unit' : UNITS[unit]})`,
    `Query:  ${subjectOf(request)}, ${region}, ${more}`,
    ...(request.command === 'run' ? [`Window: ${windowText(request.window)}`] : []),
  ].flatMap((line) => wrap(line, ' '.repeat('Metric: '.length), columns));
}

/** Returns the monitor or the scope of a query. */
export function subjectOf({ monitorName, scopeId }: Pick<QueryRequest, 'monitorName' | 'scopeId'>): string {
  return printable(monitorName === undefined ? `scope ${scopeId}` : `monitor ${monitorName}`);
}

/** Returns a window as `2026-01-31 11:43:00 to 11:58:00 UTC`. */
function windowText({ start, end }: { readonly start: number; readonly end: number }): string {
  const [startDate, endDate] = [start, end].map((at) => timeText(at).slice(0, 10));
  return `${startDate} ${timeOfDay(start)} to ${startDate === endDate ? '' : `${endDate} `}${timeOfDay(end)} UTC`;
}

/** Returns a time as `11:43:00`, in UTC. */
export function timeOfDay(at: number): string {
  return timeText(at).slice(11, 19);
}
