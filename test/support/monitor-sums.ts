import type { Simulator } from 'network-flow-monitor-simulator';
import type { ExpositionPage } from './exposition-page.ts';

const COUNTERS = {
  observed: 'aws_nfm_monitor_observed_seconds_total',
  degraded: 'aws_nfm_monitor_degraded_seconds_total',
  retransmissions: 'aws_nfm_monitor_retransmissions_total',
  timeouts: 'aws_nfm_monitor_timeouts_total',
  bytes: 'aws_nfm_monitor_data_transferred_bytes_total',
};

/** What the counters of a monitor show. */
export type MonitorSums = Record<keyof typeof COUNTERS, number>;

const NOTHING: MonitorSums = { observed: 0, degraded: 0, retransmissions: 0, timeouts: 0, bytes: 0 };

/** Returns the counters of a monitor in the account `default`; 0 if the page has none. */
export function sumsOf(page: ExpositionPage, monitor: string): MonitorSums {
  const read = (family: string) => page.value(family, { account: 'default', aws_region: 'us-east-1', monitor }) ?? 0;
  return {
    observed: read(COUNTERS.observed),
    degraded: read(COUNTERS.degraded),
    retransmissions: read(COUNTERS.retransmissions),
    timeouts: read(COUNTERS.timeouts),
    bytes: read(COUNTERS.bytes),
  };
}

/** Adds sums of a monitor. */
export function addSums(a: MonitorSums = NOTHING, b: MonitorSums = NOTHING, sign: 1 | -1 = 1): MonitorSums {
  return {
    observed: a.observed + sign * b.observed,
    degraded: a.degraded + sign * b.degraded,
    retransmissions: a.retransmissions + sign * b.retransmissions,
    timeouts: a.timeouts + sign * b.timeouts,
    bytes: a.bytes + sign * b.bytes,
  };
}

/** Returns what the counters must show of the simulator's points in a range. */
export function trueSums({
  observedMinutes,
  degradedMinutes,
  retransmissions,
  timeouts,
  dataTransferred: bytes,
}: ReturnType<Simulator['monitorTotals']>): MonitorSums {
  return { observed: observedMinutes * 60, degraded: degradedMinutes * 60, retransmissions, timeouts, bytes };
}
