import { PERIOD_MS } from '../aws/cloudwatch/metric-data.ts';
import { CountedPeriods, type PeriodReading, type StoredPeriods } from './counted-periods.ts';

/** Minutes of a monitor with a round-trip time, and those above one limit, in seconds. */
export interface LimitCount {
  readonly observedSeconds: number;
  readonly slowSeconds: number;
}

/** What is counted for one limit. */
interface Counted extends LimitCount {
  readonly periods: StoredPeriods | undefined;
}

/** What is counted for several limits, by limit in seconds. */
export type LimitCounts = ReadonlyMap<number, Counted>;

export const NO_COUNT: LimitCount = { observedSeconds: 0, slowSeconds: 0 };

const SECONDS_PER_PERIOD = PERIOD_MS / 1_000;

/**
 * Adds the round-trip times of a read to what was counted, for each of some limits. Those of other limits are forgotten.
 *
 * @param readingOf returns the reading with 1 for each minute above a limit, and 0 for each other minute
 */
export function countLimits(
  before: LimitCounts,
  limits: readonly number[],
  readingOf: (limit: number) => PeriodReading,
): LimitCounts {
  return new Map(
    limits.map((limit) => {
      const {
        periods: stored,
        observedSeconds,
        slowSeconds,
      } = before.get(limit) ?? { ...NO_COUNT, periods: undefined };
      const all = stored === undefined ? new CountedPeriods() : CountedPeriods.restore(stored);
      const { periods, increase } = all.add(readingOf(limit));
      return [
        limit,
        {
          periods: all.stored(),
          observedSeconds: observedSeconds + periods * SECONDS_PER_PERIOD,
          slowSeconds: slowSeconds + increase * SECONDS_PER_PERIOD,
        },
      ];
    }),
  );
}
