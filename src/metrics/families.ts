import { CONTRIBUTOR_FAMILIES, DATAPOINT_FAMILIES } from './contributor-families.ts';
import { counter, type Family, families, gauge, histogram } from './family.ts';
import { CLOUDWATCH_FAMILIES, MONITOR_FAMILIES, QUERY_MONITOR_FAMILIES } from './monitor-families.ts';
import { REPLICA_FAMILIES } from './replica-families.ts';

const TARGET = ['account', 'aws_region'] as const;

/** Families of registered queries. Join them with `aws_nfm_query_info` on (job, instance, query). */
export const QUERY_FAMILIES = families('queries', ['query'], {
  aws_nfm_query_info: gauge(
    'Properties and configured labels of a registered query. Always 1.',
    'query_type',
    'account',
    'aws_region',
    'monitor',
    'scope_id',
    'metric_name',
    'destination_category',
    'source',
    'query_group',
    'query_id',
  ),
  aws_nfm_query_status: gauge(
    '1 for the status in the last successful GetQueryStatus response, 0 for the others. Absent if stale.',
    'status',
  ),
  aws_nfm_query_up: gauge('1 if the last call for the query succeeded, 0 if it failed. Absent before the first call.'),
  aws_nfm_query_last_error: gauge(
    'Error of the last call for the query. Always 1. Present only while aws_nfm_query_up is 0.',
    'operation',
    'error',
  ),
  aws_nfm_query_polls_total: counter('GetQueryStatus calls for the query since registration, without retries.'),
  aws_nfm_query_poll_errors_total: counter(
    'GetQueryStatus calls for the query that failed after all retries, since registration.',
  ),
  aws_nfm_query_last_success_timestamp_seconds: gauge(
    'Unix time of the last successful response to any call for the query.',
  ),
  aws_nfm_query_status_since_timestamp_seconds: gauge(
    'Unix time at which the current status was first seen, up to one polling interval after it began.',
  ),
  aws_nfm_query_registered_timestamp_seconds: gauge('Unix time at which the exporter registered the query.'),
  aws_nfm_query_interval_seconds: gauge(
    'Polling interval of a watched query, or run interval of a scheduled query, from the configuration, in seconds.',
  ),
});

/** Families of scheduled queries. */
export const RUN_FAMILIES = families('queries', ['query'], {
  aws_nfm_query_runs_total: counter(
    'Ended runs of a scheduled query since registration, by outcome. skipped: windows without a confirmed start.',
    'outcome',
  ),
  aws_nfm_query_last_run_outcome: gauge(
    '1 for the outcome of the last ended run, 0 for the others. Absent before the first run has ended.',
    'outcome',
  ),
  aws_nfm_query_run_info: gauge('Query ID that the service assigned to the last started run. Always 1.', 'query_id'),
  aws_nfm_query_last_run_duration_seconds: gauge(
    'Duration of the last run from its start request to its terminal status or its stop at the timeout, in seconds.',
  ),
  aws_nfm_query_results_timestamp_seconds: gauge(
    'Unix time of the end of the window of the last results (-data type: time of the newest point).',
  ),
  aws_nfm_query_results_window_seconds: gauge(
    'Length of the window of the last results (-data type: step between points), in seconds.',
  ),
  aws_nfm_query_contributors: gauge(
    'Rows in the last results, before merging and series limits. Absent before the first results and if stale.',
  ),
  aws_nfm_query_contributors_dropped: gauge(
    'Series of the last results that a series limit excluded, and rows beyond the limit of the query.',
  ),
  aws_nfm_query_results_truncated: gauge(
    '1 if the rows in the last results reached the limit of the query, 0 if not. Absent for the -data type and if stale.',
  ),
  aws_nfm_query_label_values_truncated_total: counter(
    'Label values of contributors that were truncated to 1,024 bytes, since registration.',
  ),
  aws_nfm_query_timeouts_total: counter(
    'TCP retransmission timeouts in all rows read since registration, without mirror rows, each window once.',
  ),
  aws_nfm_query_retransmissions_total: counter(
    'TCP retransmissions in all rows read since registration, without mirror rows, each window once.',
  ),
  aws_nfm_query_data_transferred_bytes_total: counter(
    'Data transferred in all rows read since registration, without mirror rows, each window once, in bytes.',
  ),
});

/** Families of targets. */
export const API_FAMILIES = families('api', TARGET, {
  aws_nfm_api_requests_total: counter(
    'Attempts to call the APIs of Network Flow Monitor and CloudWatch, including retries.',
    'operation',
  ),
  aws_nfm_api_errors_total: counter(
    'Failed attempts to call the APIs of Network Flow Monitor and CloudWatch, including retries, by error.',
    'operation',
    'error',
  ),
  aws_nfm_api_request_duration_seconds: histogram(
    'Duration of an attempt from sending to the end of its response, without budget waits, in seconds.',
    'operation',
  ),
  aws_nfm_api_up: gauge(
    '1 if the last attempt got a response other than an authentication, permission, throttling, or 5xx error, 0 if not.',
  ),
  aws_nfm_api_polls_due_total: counter(
    'Polls of watched queries that were due, including missed ones, since the start.',
  ),
  aws_nfm_api_polls_late_total: counter(
    'Due polls that were missed, or ended late by more than 10 s or half their interval (the longer), since the start.',
  ),
  aws_nfm_api_budget_requests_per_second: gauge(
    'Request budget in effect, reduced while the API throttles, in requests per second.',
  ),
  aws_nfm_api_budget_limit_requests_per_second: gauge(
    'Configured request budget, the lowest of targets with the same AWS account and Region, in requests per second.',
  ),
  aws_nfm_api_planned_requests_per_second: gauge(
    'Request rate that the registered queries need, without retries, in requests per second.',
  ),
  aws_nfm_api_runs: gauge(
    'Runs of scheduled queries: active (at the service or starting) or waiting (for the concurrent-run limit).',
    'state',
  ),
  aws_nfm_api_runs_limit: gauge(
    'Concurrent-run limit in effect. Quota errors reduce it, and it recovers to the configured limit.',
  ),
  aws_nfm_run_duration_seconds: histogram(
    'Duration of a run from its start request to its terminal status, in seconds.',
    'query_type',
  ),
  aws_nfm_run_wait_seconds: histogram(
    'Time that a due run waited for the concurrent-run limit and the request budget, in seconds.',
  ),
  aws_nfm_account_info: gauge(
    'AWS identity used for the account, from sts:GetCallerIdentity. Always 1. Absent before the first response.',
    'aws_account_id',
    'arn',
  ),
});

/** Families of the monitors and scopes in each target, from listings. */
export const INVENTORY_FAMILIES = families('inventory', TARGET, {
  aws_nfm_monitor_status: gauge(
    '1 for the status in the last complete ListMonitors response, 0 for the others. Absent if stale.',
    'monitor',
    'status',
  ),
  aws_nfm_scope_status: gauge(
    '1 for the status in the last complete ListScopes response, 0 for the others. Absent if stale.',
    'scope_id',
    'status',
  ),
  aws_nfm_inventory_last_success_timestamp_seconds: gauge(
    'Unix time of the last complete listing of monitors or scopes. Absent before the first one.',
    'kind',
  ),
  aws_nfm_selector_matches: gauge(
    'Matches of a selector in the last complete listing; the fewest if selectors share a name. Absent if stale.',
    'query_group',
  ),
});

/** Families of the exporter itself. */
export const EXPORTER_FAMILIES = families('exporter', [], {
  aws_nfm_exporter_build_info: gauge(
    'Version of the exporter and of Node.js. Always 1.',
    'version',
    'revision',
    'node_version',
  ),
  aws_nfm_exporter_registered_queries: gauge('Registered queries by source.', 'source'),
  aws_nfm_exporter_poll_lag_seconds: gauge('Delay of the most overdue poll, in seconds.'),
  aws_nfm_exporter_config_last_reload_successful: gauge(
    '1 if the last configuration load succeeded, 0 if it failed. 1 after a start.',
  ),
  aws_nfm_exporter_config_last_reload_success_timestamp_seconds: gauge(
    'Unix time of the last successful configuration load.',
  ),
  aws_nfm_exporter_discovery_file_last_load_successful: gauge(
    '1 if the last load of the discovery file succeeded, 0 if it failed. Absent once the file is removed.',
    'file',
  ),
  aws_nfm_exporter_discovery_file_queries: gauge(
    'Queries and selectors in the last successful load of a discovery file. Absent before it.',
    'file',
  ),
  aws_nfm_exporter_contributor_series: gauge('Exported contributor series.'),
  aws_nfm_exporter_contributor_series_limit: gauge(
    'Limit on the contributor series of all queries, from contributors.maxSeries.',
  ),
  aws_nfm_zone_info: gauge(
    'Name of an availability zone by its ID, from DescribeAvailabilityZones, up to a day old. Always 1.',
    'aws_region',
    'zone_id',
    'zone_name',
  ),
  aws_nfm_price_dollars_per_byte: gauge(
    'Price of transferred data in a Region in use, from prices in the configuration, in US dollars per byte.',
    'aws_region',
    'destination_category',
  ),
  aws_nfm_exporter_shard_ordinal: gauge('Shard whose targets the exporter has, from --shard. 0 without shards.'),
  aws_nfm_exporter_total_shards: gauge('Number of shards, from --total-shards. 1 without shards.'),
  aws_nfm_exporter_storage_writable: gauge(
    '1 if storage.path can be read and written, 0 if not. Absent without storage.path.',
  ),
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
