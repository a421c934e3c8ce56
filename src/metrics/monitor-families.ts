import { counter, families, gauge } from './family.ts';

const TARGET = ['account', 'aws_region'] as const;

/** Families of monitors, from CloudWatch. */
export const MONITOR_FAMILIES = families('monitors', [...TARGET, 'monitor'], {
  aws_nfm_monitor_health_degraded: gauge(
    "1 if AWS's network was degraded in one of the last 3 minutes with data, 0 if not. Absent if 15 minutes old.",
  ),
  aws_nfm_monitor_degraded_seconds_total: counter(
    "Minutes with a degraded network of AWS, from CloudWatch's HealthIndicator, each once, late ones too, in seconds.",
  ),
  aws_nfm_monitor_observed_seconds_total: counter(
    "Minutes with a value of CloudWatch's HealthIndicator, each once, late ones too, in seconds.",
  ),
  aws_nfm_monitor_round_trip_time_seconds: gauge(
    'Average round-trip time of the newest minute with data, in seconds. Absent if older than 5 reads.',
  ),
  aws_nfm_monitor_round_trip_time_limit_seconds: gauge(
    'Limit of round-trip times from cloudwatch.roundTripTimeLimits, in seconds. Absent without one.',
  ),
  aws_nfm_monitor_round_trip_time_above_limit_seconds_total: counter(
    'Minutes with an average round-trip time above the limit, from CloudWatch, each once, late ones too, in seconds.',
  ),
  aws_nfm_monitor_round_trip_time_observed_seconds_total: counter(
    'Minutes with a round-trip time while there is a limit, from CloudWatch, each once, late ones too, in seconds.',
  ),
  aws_nfm_monitor_retransmissions_total: counter(
    "TCP retransmissions of all flows, from CloudWatch's minutes, each once, since the start.",
  ),
  aws_nfm_monitor_timeouts_total: counter(
    "TCP retransmission timeouts of all flows, from CloudWatch's minutes, each once, since the start.",
  ),
  aws_nfm_monitor_data_transferred_bytes_total: counter(
    "Data transferred by all flows, from CloudWatch's minutes, each once, since the start, in bytes.",
  ),
  aws_nfm_monitor_metrics_timestamp_seconds: gauge(
    'Unix time of the end of the newest minute of any metric from CloudWatch.',
  ),
});

/** Families of the reads from CloudWatch. */
export const CLOUDWATCH_FAMILIES = families('monitors', TARGET, {
  aws_nfm_cloudwatch_metrics_requested_total: counter(
    'Metrics requested from CloudWatch since the start, which AWS bills.',
  ),
  aws_nfm_cloudwatch_periods_missed_total: counter(
    'Minutes of metrics that were never read, because reads stopped for longer than the lookback, since the start.',
  ),
  aws_nfm_cloudwatch_limited: gauge('1 if cloudwatch.maxMetricsPerDay stretches an interval of reads, 0 if not.'),
});

/** Families of queries that depend on metrics of their monitor. */
export const QUERY_MONITOR_FAMILIES = families('queries', ['query'], {
  aws_nfm_query_monitor_data_transferred_bytes: gauge(
    "CloudWatch's DataTransferred of the monitor in the window of the last results, in bytes. Absent for 15 minutes after it.",
  ),
});
