import { PERIOD_MS } from '../aws/cloudwatch/metric-data.ts';
import { complete, members, numberOf } from '../lib/json-values.ts';
import { CountedPeriods, type PeriodReading, readPeriods, type StoredPeriods } from './counted-periods.ts';

/** Minutes of a monitor with a round-trip time, and those above one limit, in seconds. */
export interface LimitCount {
  readonly observedSeconds: number;
  readonly slowSeconds: number;
}

interface Counted extends LimitCount {
  readonly periods: StoredPeriods | undefined;
}

/** What is counted for several limits, by limit in seconds. */
export type LimitCounts = ReadonlyMap<number, Counted>;

/** The counted periods of one limit, in seconds. Can be stored as JSON. */
export interface StoredLimit {
  readonly limit: number;
  readonly periods: StoredPeriods;
}

const NONE: Counted = { observedSeconds: 0, slowSeconds: 0, periods: undefined };
export const NO_COUNT: LimitCount = NONE;

/** Returns the periods of all limits that have any. */
export function storedLimits(counts: LimitCounts): readonly StoredLimit[] {
  return Array.from(counts).flatMap(([limit, { periods }]) => (periods === undefined ? [] : [{ limit, periods }]));
}

/** Adds periods that another process has counted, which are not counted again. */
export function mergeLimits(before: LimitCounts, others: readonly StoredLimit[]): LimitCounts {
  const merged = new Map(before);
  for (const { limit, periods } of others) {
    const own = before.get(limit) ?? NONE;
    merged.set(limit, { ...own, periods: own.periods ? CountedPeriods.merge(own.periods, periods) : periods });
  }
  return merged;
}

/** Reads limits as they were stored. Earlier versions stored none. Undefined if the value is not a list of limits. */
export function readLimits(value: unknown = []): readonly StoredLimit[] | undefined {
  const read = Array.isArray(value) ? value.map(readLimit) : [undefined];
  return read.every((each) => each !== undefined) ? read : undefined;
}

function readLimit(value: unknown): StoredLimit | undefined {
  const { limit, periods } = members(value);
  return complete({ limit: numberOf(limit), periods: readPeriods(periods) });
}

const SECONDS_PER_PERIOD = PERIOD_MS / 1_000;

/** Adds a read to the counts of `limits`, and forgets others. Readings have 1 for each minute above a limit, else 0. */
export function countLimits(
  before: LimitCounts,
  limits: readonly number[],
  readingOf: (limit: number) => PeriodReading,
): LimitCounts {
  return new Map(
    limits.map((limit) => {
      const known = before.get(limit) ?? NONE;
      const all = known.periods ? CountedPeriods.restore(known.periods) : new CountedPeriods();
      const { periods, increase } = all.add(readingOf(limit));
      const observedSeconds = known.observedSeconds + periods * SECONDS_PER_PERIOD;
      const slowSeconds = known.slowSeconds + increase * SECONDS_PER_PERIOD;
      return [limit, { periods: all.stored(), observedSeconds, slowSeconds }];
    }),
  );
}
