import { complete, members, numberOf } from '../lib/json-values.ts';
import { readPeriods, type StoredPeriods } from './counted-periods.ts';
import { COUNTED, type MonitorTotals, type StoredLimit, type StoredMonitor, totalsOf } from './monitor-state.ts';

/** Reads what was stored of a monitor. Undefined if the value is none. */
export function readStoredMonitor(value: unknown): StoredMonitor | undefined {
  const { condition, periods, limits } = members(value);
  const { degraded, since } = members(condition);
  const read: { -readonly [Metric in keyof StoredMonitor['periods']]: StoredPeriods } = {};
  for (const metric of COUNTED) {
    const stored = members(periods)[metric];
    const valid = stored === undefined ? undefined : readPeriods(stored);
    if (valid !== undefined) {
      read[metric] = valid;
    } else if (stored !== undefined) {
      return undefined;
    }
  }
  const others = readLimits(limits);
  if (others === undefined) {
    return undefined;
  }
  return {
    condition: typeof degraded === 'boolean' ? complete({ degraded, since: numberOf(since) }) : undefined,
    periods: read,
    limits: others,
  };
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
