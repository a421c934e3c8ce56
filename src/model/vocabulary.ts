/**
 * The types of queries of the Network Flow Monitor API, as named in the config file and the label `query_type`. Each has its
 * own operations for start, status, results, and stop.
 */
export const QUERY_TYPES = [
  'monitor-top-contributors',
  'workload-insights-top-contributors',
  'workload-insights-top-contributors-data',
] as const;

export type QueryType = (typeof QUERY_TYPES)[number];

/** The type whose results have no rows. Only the newest point of each series is exported. */
export const DATA_TYPE = 'workload-insights-top-contributors-data' satisfies QueryType;

/** The metrics of the service. `ROUND_TRIP_TIME` exists for monitors only. */
export const METRIC_NAMES = ['ROUND_TRIP_TIME', 'TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** The metrics of a monitor in CloudWatch, in its namespace AWS/NetworkFlowMonitor, one point per minute. */
export const MONITOR_METRICS = [
  'HealthIndicator',
  'RoundTripTime',
  'Retransmissions',
  'Timeouts',
  'DataTransferred',
] as const;
export type MonitorMetric = (typeof MONITOR_METRICS)[number];

/** Returns true for the metric that is read every `cloudwatch.interval`. The others are read every `sumsInterval`. */
export function isHealth(metric: MonitorMetric): boolean {
  return metric === 'HealthIndicator';
}

/** Returns the metrics of a type. Each type has a closed list in the API model. */
export function metricNamesOf(type: QueryType): readonly MetricName[] {
  return type === 'monitor-top-contributors'
    ? METRIC_NAMES
    : METRIC_NAMES.filter((metricName) => metricName !== 'ROUND_TRIP_TIME');
}

/** The destination categories of the API model, in its order: those that `"*"` selects. */
export const MODELLED_CATEGORIES = [
  'INTRA_AZ',
  'INTER_AZ',
  'INTER_VPC',
  'UNCLASSIFIED',
  'AMAZON_S3',
  'AMAZON_DYNAMODB',
  'INTER_REGION',
] as const;

/**
 * All categories that the service is known to accept: those of its model, and four others. The service adds categories
 * without notice, so an unknown one results only in a warning.
 */
export const KNOWN_CATEGORIES = [
  ...MODELLED_CATEGORIES,
  'INTERNET',
  'AWS_SERVICE',
  'TRANSIT_GATEWAY',
  'LOCAL_ZONE',
] as const;

/** Labels of contributor series: fields of the API's rows of both types, in snake case and in the API's order. */
export const ROW_FIELD_LABELS = [
  'local_ip',
  'snat_ip',
  'local_instance_id',
  'local_vpc_id',
  'local_region',
  'local_az',
  'local_subnet_id',
  'target_port',
  'remote_vpc_id',
  'remote_region',
  'remote_az',
  'remote_subnet_id',
  'remote_instance_id',
  'remote_ip',
  'dnat_ip',
  // Workload insights only
  'account_id',
  'remote_identifier',
] as const;

/** Labels of contributor series: members of a monitor row's `kubernetesMetadata`, in snake case. */
export const KUBERNETES_LABELS = [
  'local_service_name',
  'local_pod_name',
  'local_pod_namespace',
  'remote_service_name',
  'remote_pod_name',
  'remote_pod_namespace',
] as const;

/** The values of `contributors.labels` and of a query's `contributorLabels`. */
export const ROW_LABELS = [...ROW_FIELD_LABELS, ...KUBERNETES_LABELS] as const;
export type RowLabel = (typeof ROW_LABELS)[number];

/**
 * The values of `contributors.mirrorRows`: handling of rows with target port 0, the view of a connection from its remote
 * end.
 */
export const MIRROR_ROWS = ['keep', 'drop'] as const;
export type MirrorRows = (typeof MIRROR_ROWS)[number];

/** The values of `contributors.roundTripTimeUnit`: the unit of round-trip times if a response has no unit. */
export const ROUND_TRIP_TIME_UNITS = ['SECONDS', 'MILLISECONDS', 'MICROSECONDS'] as const;
export type RoundTripTimeUnit = (typeof ROUND_TRIP_TIME_UNITS)[number];

/** The statuses of a monitor in the API model. */
export const MONITOR_STATUSES = ['PENDING', 'ACTIVE', 'INACTIVE', 'ERROR', 'DELETING'] as const;
export type MonitorStatus = (typeof MONITOR_STATUSES)[number];

/** The statuses of a scope in the API model. */
export const SCOPE_STATUSES = ['SUCCEEDED', 'IN_PROGRESS', 'FAILED', 'DEACTIVATING', 'DEACTIVATED'] as const;

/** Sources of queries: the configuration file, a discovery file, or a registration over HTTP. */
export const QUERY_SOURCES = ['config', 'file', 'http'] as const;
export type QuerySource = (typeof QUERY_SOURCES)[number];

/** The statuses of a query in the API model. Any other status is an error. */
export const QUERY_STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type QueryStatus = (typeof QUERY_STATUSES)[number];

/** Returns true for a final status. */
export function isTerminal(status: QueryStatus): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELED';
}
