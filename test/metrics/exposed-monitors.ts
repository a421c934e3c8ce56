import { MonitorSections } from '../../src/metrics/monitor-sections.ts';
import { MONITOR_METRICS } from '../../src/model/vocabulary.ts';
import type { Target } from '../../src/scheduler/target.ts';
import type { MonitorState } from '../../src/state/monitor-state.ts';

/** Later than any time of the tests, so that nothing is too old. */
const FUTURE = 4_000_000_000_000;

/** A monitor with a value for each series. */
export function exposedMonitor(changes: Partial<MonitorState> = {}): MonitorState {
  return {
    key: 'key',
    arn: 'arn',
    totals: {
      degradedSeconds: 60,
      observedSeconds: 120,
      retransmissions: 3,
      timeouts: 4,
      dataTransferred: 5,
      roundTripObservedSeconds: 180,
      roundTripSlowSeconds: 240,
    },
    roundTripTime: [FUTURE, 0.25],
    countOf: () => ({ observedSeconds: 180, slowSeconds: 240 }),
    condition: { degraded: true, since: 0 },
    newestEnd: 1_700_000_000_000,
    healthEnd: FUTURE,
    bytesIn: () => undefined,
    ...changes,
  };
}

/** The series of one monitor that never changes. */
export function unchangingMonitor(target: Target): MonitorSections {
  const monitor = exposedMonitor();
  return new MonitorSections({
    views: () =>
      new Map([
        [
          target,
          {
            metrics: MONITOR_METRICS,
            sumsInterval: 300_000,
            isLimited: true,
            counts: { requested: 6, missed: 7 },
            monitors: [{ name: 'check "out"', monitor, roundTripTimeLimit: 0.5 }],
          },
        ],
      ]),
    queryBytes: () => [{ query: 'bytes', bytes: 8 }],
  });
}

/** Value of each family of {@link unchangingMonitor}. */
export const MONITOR_VALUES: Readonly<Record<string, number>> = {
  aws_nfm_monitor_health_degraded: 1,
  aws_nfm_monitor_degraded_seconds_total: 60,
  aws_nfm_monitor_observed_seconds_total: 120,
  aws_nfm_monitor_round_trip_time_seconds: 0.25,
  aws_nfm_monitor_round_trip_time_limit_seconds: 0.5,
  aws_nfm_monitor_round_trip_time_above_limit_seconds_total: 240,
  aws_nfm_monitor_round_trip_time_observed_seconds_total: 180,
  aws_nfm_monitor_retransmissions_total: 3,
  aws_nfm_monitor_timeouts_total: 4,
  aws_nfm_monitor_data_transferred_bytes_total: 5,
  aws_nfm_monitor_metrics_timestamp_seconds: 1_700_000_000,
  aws_nfm_cloudwatch_metrics_requested_total: 6,
  aws_nfm_cloudwatch_periods_missed_total: 7,
  aws_nfm_cloudwatch_limited: 1,
  aws_nfm_query_monitor_data_transferred_bytes: 8,
};

/** Labels of a family of {@link unchangingMonitor}. */
export function monitorLabels(name: string, region: string): readonly (readonly [name: string, value: string])[] {
  if (name.startsWith('aws_nfm_query_')) {
    return [['query', 'bytes']];
  }
  const target = [
    ['account', 'default'],
    ['aws_region', region],
  ] as const;
  return name.startsWith('aws_nfm_cloudwatch_') ? target : [...target, ['monitor', 'check "out"']];
}
