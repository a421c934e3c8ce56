import { CONTRIBUTOR_FAMILIES, DATAPOINT_FAMILIES } from './contributor-families.ts';
import { type Family, families } from './family.ts';

const TARGET = ['account', 'aws_region'] as const;

/** Families of registered queries. Join them with `aws_nfm_query_info` on (job, instance, query). */
export const QUERY_FAMILIES = families('queries', {
  aws_nfm_query_info: {
    type: 'gauge',
    labels: [
      'query',
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
    ],
    help: 'Identity of a registered query, with its own labels, from the configuration. Always 1.',
  },
  aws_nfm_query_status: {
    type: 'gauge',
    labels: ['query', 'status'],
    help: '1 for the status in the last successful GetQueryStatus response, 0 for the others. Absent if stale.',
  },
  aws_nfm_query_up: {
    type: 'gauge',
    labels: ['query'],
    help: '1 if the last call for the query succeeded, 0 if it failed. Absent before the first call.',
  },
  aws_nfm_query_last_error: {
    type: 'gauge',
    labels: ['query', 'operation', 'error'],
    help: 'Error of the last call for the query. Always 1. Present only while aws_nfm_query_up is 0.',
  },
  aws_nfm_query_polls_total: {
    type: 'counter',
    labels: ['query'],
    help: 'GetQueryStatus calls for the query since registration, without retries.',
  },
  aws_nfm_query_poll_errors_total: {
    type: 'counter',
    labels: ['query'],
    help: 'GetQueryStatus calls for the query that failed after all retries, since registration.',
  },
  aws_nfm_query_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Unix time of the last successful response to any call for the query.',
  },
  aws_nfm_query_status_since_timestamp_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Unix time at which the current status was first seen, up to one polling interval after it began.',
  },
  aws_nfm_query_registered_timestamp_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Unix time at which the exporter registered the query.',
  },
  aws_nfm_query_interval_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Polling interval of a watched query, or run interval of a scheduled query, from the configuration, in seconds.',
  },
});

/** Families of scheduled queries. */
export const RUN_FAMILIES = families('queries', {
  aws_nfm_query_runs_total: {
    type: 'counter',
    labels: ['query', 'outcome'],
    help: 'Ended runs of a scheduled query since registration, by outcome. skipped: windows without a confirmed start.',
  },
  aws_nfm_query_last_run_outcome: {
    type: 'gauge',
    labels: ['query', 'outcome'],
    help: '1 for the outcome of the last ended run, 0 for the others. Absent before the first run has ended.',
  },
  aws_nfm_query_run_info: {
    type: 'gauge',
    labels: ['query', 'query_id'],
    help: 'Query ID that the service assigned to the last started run. Always 1.',
  },
  aws_nfm_query_last_run_duration_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Duration of the last run from its start request to its terminal status or its stop at the timeout, in seconds.',
  },
  aws_nfm_query_results_timestamp_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Unix time of the end of the window of the last results (-data type: time of the newest point).',
  },
  aws_nfm_query_results_window_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Length of the window of the last results (-data type: step between points), in seconds.',
  },
  aws_nfm_query_contributors: {
    type: 'gauge',
    labels: ['query'],
    help: 'Rows in the last results, before merging and series limits. Absent before the first results and if stale.',
  },
  aws_nfm_query_contributors_dropped: {
    type: 'gauge',
    labels: ['query'],
    help: 'Series of the last results that a series limit excluded, and rows beyond the limit of the query.',
  },
  aws_nfm_query_label_values_truncated_total: {
    type: 'counter',
    labels: ['query'],
    help: 'Label values of contributors that were truncated to 1,024 bytes, since registration.',
  },
  aws_nfm_query_timeouts_total: {
    type: 'counter',
    labels: ['query'],
    help: 'TCP retransmission timeouts in all rows read since registration, without mirror rows, each window once.',
  },
  aws_nfm_query_retransmissions_total: {
    type: 'counter',
    labels: ['query'],
    help: 'TCP retransmissions in all rows read since registration, without mirror rows, each window once.',
  },
  aws_nfm_query_data_transferred_bytes_total: {
    type: 'counter',
    labels: ['query'],
    help: 'Data transferred in all rows read since registration, without mirror rows, each window once, in bytes.',
  },
});

/** Families of targets. */
export const API_FAMILIES = families('api', {
  aws_nfm_api_requests_total: {
    type: 'counter',
    labels: [...TARGET, 'operation'],
    help: 'Attempts to call the Network Flow Monitor API, including retries.',
  },
  aws_nfm_api_errors_total: {
    type: 'counter',
    labels: [...TARGET, 'operation', 'error'],
    help: 'Failed attempts to call the Network Flow Monitor API, including retries, by error.',
  },
  aws_nfm_api_request_duration_seconds: {
    type: 'histogram',
    labels: [...TARGET, 'operation'],
    help: 'Duration of an attempt from sending to the end of its response, without budget waits, in seconds.',
  },
  aws_nfm_api_up: {
    type: 'gauge',
    labels: TARGET,
    help: '1 if the last attempt got a response other than an authentication, permission, throttling, or 5xx error, 0 if not.',
  },
  aws_nfm_api_budget_requests_per_second: {
    type: 'gauge',
    labels: TARGET,
    help: 'Request budget in effect, reduced while the API throttles, in requests per second.',
  },
  aws_nfm_api_budget_limit_requests_per_second: {
    type: 'gauge',
    labels: TARGET,
    help: 'Configured request budget, the lowest of targets with the same AWS account and region, in requests per second.',
  },
  aws_nfm_api_planned_requests_per_second: {
    type: 'gauge',
    labels: TARGET,
    help: 'Request rate that the registered queries need, without retries, in requests per second.',
  },
  aws_nfm_api_runs: {
    type: 'gauge',
    labels: [...TARGET, 'state'],
    help: 'Runs of scheduled queries: active (at the service or starting) or waiting (for the concurrent-run limit).',
  },
  aws_nfm_api_runs_limit: {
    type: 'gauge',
    labels: TARGET,
    help: 'Concurrent-run limit in effect. Reduced by quota errors, then recovering to the configured limit.',
  },
  aws_nfm_run_duration_seconds: {
    type: 'histogram',
    labels: [...TARGET, 'query_type'],
    help: 'Duration of a run from its start request to its terminal status, in seconds.',
  },
  aws_nfm_run_wait_seconds: {
    type: 'histogram',
    labels: TARGET,
    help: 'Time that a due run waited for the concurrent-run limit and the request budget, in seconds.',
  },
  aws_nfm_account_info: {
    type: 'gauge',
    labels: [...TARGET, 'aws_account_id', 'arn'],
    help: 'AWS identity used for the account, from sts:GetCallerIdentity. Always 1. Absent before the first response.',
  },
});

/** Families of the monitors and scopes in each target, from listings. */
export const INVENTORY_FAMILIES = families('inventory', {
  aws_nfm_monitor_status: {
    type: 'gauge',
    labels: [...TARGET, 'monitor', 'status'],
    help: '1 for the status in the last complete ListMonitors response, 0 for the others. Absent if stale.',
  },
  aws_nfm_scope_status: {
    type: 'gauge',
    labels: [...TARGET, 'scope_id', 'status'],
    help: '1 for the status in the last complete ListScopes response, 0 for the others. Absent if stale.',
  },
  aws_nfm_inventory_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: [...TARGET, 'kind'],
    help: 'Unix time of the last complete listing of monitors or scopes. Absent before the first one.',
  },
  aws_nfm_selector_matches: {
    type: 'gauge',
    labels: [...TARGET, 'query_group'],
    help: 'Matches of a selector in the last complete listing; the fewest if selectors share a name. Absent if stale.',
  },
});

/** Families of the exporter itself. */
export const EXPORTER_FAMILIES = families('exporter', {
  aws_nfm_exporter_build_info: {
    type: 'gauge',
    labels: ['version', 'revision', 'node_version'],
    help: 'Version of the exporter and of Node.js. Always 1.',
  },
  aws_nfm_exporter_registered_queries: {
    type: 'gauge',
    labels: ['source'],
    help: 'Registered queries by source.',
  },
  aws_nfm_exporter_poll_lag_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Delay of the most overdue poll, in seconds.',
  },
  aws_nfm_exporter_config_last_reload_successful: {
    type: 'gauge',
    labels: [],
    help: '1 if the last configuration load succeeded, 0 if it failed. 1 after a start.',
  },
  aws_nfm_exporter_config_last_reload_success_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Unix time of the last successful configuration load.',
  },
  aws_nfm_exporter_discovery_file_last_load_successful: {
    type: 'gauge',
    labels: ['file'],
    help: '1 if the last load of the discovery file succeeded, 0 if it failed. Absent once the file is removed.',
  },
  aws_nfm_exporter_discovery_file_queries: {
    type: 'gauge',
    labels: ['file'],
    help: 'Queries and selectors in the last successful load of a discovery file. Absent before it.',
  },
  aws_nfm_exporter_contributor_series: {
    type: 'gauge',
    labels: [],
    help: 'Exported contributor series.',
  },
  aws_nfm_exporter_contributor_series_limit: {
    type: 'gauge',
    labels: [],
    help: 'Limit on the contributor series of all queries, from contributors.maxSeries.',
  },
  aws_nfm_exporter_storage_writable: {
    type: 'gauge',
    labels: [],
    help: '1 if storage.path can be read and written, 0 if not. Absent without storage.path.',
  },
});

/** All families of the exporter in the order of the exposition. Those of the runtime follow them. */
export const FAMILIES: readonly Family[] = [
  ...Object.values(QUERY_FAMILIES),
  ...Object.values(RUN_FAMILIES),
  ...Object.values(CONTRIBUTOR_FAMILIES),
  ...Object.values(DATAPOINT_FAMILIES),
  ...Object.values(API_FAMILIES),
  ...Object.values(INVENTORY_FAMILIES),
  ...Object.values(EXPORTER_FAMILIES),
];
