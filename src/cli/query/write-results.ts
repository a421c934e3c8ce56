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
  /** Columns of the terminal; undefined where it is none. */
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
 * @returns what is to be known about them, in lines
 * @throws InvalidResponse for a unit that is none of the metric's.
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

/** One metric for each kind of unit: where the metric is not known, its unit tells as much as is needed. */
const METRICS_BY_UNIT: readonly MetricName[] = ['ROUND_TRIP_TIME', 'DATA_TRANSFERRED', 'RETRANSMISSIONS'];

/** Undefined where neither the user nor the answer tells what the values are. */
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

/** The keys and values of a query as in the HTTP API, then its results as there. What is not known is null. */
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
    return [`no ${what}: nothing was seen in this window`];
  }
  const full = request.command === 'run' && request.limit === count;
  return [full ? `${count} ${what}, as many as --limit lets through: there may be more` : `${count} ${what}`];
}

function unitNotes(conversion: UnitConversion | undefined, unit: string | undefined): readonly string[] {
  if (conversion === undefined) {
    const said = unit === undefined ? 'the answer names no unit' : `the unit ${unit} is none of the service's metrics`;
    return [`${said}: values are shown as they are; --metric-name=METRIC says what they are`];
  }
  return conversion.assumed && conversion.baseUnit !== 'count'
    ? [`the answer names no unit: ${conversion.unit} are assumed`]
    : [];
}
