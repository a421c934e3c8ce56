import type { CloudwatchSettings } from '../config/config.ts';
import type { MonitorMetric } from '../model/vocabulary.ts';

/** Intervals of reads in milliseconds, and what they cost. */
export interface ReadPlan {
  /** Interval between reads of HealthIndicator. */
  readonly interval: number;
  /** Interval between reads of the other metrics. */
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

/** Returns true for metrics that are read every `interval`. The others are read every `sumsInterval`. */
export function isHealth(metric: MonitorMetric): boolean {
  return metric === 'HealthIndicator';
}

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
  const candidates = [
    ...upTo(sum, mostSum).map((minutes) => [health, minutes] as const),
    ...upTo(health, mostHealth).map((minutes) => [minutes, mostSum] as const),
    ...upTo(half, DAY_MINUTES).map((minutes) => [Math.max(mostHealth, minutes), Math.max(mostSum, minutes)] as const),
  ];
  const fitting = candidates.find(
    ([healthMinutes, sumMinutes]) => perDay(healthMinutes, sumMinutes) <= maxMetricsPerDay,
  );
  const [healthMinutes, sumMinutes] = fitting ?? [DAY_MINUTES, DAY_MINUTES];
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

/** Returns the whole numbers from `least` to `most`. */
function upTo(least: number, most: number): number[] {
  return Array.from({ length: Math.max(0, most - least + 1) }, (_, i) => least + i);
}
