import { printable } from '../../lib/text.ts';
import type { BaseUnit } from '../../results/units.ts';
import type { FinishedQuery } from './finished-query.ts';
import type { QueryRequest } from './query-flags.ts';
import { wrap } from './text-table.ts';

const UNITS: Readonly<Record<BaseUnit, string>> = {
  seconds: 'in µs, ms, or s',
  bytes: 'in bytes, with decimal prefixes',
  count: 'count',
};

const INDENT = ' '.repeat('Metric: '.length);

/**
 * Returns the lines before a table: what it shows.
 *
 * @param unit undefined if unknown
 * @param width columns of the terminal. Undefined: no limit.
 */
export function resultsHeader(query: FinishedQuery, unit: BaseUnit | undefined, width: number | undefined): string[] {
  const { request, region, queryId } = query;
  const metric = request.metricName ?? 'unknown';
  const more = request.command === 'run' ? request.destinationCategory : queryId;
  return [
    `Metric: ${metric} (${unit === undefined ? 'without a known unit' : UNITS[unit]})`,
    `Query:  ${subjectOf(request)}, ${region}, ${more}`,
    ...(request.command === 'run' ? [`Window: ${windowText(request.window)}`] : []),
  ].flatMap((line) => wrap(line, INDENT, width));
}

/** Returns the monitor or the scope of a query. */
export function subjectOf({ monitorName, scopeId }: Pick<QueryRequest, 'monitorName' | 'scopeId'>): string {
  return printable(monitorName === undefined ? `scope ${scopeId}` : `monitor ${monitorName}`);
}

/** Returns a window as `2026-01-31 11:43:00 to 11:58:00 UTC`. */
function windowText({ start, end }: { readonly start: number; readonly end: number }): string {
  const [startDate, endDate] = [start, end].map((at) => new Date(at).toISOString().slice(0, 10));
  const from = `${startDate} ${timeOfDay(start)}`;
  return `${from} to ${startDate === endDate ? '' : `${endDate} `}${timeOfDay(end)} UTC`;
}

/** Returns a time as `11:43:00`, in UTC. */
export function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
