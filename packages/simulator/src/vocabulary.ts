/**
 * The words of the service's API that the simulator speaks. Written from the service's Smithy model and from what is
 * seen live; deliberately not shared with the client package, so that one wrong belief cannot hide on both sides.
 */
export const QUERY_TYPES = [
  'monitor-top-contributors',
  'workload-insights-top-contributors',
  'workload-insights-top-contributors-data',
] as const;
export type QueryType = (typeof QUERY_TYPES)[number];

const WORKLOAD_INSIGHTS_METRICS = ['TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'] as const;
const MONITOR_METRICS = ['ROUND_TRIP_TIME', ...WORKLOAD_INSIGHTS_METRICS] as const;
export type MetricName = (typeof MONITOR_METRICS)[number];

export const METRIC_NAMES: Readonly<Record<QueryType, readonly MetricName[]>> = {
  'monitor-top-contributors': MONITOR_METRICS,
  'workload-insights-top-contributors': WORKLOAD_INSIGHTS_METRICS,
  'workload-insights-top-contributors-data': WORKLOAD_INSIGHTS_METRICS,
};

/** The model's seven and, after INTER_REGION, the four that the service takes beyond it. */
export const DESTINATION_CATEGORIES = [
  'INTRA_AZ',
  'INTER_AZ',
  'INTER_VPC',
  'UNCLASSIFIED',
  'AMAZON_S3',
  'AMAZON_DYNAMODB',
  'INTER_REGION',
  'INTERNET',
  'AWS_SERVICE',
  'TRANSIT_GATEWAY',
  'LOCAL_ZONE',
] as const;
export type DestinationCategory = (typeof DESTINATION_CATEGORIES)[number];

export const MONITOR_STATUSES = ['PENDING', 'ACTIVE', 'INACTIVE', 'ERROR', 'DELETING'] as const;
export type MonitorStatus = (typeof MONITOR_STATUSES)[number];

export const SCOPE_STATUSES = ['SUCCEEDED', 'IN_PROGRESS', 'FAILED', 'DEACTIVATING', 'DEACTIVATED'] as const;
export type ScopeStatus = (typeof SCOPE_STATUSES)[number];

export const METRIC_UNITS = [
  'Seconds',
  'Microseconds',
  'Milliseconds',
  'Bytes',
  'Kilobytes',
  'Megabytes',
  'Gigabytes',
  'Terabytes',
  'Bits',
  'Kilobits',
  'Megabits',
  'Gigabits',
  'Terabits',
  'Percent',
  'Count',
  'Bytes/Second',
  'Kilobytes/Second',
  'Megabytes/Second',
  'Gigabytes/Second',
  'Terabytes/Second',
  'Bits/Second',
  'Kilobits/Second',
  'Megabits/Second',
  'Gigabits/Second',
  'Terabits/Second',
  'Count/Second',
  'None',
] as const;

export const MONITOR_NAME_PATTERN = /^[a-zA-Z0-9_.-]{1,255}$/;
export const ACCOUNT_ID_PATTERN = /^[0-9]{12}$/;
export const REGION_PATTERN = /^[a-z]+(?:-[a-z]+)+-[0-9]+$/;
