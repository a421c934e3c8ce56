/** The service's metrics; `ROUND_TRIP_TIME` exists for monitors only. */
export const METRIC_NAMES = ['ROUND_TRIP_TIME', 'TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'] as const;
export type MetricName = (typeof METRIC_NAMES)[number];
