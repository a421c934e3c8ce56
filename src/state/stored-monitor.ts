import { complete, members, numberOf } from '../lib/json-values.ts';
import { readPeriods } from './counted-periods.ts';
import { COUNTED, type MonitorTotals, type StoredLimit, type StoredMonitor, totalsOf } from './monitor-state.ts';

/** Reads what was stored of a monitor. Undefined if the value is none. */
export function readStoredMonitor(value: unknown): StoredMonitor | undefined {
  const { condition: storedCondition, periods, limits } = members(value);
  const { degraded, since } = members(storedCondition);
  const stored = members(periods);
  const known = COUNTED.filter((metric) => stored[metric] !== undefined);
  const valid = complete({
    periods: complete(Object.fromEntries(known.map((metric) => [metric, readPeriods(stored[metric])]))),
    limits: readLimits(limits),
  });
  const condition = typeof degraded === 'boolean' ? complete({ degraded, since: numberOf(since) }) : undefined;
  return valid && { ...valid, condition };
}

/** Reads totals; those that are missing are 0. */
export function readTotals(value: unknown): MonitorTotals {
  const read = members(value);
  return totalsOf((total) => numberOf(read[total]) ?? 0);
}

/** Reads limits as they were stored. Earlier versions stored none. Undefined if the value is not a list of limits. */
function readLimits(value: unknown = []): readonly StoredLimit[] | undefined {
  const read = Array.isArray(value) ? value.map(readLimit) : [undefined];
  return read.every((each) => each !== undefined) ? read : undefined;
}

function readLimit(value: unknown): StoredLimit | undefined {
  const { limit, periods } = members(value);
  return complete({ limit: numberOf(limit), periods: readPeriods(periods) });
}
