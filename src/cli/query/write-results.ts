import { InvalidResponse } from '../../aws/errors.ts';
import { printableJson } from '../../lib/text.ts';
import type { MetricName } from '../../model/vocabulary.ts';
import type { DataResults, RowResults } from '../../results/results.ts';
import { datapointsJson, rowsJson } from '../../results/results-json.ts';
import { type UnitConversion, unitConversion } from '../../results/units.ts';
import type { QueryRequest } from './query-flags.ts';
import { contributorTable, datapointTable, type ShownValues } from './results-table.ts';

export interface OutputStream {
  write(text: string): void;
  /** Columns of the terminal. Undefined if the stream is not a terminal. */
  readonly columns: () => number | undefined;
}

export interface WrittenResults {
  readonly request: QueryRequest;
  readonly region: string;
  readonly queryId: string;
  readonly results: RowResults | DataResults;
  readonly stdout: OutputStream;
}

/**
 * Writes the results of a query that has succeeded: a table, or one JSON document.
 *
 * @returns notes about the results, one per line
 * @throws {InvalidResponse} for a unit that the metric does not have
 */
export function writeResults(written: WrittenResults): readonly string[] {
  const { request, results, stdout } = written;
  const conversion = conversionOf(request.metricName, results.unit);
  if (request.output === 'json') {
    stdout.write(`${printableJson(JSON.stringify(document(written, conversion), undefined, 2))}\n`);
  } else {
    const values: ShownValues = { unit: conversion?.baseUnit, toBase: (value) => conversion?.toBase(value) ?? value };
    stdout.write(
      'rows' in results
        ? contributorTable(results, values, stdout.columns())
        : datapointTable(results, values, stdout.columns()),
    );
  }
  return [...countNotes(written), ...unitNotes(conversion, results.unit)];
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

/** Returns the query and its results in the form of the HTTP API. Unknown values are null. */
function document({ request, region, queryId, results }: WrittenResults, conversion: UnitConversion | undefined) {
  const { type, monitorName = null, scopeId = null, metricName = null } = request;
  const asked =
    request.command === 'run'
      ? {
          destinationCategory: request.destinationCategory,
          limit: request.limit ?? null,
          windowStart: new Date(request.window.start).toISOString(),
          windowEnd: new Date(request.window.end).toISOString(),
        }
      : { destinationCategory: null, limit: null, windowStart: null, windowEnd: null };
  return {
    queryId,
    status: 'SUCCEEDED',
    type,
    region,
    monitorName,
    scopeId,
    metricName,
    ...asked,
    ...('rows' in results ? rowsDocument(results, conversion) : datapointsDocument(results, conversion)),
  };
}

function rowsDocument(results: RowResults, conversion: UnitConversion | undefined) {
  return conversion === undefined
    ? {
        ...UNKNOWN_UNIT,
        unit: results.unit ?? null,
        rows: results.rows.map(({ raw }) => ({ ...raw, baseValue: null })),
      }
    : rowsJson(results, conversion);
}

function datapointsDocument(results: DataResults, conversion: UnitConversion | undefined) {
  if (conversion !== undefined) {
    return datapointsJson(results, conversion);
  }
  const datapoints = results.datapoints.map(({ label, points }) => ({
    label,
    timestamps: points.map(({ at }) => new Date(at).toISOString()),
    values: points.map(({ value }) => value),
    baseValues: null,
  }));
  return { ...UNKNOWN_UNIT, unit: results.unit ?? null, datapoints };
}

const UNKNOWN_UNIT = { unit: null, assumedUnit: null, baseUnit: null };

function countNotes({ request, results }: WrittenResults): readonly string[] {
  const count = 'rows' in results ? results.rows.length : new Set(results.datapoints.map(({ label }) => label)).size;
  const what = 'rows' in results ? 'contributors' : 'series';
  if (count === 0) {
    return [`no ${what} in this window`];
  }
  const full = request.command === 'run' && request.limit === count;
  return [full ? `${count} ${what}, limited by --limit: there may be more` : `${count} ${what}`];
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
