import { type MetricName, ROW_LABELS } from '../model/vocabulary.ts';

/** Groups of families, the values of `collect[]`. */
export const METRIC_GROUPS = [
  'queries',
  'contributors',
  'api',
  'inventory',
  'monitors',
  'exporter',
  'process',
] as const;
export type MetricGroup = (typeof METRIC_GROUPS)[number];

/** A metric family of the exporter. The documentation is generated from these. */
export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** Value, source, and age in at most 120 characters. No quotes and backslashes, which the formats escape differently. */
  readonly help: string;
  /** In the order of the exposition. */
  readonly labels: readonly string[];
  readonly group: MetricGroup;
}

/** `name` or `name{label,other_label}` with the labels beside the common ones of the table. Only histograms have the label `le`. */
type NameIn<Key extends string> = Key extends `${infer Name}{${string}}` ? Name : Key;

/** Creates the families of a group from their HELP, with type-checked names. All of them have the `common` labels first. */
function families<Key extends string>(
  group: MetricGroup,
  common: readonly string[],
  table: Readonly<Record<Key, string>>,
): { readonly [Name in NameIn<Key>]: Family } {
  const entries = Object.entries<string>(table).map(([key, help]) => {
    const [name = '', ...labels] = key.match(/\w+/g) ?? [];
    const shown = labels.filter((label) => label !== 'le');
    return [name, { name, type: typeOf(name, labels), help, group, labels: [...common, ...shown] }];
  });
  return Object.fromEntries(entries);
}

function typeOf(name: string, labels: readonly string[]): Family['type'] {
  if (labels.includes('le')) {
    return 'histogram';
  }
  return name.endsWith('_total') ? 'counter' : 'gauge';
}

/** Returns the names of a record. Its type must have all of them. */
export function keysOf<Name extends string>(record: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(record) as Name[]; // the record has exactly these keys
}

const TARGET = ['account', 'aws_region'] as const;

/** Families of registered queries. Join them with `aws_nfm_query_info` on (job, instance, query). */
export const QUERY_FAMILIES = families('queries', ['query'], {
  'aws_nfm_query_info{query_type,account,aws_region,monitor,scope_id,metric_name,destination_category,source,query_group,query_id}':
    'Properties and configured labels of a registered query. Always 1.',
  'aws_nfm_query_status{status}':
    '1 for the status in the last successful GetQueryStatus response, 0 for the others. Absent if stale.',
  aws_nfm_query_up: '1 if the last call for the query succeeded, 0 if it failed. Absent before the first call.',
  'aws_nfm_query_last_error{operation,error}':
    'Error of the last call for the query. Always 1. Present only while aws_nfm_query_up is 0.',
  aws_nfm_query_polls_total: 'GetQueryStatus calls for the query since registration, without retries.',
  aws_nfm_query_poll_errors_total:
    'GetQueryStatus calls for the query that failed after all retries, since registration.',
  aws_nfm_query_last_success_timestamp_seconds: 'Unix time of the last successful response to any call for the query.',
  aws_nfm_query_status_since_timestamp_seconds:
    'Unix time at which the current status was first seen, up to one polling interval after it began.',
  aws_nfm_query_registered_timestamp_seconds: 'Unix time at which the exporter registered the query.',
  aws_nfm_query_interval_seconds:
    'Polling interval of a watched query, or run interval of a scheduled query, from the configuration, in seconds.',
});

export const RUN_FAMILIES = families('queries', ['query'], {
  'aws_nfm_query_runs_total{outcome}':
    'Ended runs of a scheduled query since registration, by outcome. skipped: windows without a confirmed start.',
  'aws_nfm_query_last_run_outcome{outcome}':
    '1 for the outcome of the last ended run, 0 for the others. Absent before the first run has ended.',
  'aws_nfm_query_run_info{query_id}': 'Query ID that the service assigned to the last started run. Always 1.',
  aws_nfm_query_last_run_duration_seconds:
    'Duration of the last run from its start request to its terminal status or its stop at the timeout, in seconds.',
  aws_nfm_query_results_timestamp_seconds:
    'Unix time of the end of the window of the last results (-data type: time of the newest point).',
  aws_nfm_query_results_window_seconds:
    'Length of the window of the last results (-data type: step between points), in seconds.',
  aws_nfm_query_contributors:
    'Rows in the last results, before merging and series limits. Absent before the first results and if stale.',
  aws_nfm_query_contributors_dropped:
    'Series of the last results that a series limit excluded, and rows beyond the limit of the query.',
  aws_nfm_query_results_truncated:
    '1 if the rows in the last results reached the limit of the query, 0 if not. Absent for the -data type and if stale.',
  aws_nfm_query_label_values_truncated_total:
    'Label values of contributors that were truncated to 1,024 bytes, since registration.',
  aws_nfm_query_timeouts_total:
    'TCP retransmission timeouts in all rows read since registration, without mirror rows, each window once.',
  aws_nfm_query_retransmissions_total:
    'TCP retransmissions in all rows read since registration, without mirror rows, each window once.',
  aws_nfm_query_data_transferred_bytes_total:
    'Data transferred in all rows read since registration, without mirror rows, each window once, in bytes.',
});

const CONTRIBUTORS = families(
  'contributors',
  ['query', ...TARGET, 'monitor', 'scope_id', 'destination_category', 'mirror', ...ROW_LABELS],
  {
    aws_nfm_contributor_round_trip_time_seconds:
      'Average TCP round-trip time of a top contributor over the window of the last successful run, in seconds.',
    aws_nfm_contributor_timeouts:
      'TCP retransmission timeouts of a top contributor over the window of the last successful run.',
    aws_nfm_contributor_retransmissions:
      'TCP retransmissions of a top contributor over the window of the last successful run.',
    aws_nfm_contributor_data_transferred_bytes:
      'Data transferred by a top contributor over the window of the last successful run, in bytes.',
  },
);

/** Families of the rows of the last results, by metric of the query. */
export const CONTRIBUTOR_FAMILIES: Readonly<Record<MetricName, Family>> = {
  ROUND_TRIP_TIME: CONTRIBUTORS.aws_nfm_contributor_round_trip_time_seconds,
  TIMEOUTS: CONTRIBUTORS.aws_nfm_contributor_timeouts,
  RETRANSMISSIONS: CONTRIBUTORS.aws_nfm_contributor_retransmissions,
  DATA_TRANSFERRED: CONTRIBUTORS.aws_nfm_contributor_data_transferred_bytes,
};

const DATAPOINTS = families('contributors', ['query', ...TARGET, 'scope_id', 'destination_category', 'series'], {
  aws_nfm_datapoint_timeouts:
    'TCP retransmission timeouts in the newest data point of a series of the last successful run.',
  aws_nfm_datapoint_retransmissions:
    'TCP retransmissions in the newest data point of a series of the last successful run.',
  aws_nfm_datapoint_data_transferred_bytes:
    'Data transferred in the newest data point of a series of the last successful run, in bytes.',
});

/** Families of the newest data points of the last results, by metric of a `-data` query, which has no round-trip times. */
export const DATAPOINT_FAMILIES: Readonly<Record<Exclude<MetricName, 'ROUND_TRIP_TIME'>, Family>> = {
  TIMEOUTS: DATAPOINTS.aws_nfm_datapoint_timeouts,
  RETRANSMISSIONS: DATAPOINTS.aws_nfm_datapoint_retransmissions,
  DATA_TRANSFERRED: DATAPOINTS.aws_nfm_datapoint_data_transferred_bytes,
};

export const API_FAMILIES = families('api', TARGET, {
  'aws_nfm_api_requests_total{operation}':
    'Attempts to call the APIs of Network Flow Monitor and CloudWatch, including retries.',
  'aws_nfm_api_errors_total{operation,error}':
    'Failed attempts to call the APIs of Network Flow Monitor and CloudWatch, including retries, by error.',
  'aws_nfm_api_request_duration_seconds{operation,le}':
    'Duration of an attempt from sending to the end of its response, without budget waits, in seconds.',
  aws_nfm_api_up:
    '1 if the last attempt got a response other than an authentication, permission, throttling, or 5xx error, 0 if not.',
  aws_nfm_api_polls_due_total: 'Polls of watched queries that were due, including missed ones, since the start.',
  aws_nfm_api_polls_late_total:
    'Due polls that were missed, or ended late by more than 10 s or half their interval (the longer), since the start.',
  aws_nfm_api_budget_requests_per_second:
    'Request budget in effect, reduced while the API throttles, in requests per second.',
  aws_nfm_api_budget_limit_requests_per_second:
    'Configured request budget, the lowest of targets with the same AWS account and Region, in requests per second.',
  aws_nfm_api_planned_requests_per_second:
    'Request rate that the registered queries need, without retries, in requests per second.',
  'aws_nfm_api_runs{state}':
    'Runs of scheduled queries: active (at the service or starting) or waiting (for the concurrent-run limit).',
  aws_nfm_api_runs_limit:
    'Concurrent-run limit in effect. Quota errors reduce it, and it recovers to the configured limit.',
  'aws_nfm_run_duration_seconds{query_type,le}':
    'Duration of a run from its start request to its terminal status, in seconds.',
  'aws_nfm_run_wait_seconds{le}':
    'Time that a due run waited for the concurrent-run limit and the request budget, in seconds.',
  'aws_nfm_account_info{aws_account_id,arn}':
    'AWS identity used for the account, from sts:GetCallerIdentity. Always 1. Absent before the first response.',
});

/** Families of the monitors and scopes in each target, from listings. */
export const INVENTORY_FAMILIES = families('inventory', TARGET, {
  'aws_nfm_monitor_status{monitor,status}':
    '1 for the status in the last complete ListMonitors response, 0 for the others. Absent if stale.',
  'aws_nfm_scope_status{scope_id,status}':
    '1 for the status in the last complete ListScopes response, 0 for the others. Absent if stale.',
  'aws_nfm_inventory_last_success_timestamp_seconds{kind}':
    'Unix time of the last complete listing of monitors or scopes. Absent before the first one.',
  'aws_nfm_selector_matches{query_group}':
    'Matches of a selector in the last complete listing; the fewest if selectors share a name. Absent if stale.',
});

export const MONITOR_FAMILIES = families('monitors', [...TARGET, 'monitor'], {
  aws_nfm_monitor_health_degraded:
    "1 if AWS's network was degraded in one of the last 3 minutes with data, 0 if not. Absent if 15 minutes old.",
  aws_nfm_monitor_degraded_seconds_total:
    "Minutes with a degraded network of AWS, from CloudWatch's HealthIndicator, each once, late ones too, in seconds.",
  aws_nfm_monitor_observed_seconds_total:
    "Minutes with a value of CloudWatch's HealthIndicator, each once, late ones too, in seconds.",
  aws_nfm_monitor_round_trip_time_seconds:
    'Average round-trip time of the newest minute with data, in seconds. Absent if older than 5 reads.',
  aws_nfm_monitor_round_trip_time_limit_seconds:
    'Limit of round-trip times from cloudwatch.roundTripTimeLimits, in seconds. Absent without one.',
  aws_nfm_monitor_round_trip_time_above_limit_seconds_total:
    'Minutes with an average round-trip time above the limit, from CloudWatch, each once, late ones too, in seconds.',
  aws_nfm_monitor_round_trip_time_observed_seconds_total:
    'Minutes with a round-trip time while there is a limit, from CloudWatch, each once, late ones too, in seconds.',
  aws_nfm_monitor_retransmissions_total:
    "TCP retransmissions of all flows, from CloudWatch's minutes, each once, since the start.",
  aws_nfm_monitor_timeouts_total:
    "TCP retransmission timeouts of all flows, from CloudWatch's minutes, each once, since the start.",
  aws_nfm_monitor_data_transferred_bytes_total:
    "Data transferred by all flows, from CloudWatch's minutes, each once, since the start, in bytes.",
  aws_nfm_monitor_metrics_timestamp_seconds: 'Unix time of the end of the newest minute of any metric from CloudWatch.',
});

export const CLOUDWATCH_FAMILIES = families('monitors', TARGET, {
  aws_nfm_cloudwatch_metrics_requested_total: 'Metrics requested from CloudWatch since the start, which AWS bills.',
  aws_nfm_cloudwatch_periods_missed_total:
    'Minutes of metrics that were never read, because reads stopped for longer than the lookback, since the start.',
  aws_nfm_cloudwatch_limited: '1 if cloudwatch.maxMetricsPerDay stretches an interval of reads, 0 if not.',
});

/** Families of queries that depend on metrics of their monitor. */
export const QUERY_MONITOR_FAMILIES = families('queries', ['query'], {
  aws_nfm_query_monitor_data_transferred_bytes:
    "CloudWatch's DataTransferred of the monitor in the window of the last results, in bytes. Absent for 15 minutes after it.",
});

export const EXPORTER_FAMILIES = families('exporter', [], {
  'aws_nfm_exporter_build_info{version,revision,node_version}': 'Version of the exporter and of Node.js. Always 1.',
  'aws_nfm_exporter_registered_queries{source}': 'Registered queries by source.',
  aws_nfm_exporter_poll_lag_seconds: 'Delay of the most overdue poll, in seconds.',
  aws_nfm_exporter_config_last_reload_successful:
    '1 if the last configuration load succeeded, 0 if it failed. 1 after a start.',
  aws_nfm_exporter_config_last_reload_success_timestamp_seconds: 'Unix time of the last successful configuration load.',
  'aws_nfm_exporter_discovery_file_last_load_successful{file}':
    '1 if the last load of the discovery file succeeded, 0 if it failed. Absent once the file is removed.',
  'aws_nfm_exporter_discovery_file_queries{file}':
    'Queries and selectors in the last successful load of a discovery file. Absent before it.',
  aws_nfm_exporter_contributor_series: 'Exported contributor series.',
  aws_nfm_exporter_contributor_series_limit:
    'Limit on the contributor series of all queries, from contributors.maxSeries.',
  'aws_nfm_zone_info{aws_region,zone_id,zone_name}':
    'Name of an availability zone by its ID, from DescribeAvailabilityZones, up to a day old. Always 1.',
  'aws_nfm_price_dollars_per_byte{aws_region,destination_category}':
    'Price of transferred data in a Region in use, from prices in the configuration, in US dollars per byte.',
  aws_nfm_exporter_shard_ordinal: 'Shard whose targets the exporter has, from --shard. 0 without shards.',
  aws_nfm_exporter_total_shards: 'Number of shards, from --total-shards. 1 without shards.',
  aws_nfm_exporter_storage_writable:
    '1 if storage.path can be read and written, 0 if not. Absent without storage.path.',
});

/** Families of replicas. They exist only if the configuration has replicas. */
export const REPLICA_FAMILIES = families('exporter', [], {
  aws_nfm_replica_epoch: 'Number of the lead if this member leads its replicas, 0 on a standby.',
  aws_nfm_replica_leader: '1 if this member leads its replicas, 0 on a standby.',
  aws_nfm_replica_members: 'Living members of the replicas, as last read from the shared storage.',
  'aws_nfm_replica_member_info{group,id,version,config}':
    'This member of the replicas, with its exporter version and a hash of its configuration. Always 1.',
  aws_nfm_replica_config_mismatch: '1 if the leader has another configuration than this member, 0 otherwise.',
  aws_nfm_replica_clock_offset_seconds:
    'Local wall clock minus the clock of the shared storage, in seconds. Absent before the first call.',
  aws_nfm_replica_engine_up: '1 if the last heartbeat to the shared storage succeeded, 0 if it failed.',
  'aws_nfm_replica_engine_requests_total{operation}': 'Requests to the shared storage by operation.',
  'aws_nfm_replica_engine_errors_total{error}': 'Failed requests to the shared storage by error.',
  aws_nfm_replica_engine_rollbacks_total: 'Times at which the shared storage was found in an earlier state.',
  'aws_nfm_replica_takeovers_total{reason}': 'Leads that this member has taken, by reason.',
  aws_nfm_replica_fenced_starts_total:
    'Starts of runs that a register in the shared storage prevented, because another member had written it.',
});

/** All families of the exporter in the order of the exposition. Those of the runtime follow them. */
export const FAMILIES: readonly Family[] = [
  ...Object.values(QUERY_FAMILIES),
  ...Object.values(RUN_FAMILIES),
  ...Object.values(CONTRIBUTOR_FAMILIES),
  ...Object.values(DATAPOINT_FAMILIES),
  ...Object.values(API_FAMILIES),
  ...Object.values(INVENTORY_FAMILIES),
  ...Object.values(MONITOR_FAMILIES),
  ...Object.values(CLOUDWATCH_FAMILIES),
  ...Object.values(QUERY_MONITOR_FAMILIES),
  ...Object.values(EXPORTER_FAMILIES),
  ...Object.values(REPLICA_FAMILIES),
];
