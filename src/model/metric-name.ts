import type { QueryType } from './query-type.ts';

/** The service's metrics; `ROUND_TRIP_TIME` exists for monitors only. */
export const METRIC_NAMES = ['ROUND_TRIP_TIME', 'TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** The metrics that queries of a type can ask for: each type has a closed list in the API's model. */
export function metricNamesOf(type: QueryType): readonly MetricName[] {
  return type === 'monitor-top-contributors'
    ? METRIC_NAMES
    : METRIC_NAMES.filter((metricName) => metricName !== 'ROUND_TRIP_TIME');
}
