import { optional, type Reader, text } from './fields.ts';

/**
 * The words of the service's API, from the service's Smithy model and observed responses. They are deliberately not shared
 * with the client package, so that a wrong assumption cannot affect both sides.
 */
export type QueryType =
  | 'monitor-top-contributors'
  | 'workload-insights-top-contributors'
  | 'workload-insights-top-contributors-data';

const WORKLOAD_INSIGHTS_METRICS = ['TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'] as const;
const MONITOR_METRICS = ['ROUND_TRIP_TIME', ...WORKLOAD_INSIGHTS_METRICS] as const;
export type MetricName = (typeof MONITOR_METRICS)[number];

export function metricNamesOf(type: QueryType): readonly MetricName[] {
  return type === 'monitor-top-contributors' ? MONITOR_METRICS : WORKLOAD_INSIGHTS_METRICS;
}

/** The seven categories of the model, and the four others that the service accepts. */
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

export const SCOPE_STATUSES = ['SUCCEEDED', 'IN_PROGRESS', 'FAILED', 'DEACTIVATING', 'DEACTIVATED'] as const;

export const REGION_PATTERN = /^[a-z]+(?:-[a-z]+)+-[0-9]+$/;

export const monitorName: Reader<string> = text(
  'a monitor name: 1 to 255 of a-z A-Z 0-9 _ . -',
  /^[a-zA-Z0-9_.-]{1,255}$/,
);
export const accountId: Reader<string> = text('an account ID of 12 digits', /^[0-9]{12}$/);
/** A pattern, in which `*` matches any number of characters. */
export const glob = optional(text('a text, in which * matches any characters'));
