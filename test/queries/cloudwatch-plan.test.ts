import { describe, expect, it } from 'vitest';
import type { CloudwatchSettings } from '../../src/config/config.ts';
import { MONITOR_METRICS } from '../../src/model/vocabulary.ts';
import { dollarsPerMonth, planReads } from '../../src/queries/cloudwatch-plan.ts';

const MINUTE = 60_000;
const HEALTH: CloudwatchSettings = {
  metrics: ['HealthIndicator'],
  interval: MINUTE,
  sumsInterval: 5 * MINUTE,
  delay: 2 * MINUTE,
  lookback: 60 * MINUTE,
  monitors: { kind: 'monitors', name: '*', tags: {}, status: ['ACTIVE'] },
  endpoint: undefined,
  requestsPerSecond: 1,
  roundTripTimeLimits: [],
  maxMetricsPerDay: undefined,
};
const ALL = { ...HEALTH, metrics: MONITOR_METRICS };

describe('the price of a plan', () => {
  it.each([
    ['HealthIndicator every minute', HEALTH, 0.432],
    ['all five every 5 minutes', { ...ALL, interval: 5 * MINUTE }, 0.432],
    ['all five every minute', { ...ALL, sumsInterval: MINUTE }, 2.16],
    ['all five with the default intervals', ALL, 0.7776],
  ])('of one monitor, %s', (_, settings, dollars) => {
    expect(dollarsPerMonth(planReads(settings, 1))).toBeCloseTo(dollars, 6);
  });
});

describe('the cost limit', () => {
  /** Metrics per day of 10 monitors: 14,400 for HealthIndicator, and 11,520 for the others. */
  it.each([
    [25_920, 1, 5, false],
    [25_919, 1, 6, true],
    [24_000, 1, 6, true],
    [16_320, 1, 30, true],
    [16_319, 2, 30, true],
    [2_400, 30, 30, true],
    [2_399, 31, 31, true],
    [100, 720, 720, true],
    [1, 1_440, 1_440, true],
  ])('of %d metrics per day stretches the intervals to %d and %d minutes', (limit, health, sums, isLimited) => {
    const plan = planReads({ ...ALL, maxMetricsPerDay: limit }, 10);
    expect([plan.interval / MINUTE, plan.sumsInterval / MINUTE, plan.isLimited]).toEqual([health, sums, isLimited]);
    expect(plan.metricsPerDay <= limit || limit === 1).toBe(true);
  });

  it('stretches nothing for a target without monitors', () => {
    expect(planReads({ ...ALL, maxMetricsPerDay: 1 }, 0)).toMatchObject({ isLimited: false, metricsPerDay: 0 });
  });
});
