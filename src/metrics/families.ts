import { CONTRIBUTOR_FAMILIES, DATAPOINT_FAMILIES } from './contributor-families.ts';
import { type Family, families } from './family.ts';

const TARGET = ['account', 'aws_region'] as const;

/** One query each; `query` is its name, and joins go through `aws_nfm_query_info` on (job, instance, query). */
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
    help: 'Identity of a registered query, always 1, from the configuration, with the labels that the user gave it; changes only with the configuration.',
  },
  aws_nfm_query_status: {
    type: 'gauge',
    labels: ['query', 'status'],
    help: 'Status of the query as the last good GetQueryStatus answer told: 1 for the current one, 0 for the others; as old as aws_nfm_query_last_success_timestamp_seconds says, absent when older than polling.staleAfter and not terminal.',
  },
  aws_nfm_query_up: {
    type: 'gauge',
    labels: ['query'],
    help: 'Whether the last request for the query was answered well (1) or not (0); absent before the first.',
  },
  aws_nfm_query_last_error: {
    type: 'gauge',
    labels: ['query', 'operation', 'error'],
    help: 'Why the last request for the query failed, always 1; present only while aws_nfm_query_up is 0.',
  },
  aws_nfm_query_polls_total: {
    type: 'counter',
    labels: ['query'],
    help: 'GetQueryStatus calls made for the query since it was registered; retries of a call are not counted.',
  },
  aws_nfm_query_poll_errors_total: {
    type: 'counter',
    labels: ['query'],
    help: 'GetQueryStatus calls for the query that failed for good, after retries.',
  },
  aws_nfm_query_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Unix time of the last good answer to any request for the query.',
  },
  aws_nfm_query_status_since_timestamp_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Unix time at which the current status of the query was first seen; up to one polling interval after it began.',
  },
  aws_nfm_query_registered_timestamp_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Unix time at which the exporter registered the query.',
  },
  aws_nfm_query_interval_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Seconds from poll to poll of a watched query, from run to run of a scheduled one, from the configuration.',
  },
});

/** One scheduled query each. */
export const RUN_FAMILIES = families('queries', {
  aws_nfm_query_runs_total: {
    type: 'counter',
    labels: ['query', 'outcome'],
    help: 'Ended runs of a scheduled query since registration, by outcome; skipped: windows without a confirmed start.',
  },
  aws_nfm_query_last_run_outcome: {
    type: 'gauge',
    labels: ['query', 'outcome'],
    help: 'How the last run of a scheduled query ended: 1 for its outcome, 0 for the others; absent before the first has ended.',
  },
  aws_nfm_query_run_info: {
    type: 'gauge',
    labels: ['query', 'query_id'],
    help: 'The id that the service gave the last run that was started, always 1.',
  },
  aws_nfm_query_last_run_duration_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Seconds from the request to start a run to its terminal status, or until it was stopped for its timeout; of the last run that came so far.',
  },
  aws_nfm_query_results_timestamp_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Unix time of the end of the window of the last results that were read; of the -data type: of the newest point.',
  },
  aws_nfm_query_results_window_seconds: {
    type: 'gauge',
    labels: ['query'],
    help: 'Length of the window that the values of the last results are sums over (round-trip times: averages); of the -data type: seconds from point to point.',
  },
  aws_nfm_query_contributors: {
    type: 'gauge',
    labels: ['query'],
    help: 'Rows in the last results, before merging and capping; absent before the first and once they are dropped for their age.',
  },
  aws_nfm_query_contributors_dropped: {
    type: 'gauge',
    labels: ['query'],
    help: 'Series of the last results that contributors.maxSeriesPerQuery or contributors.maxSeries left out, and rows beyond limit.',
  },
  aws_nfm_query_label_values_truncated_total: {
    type: 'counter',
    labels: ['query'],
    help: 'Label values of contributors longer than 1,024 bytes, which were cut, since the query was registered.',
  },
  aws_nfm_query_timeouts_total: {
    type: 'counter',
    labels: ['query'],
    help: 'TCP retransmission timeouts in all rows that runs of the query have read, each window once, mirror rows left out.',
  },
  aws_nfm_query_retransmissions_total: {
    type: 'counter',
    labels: ['query'],
    help: 'TCP retransmissions in all rows that runs of the query have read, each window once, mirror rows left out.',
  },
  aws_nfm_query_data_transferred_bytes_total: {
    type: 'counter',
    labels: ['query'],
    help: 'Bytes in all rows that runs of the query have read, each window once, mirror rows left out.',
  },
});

/** One target each: an account of the configuration in one region. */
export const API_FAMILIES = families('api', {
  aws_nfm_api_requests_total: {
    type: 'counter',
    labels: [...TARGET, 'operation'],
    help: 'Attempts to call the Network Flow Monitor API, retries included.',
  },
  aws_nfm_api_errors_total: {
    type: 'counter',
    labels: [...TARGET, 'operation', 'error'],
    help: 'Attempts to call the Network Flow Monitor API that failed, retries included, by kind of error.',
  },
  aws_nfm_api_request_duration_seconds: {
    type: 'histogram',
    labels: [...TARGET, 'operation'],
    help: 'Time from sending an attempt to the end of its answer, in seconds; waits for the request budget are not part of it.',
  },
  aws_nfm_api_up: {
    type: 'gauge',
    labels: TARGET,
    help: 'Whether the last attempt was answered by the service with anything but an authentication, permission, throttling or 5xx error; absent before the first.',
  },
  aws_nfm_api_budget_requests_per_second: {
    type: 'gauge',
    labels: TARGET,
    help: 'Requests a second that the exporter allows itself now; halved while the API throttles, growing back to the limit.',
  },
  aws_nfm_api_budget_limit_requests_per_second: {
    type: 'gauge',
    labels: TARGET,
    help: 'Requests a second that the configuration allows; targets that are one AWS account and region share the lower limit.',
  },
  aws_nfm_api_planned_requests_per_second: {
    type: 'gauge',
    labels: TARGET,
    help: 'Requests a second that the registered queries need, without retries; queries that are no longer polled need none.',
  },
  aws_nfm_api_runs: {
    type: 'gauge',
    labels: [...TARGET, 'state'],
    help: 'Runs of scheduled queries now: active ones are at the service or being started, waiting ones have no room under the run cap yet.',
  },
  aws_nfm_api_runs_limit: {
    type: 'gauge',
    labels: TARGET,
    help: 'Runs that may be active now; lowered by quota errors, growing back to the configured limit.',
  },
  aws_nfm_run_duration_seconds: {
    type: 'histogram',
    labels: [...TARGET, 'query_type'],
    help: 'Time from the request to start a run to its terminal status, in seconds.',
  },
  aws_nfm_run_wait_seconds: {
    type: 'histogram',
    labels: TARGET,
    help: 'Time that runs have waited for the run cap and the request budget after they were due, in seconds.',
  },
  aws_nfm_account_info: {
    type: 'gauge',
    labels: [...TARGET, 'aws_account_id', 'arn'],
    help: 'Who AWS STS says the exporter is there, always 1; the ARN of an assumed role without its session name. Absent until STS has answered.',
  },
});

/** What there is in each target, as listings find it. */
export const INVENTORY_FAMILIES = families('inventory', {
  aws_nfm_monitor_status: {
    type: 'gauge',
    labels: [...TARGET, 'monitor', 'status'],
    help: 'Status of a monitor as the last good ListMonitors answer told: 1 for the current one, 0 for the others; gone with the monitor, and once that answer is older than three times discovery.monitorsEvery.',
  },
  aws_nfm_scope_status: {
    type: 'gauge',
    labels: [...TARGET, 'scope_id', 'status'],
    help: 'Status of a scope as the last good ListScopes answer told: 1 for the current one, 0 for the others; gone with the scope, and once that answer is older than three times discovery.monitorsEvery.',
  },
  aws_nfm_inventory_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: [...TARGET, 'kind'],
    help: 'Unix time at which monitors or scopes were last listed to the end; absent before the first time.',
  },
  aws_nfm_selector_matches: {
    type: 'gauge',
    labels: [...TARGET, 'query_group'],
    help: 'Matches of a selector in the last successful listing; of selectors of the same name, the fewest. Absent if stale.',
  },
});

/** The exporter itself. */
export const EXPORTER_FAMILIES = families('exporter', {
  aws_nfm_exporter_build_info: {
    type: 'gauge',
    labels: ['version', 'revision', 'node_version'],
    help: 'Version of the exporter and of Node it runs on, always 1.',
  },
  aws_nfm_exporter_registered_queries: {
    type: 'gauge',
    labels: ['source'],
    help: 'Queries registered now, by where they come from.',
  },
  aws_nfm_exporter_poll_lag_seconds: {
    type: 'gauge',
    labels: [],
    help: 'How late the most overdue poll is now, in seconds; grows while a request budget does not suffice.',
  },
  aws_nfm_exporter_config_last_reload_successful: {
    type: 'gauge',
    labels: [],
    help: 'Whether the last attempt to load the configuration succeeded; 1 after a start.',
  },
  aws_nfm_exporter_config_last_reload_success_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Unix time at which the configuration was last loaded well.',
  },
  aws_nfm_exporter_discovery_file_last_load_successful: {
    type: 'gauge',
    labels: ['file'],
    help: 'Whether a discovery file is good (1), or bad or unreadable (0) as it was last read; while it is bad, its last good queries stay. Gone with the file.',
  },
  aws_nfm_exporter_discovery_file_queries: {
    type: 'gauge',
    labels: ['file'],
    help: 'Queries and selectors from the last successful read of a discovery file. Absent before that.',
  },
  aws_nfm_exporter_contributor_series: {
    type: 'gauge',
    labels: [],
    help: 'Contributor series that are exported now.',
  },
  aws_nfm_exporter_contributor_series_limit: {
    type: 'gauge',
    labels: [],
    help: 'Contributor series that contributors.maxSeries allows over all queries.',
  },
  aws_nfm_exporter_storage_writable: {
    type: 'gauge',
    labels: [],
    help: '1 if storage.path can be read and written, 0 if not, checked every 10 seconds while 0. Absent without storage.path.',
  },
});

/** Every family of ours, in the order of the exposition. Those of the runtime follow them. */
export const FAMILIES: readonly Family[] = [
  ...Object.values(QUERY_FAMILIES),
  ...Object.values(RUN_FAMILIES),
  ...Object.values(CONTRIBUTOR_FAMILIES),
  ...Object.values(DATAPOINT_FAMILIES),
  ...Object.values(API_FAMILIES),
  ...Object.values(INVENTORY_FAMILIES),
  ...Object.values(EXPORTER_FAMILIES),
];
