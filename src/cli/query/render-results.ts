import { InvalidResponse } from '../../aws/errors.ts';
import { counted, printableJson } from '../../lib/text.ts';
import type { MetricName } from '../../model/vocabulary.ts';
import { type UnitConversion, unitConversion } from '../../results/units.ts';
import type { FinishedQuery, ShownValues } from './finished-query.ts';
import { delimitedResults } from './results-delimited.ts';
import { resultsDocument } from './results-document.ts';
import { resultsHeader } from './results-header.ts';
import { contributorTable, datapointTable, type ResultsTable } from './results-table.ts';

/** How results are rendered. */
export interface Rendering {
  /** Columns of the terminal. Undefined: no limit. */
  readonly columns: number | undefined;
  /** The results are the only ones of the command, or the first or next ones of many windows. */
  readonly place: 'only' | 'first' | 'next';
}

export interface RenderedResults {
  readonly text: string;
  /** Notes about the results, one per line. */
  readonly notes: readonly string[];
}

/**
 * Renders the results of a query that has succeeded. Of many windows, JSON has one document per line, CSV and TSV have one
 * header, and an empty line separates tables.
 *
 * @throws {InvalidResponse} for a unit that the metric does not have
 */
export function renderResults(finished: FinishedQuery, { columns, place }: Rendering): RenderedResults {
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
    return { text: delimitedResults(query, values, request.output, { header: place !== 'next' }), notes };
  }
  const { lines, omitted } = tableOf(results, values, columns);
  const text = [...(place === 'next' ? [''] : []), ...resultsHeader(query, values.unit, columns), '', ...lines];
  return {
    text: text.map((line) => `${line}\n`).join(''),
    notes: omitted.length === 0 ? notes : [...notes, `no space for ${omitted.join(', ')}: use --output=csv`],
  };
}

function tableOf(results: FinishedQuery['results'], values: ShownValues, columns: number | undefined): ResultsTable {
  if ('rows' in results) {
    return results.rows.length === 0 ? EMPTY : contributorTable(results, values, columns);
  }
  return results.datapoints.length === 0 ? EMPTY : datapointTable(results, values, columns);
}

/** The notes report the same in words. */
const EMPTY: ResultsTable = { lines: ['(empty)'], omitted: [] };

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
    const conversion = conversionIfFitting(candidate, unit);
    if (conversion !== undefined) {
      return conversion.assumed ? undefined : conversion;
    }
  }
  return undefined;
}

function conversionIfFitting(metricName: MetricName, unit: string | undefined): UnitConversion | undefined {
  try {
    return unitConversion(metricName, unit, 'MICROSECONDS');
  } catch (thrown) {
    if (thrown instanceof InvalidResponse) {
      return undefined;
    }
    throw thrown;
  }
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
