import type { CloudwatchSettings } from '../config/config.ts';
import { isHealth } from '../model/vocabulary.ts';

/** Intervals of reads in milliseconds, and what they cost. */
export interface ReadPlan {
  readonly interval: number;
  readonly sumsInterval: number;
  /** Whether the cost limit stretches an interval. */
  readonly isLimited: boolean;
  /** Metrics that are requested per day: the billed unit. */
  readonly metricsPerDay: number;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** Price of GetMetricData in US dollars per metric; not in the free tier. Source: aws.amazon.com/cloudwatch/pricing. */
const DOLLARS_PER_METRIC = 0.01 / 1_000;
const DAYS_PER_MONTH = 30;

/**
 * Plans the reads of a number of monitors. If they need more metrics per day than the cost limit, `sumsInterval` grows in whole
 * minutes, then `interval`, each to half of `lookback`: points are read at least twice then. If that is not enough, both grow
 * further, and periods are missed.
 */
export function planReads(settings: CloudwatchSettings, monitors: number): ReadPlan {
  const { metrics, lookback, maxMetricsPerDay = Number.POSITIVE_INFINITY } = settings;
  const healths = metrics.filter(isHealth).length * monitors;
  const sums = metrics.length * monitors - healths;
  const [health, sum] = [settings.interval / MINUTE_MS, settings.sumsInterval / MINUTE_MS];
  const perDay = (healthMinutes: number, sumMinutes: number) =>
    (healths * DAY_MINUTES) / healthMinutes + (sums * DAY_MINUTES) / sumMinutes;
  const half = Math.floor(lookback / MINUTE_MS / 2);
  const mostSum = Math.max(sum, half);
  const mostHealth = Math.max(health, half);
  /** From the configured intervals on: those that fit without a cost limit are the first. */
  function* candidates(): Iterable<readonly [healthMinutes: number, sumMinutes: number]> {
    for (let minutes = sum; minutes <= mostSum; minutes += 1) {
      yield [health, minutes];
    }
    for (let minutes = health; minutes <= mostHealth; minutes += 1) {
      yield [minutes, mostSum];
    }
    for (let minutes = half; minutes <= DAY_MINUTES; minutes += 1) {
      yield [Math.max(mostHealth, minutes), Math.max(mostSum, minutes)];
    }
  }
  let [healthMinutes, sumMinutes] = [DAY_MINUTES, DAY_MINUTES];
  for (const candidate of candidates()) {
    if (perDay(...candidate) <= maxMetricsPerDay) {
      [healthMinutes, sumMinutes] = candidate;
      break;
    }
  }
  return {
    interval: healthMinutes * MINUTE_MS,
    sumsInterval: sumMinutes * MINUTE_MS,
    isLimited: healthMinutes > health || sumMinutes > sum,
    metricsPerDay: perDay(healthMinutes, sumMinutes),
  };
}

/** Returns the price of a plan in US dollars for a month of 30 days. */
export function dollarsPerMonth({ metricsPerDay }: Pick<ReadPlan, 'metricsPerDay'>): number {
  return metricsPerDay * DAYS_PER_MONTH * DOLLARS_PER_METRIC;
}
