import type { DataResults, RowResults } from '../../results/results.ts';
import { datapointsJson, rowsJson } from '../../results/results-json.ts';
import type { UnitConversion } from '../../results/units.ts';
import type { FinishedQuery } from './finished-query.ts';

/** Returns the query and its results in the form of the HTTP API. Unknown values are null. */
export function resultsDocument(
  { request, region, queryId, results }: FinishedQuery,
  conversion: UnitConversion | undefined,
) {
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
