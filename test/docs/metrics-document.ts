import type { ApiErrorName } from '../../src/aws/errors.ts';
import { API_ERRORS } from '../../src/aws/errors.ts';
import { LIST_OPERATIONS, QUERY_OPERATIONS, TAGS_OPERATION } from '../../src/aws/operations.ts';
import {
  API_FAMILIES,
  FAMILIES,
  type Family,
  METRIC_GROUPS,
  type MetricGroup,
  QUERY_FAMILIES,
} from '../../src/metrics/families.ts';
import { RUN_OUTCOMES } from '../../src/model/run.ts';
import { QUERY_SOURCES, QUERY_STATUSES, QUERY_TYPES, ROW_LABELS } from '../../src/model/vocabulary.ts';
import { REQUEST_BUCKETS, RUN_BUCKETS } from '../../src/state/api-stats.ts';
import { CALL_KINDS } from '../../src/state/query-state.ts';
import { code, codes, table } from './markdown.ts';
import { PROMQL_EXAMPLES } from './promql-examples.ts';

/** What is in each group, for the list of groups. */
const GROUPS: Readonly<Record<MetricGroup, string>> = {
  queries: 'Registered queries: identity, status, errors, times, and runs',
  contributors: 'Top contributors and data points of scheduled queries',
  api: 'Each account and Region: attempts, errors, durations, budget, and runs',
  inventory: 'Status of the monitors and scopes in each account and Region that a query uses',
  monitors: 'Monitor metrics from CloudWatch, and the reads',
  exporter: 'The exporter itself',
  process: 'The process and Node.js',
};

/** Rules of a group that its HELP texts are too short for. */
const NOTES: Readonly<Partial<Record<MetricGroup, string>>> = {
  monitors: `- Without \`cloudwatch\` in the configuration, the group is empty. A metric that is not in \`cloudwatch.metrics\` is absent.
- Each one-minute period is counted once, in any order. If CloudWatch corrects a value upward, the difference is added; corrections
  downward are ignored. The first read counts from the newest period on. With \`storage.path\`, a restart counts no period again.
- A gap of more than \`cloudwatch.lookback\` without reads is not filled. \`aws_nfm_cloudwatch_periods_missed_total\` counts its minutes.
- \`aws_nfm_monitor_health_degraded\` can miss single minutes between scrapes. Use \`aws_nfm_monitor_degraded_seconds_total\` and
  \`aws_nfm_monitor_observed_seconds_total\` for alerts and service levels.
- \`aws_nfm_monitor_round_trip_time_seconds\` is sparse. It is absent, and never 0, if the newest point is older than 5 reads.
- \`aws_nfm_query_monitor_data_transferred_bytes\` requires the metric \`DataTransferred\`. It is present if each minute of the window
  of \`aws_nfm_query_results_timestamp_seconds\` was read when it was older than 15 minutes, and absent otherwise.
- If two accounts of the configuration are the same AWS account, one of them reads each monitor, and both export it.`,
  queries: `- \`aws_nfm_query_status\` is absent before the first successful response. A status that is not terminal is also absent once
  its response is older than \`polling.staleAfter\`. A terminal status stays until the next run starts.
- \`aws_nfm_query_contributors\`, \`aws_nfm_query_contributors_dropped\`, and \`aws_nfm_query_results_truncated\` are absent once
  the end of the window is older than three intervals of the query plus the delay and the timeout of a run.
- If \`aws_nfm_query_results_truncated\` is 1, sums over the rows are too low: the service may have had more rows than \`limit\`.
- Contributor values are sums over \`aws_nfm_query_results_window_seconds\`; round-trip times are averages.
- \`aws_nfm_query_timeouts_total\`, \`aws_nfm_query_retransmissions_total\`, and \`aws_nfm_query_data_transferred_bytes_total\` are
  sums over all rows except mirror rows, before merging and series limits. A query has the family of its metric, unless its
  \`lookback\` is longer than \`every\`.`,
  contributors: `- The values are from the GetQueryResults response of the last successful run. They are absent once the end of its
  window is older than three intervals of the query plus the delay and the timeout of a run.
- \`aws_nfm_query_results_timestamp_seconds\` is the end of the window, or the time of the newest data point.
  \`aws_nfm_query_results_window_seconds\` is the length of the window, or the step between data points.
- Rows with equal selected labels are merged: counts and bytes are added, and the maximum of round-trip times is used.
  Data points with the same \`series\` label are added.
- Series have the row labels that their query selects with \`contributorLabels\`.
- \`mirror\` is \`true\` for rows whose \`targetPort\` is 0, and absent for all others.`,
  api: `- \`aws_nfm_api_up\` is absent before the first attempt.
- Counters are 0 from the start for the operations that the queries of a target use, and for their modeled errors.
- \`arn\` of an assumed role has no session name.`,
  inventory: `- Series of a monitor or scope that no longer exists are removed. If listings fail, series are removed once the last
  complete listing is older than three times \`discovery.monitorsEvery\`.`,
  exporter: `- While a discovery file is invalid or unreadable, the queries of its last successful load stay registered.
- While \`aws_nfm_exporter_storage_writable\` is 0, the storage is checked every 10 seconds.
- \`aws_nfm_exporter_poll_lag_seconds\` grows while a request budget is too small.`,
};

const OPERATIONS = [
  ...QUERY_TYPES.flatMap((type) => Object.values(QUERY_OPERATIONS[type])),
  ...Object.values(LIST_OPERATIONS),
  TAGS_OPERATION,
];

/** The meaning of each value of the `error` label. */
const ERRORS: Readonly<Record<ApiErrorName, string>> = {
  AccessDeniedException: 'The identity lacks a permission',
  ConflictException: 'The request conflicts with another one',
  InternalServerException: 'The service failed',
  ResourceNotFoundException: 'The query, monitor, or scope does not exist at the service',
  ServiceQuotaExceededException: 'A quota of the account is exhausted',
  ThrottlingException: 'The service throttled the attempt',
  ValidationException: 'The service rejected the request as invalid',
  ExpiredTokenException: 'The credentials have expired',
  UnrecognizedClientException: 'The access key or the session token is unknown',
  InvalidSignatureException: 'The signature is invalid: a wrong secret key, or a clock that is minutes off',
  MissingAuthenticationTokenException: 'The request was not signed',
  IncompleteSignatureException: 'The signature is incomplete',
  UnknownOperationException: 'The endpoint does not support the operation',
  TimeoutError: 'No complete response within `aws.requestTimeout`',
  NetworkError: 'No connection, or a broken one: name, address, TLS, proxy, or reset',
  CredentialsError: 'The credential chain returned no credentials; nothing was sent',
  InvalidResponse: 'The response violates the protocol (for example, a page of a proxy or a missing status)',
  UnknownStatus: 'The response has a status that is not one of the five',
  OtherError: 'All other errors; the log has the name',
};

/** `docs/metrics.md`. */
export function metricsDocument(): string {
  const groups = METRIC_GROUPS.filter((group) => FAMILIES.some((family) => family.group === group));
  return `<!-- Generated by "npm run docs" from src/metrics/families.ts and test/docs/metrics-document.ts; edit those. -->

# Metrics

The exporter's own metrics start with \`aws_nfm_\`. They use base units: seconds and bytes. Times are Unix times in seconds.
The \`# HELP\` and \`# TYPE\` lines of every family are always present, with or without samples.

**Absent means unknown.** A value is 0 only if the exporter counted 0 or the service returned 0. There is no NaN. Samples
have no timestamps: a scrape returns the state from the last polls and never calls AWS. For the age of the state, see
\`aws_nfm_query_last_success_timestamp_seconds\`.

**Label sets are minimal.** The series of a query have its name in \`query\`. \`aws_nfm_query_info\` has all other properties;
join it \`on (job, instance, query)\`. When a query is removed, all of its series are removed. Counters are 0 when the
exporter starts, including counters of errors.

${groups.map(groupSection).join('\n\n')}

## Process

\`process_*\` and \`nodejs_*\` are the default metrics of prom-client, except:

- \`nodejs_active_handles*\`, \`nodejs_active_requests*\`, and \`nodejs_active_resources*\`, whose names \`promtool check metrics\`
  rejects
- \`nodejs_eventloop_lag_*\` while they have no value

## Label values

- \`status\`: ${codes(QUERY_STATUSES)}. The last three are terminal: the exporter stops polling such a query.
- \`query_type\`: ${codes(QUERY_TYPES)}.
- \`source\`: ${codes(QUERY_SOURCES)}. The source is the configuration file, a discovery file, or HTTP.
- \`outcome\`: ${codes(RUN_OUTCOMES)}.
- \`operation\` of \`aws_nfm_query_last_error\`: ${codes(CALL_KINDS)}. In other families, the name of the API operation:
  ${codes(OPERATIONS.map(({ name }) => name))}.
- \`account\`: the name of the account in the configuration. \`aws_account_id\` is the ID of the AWS account.
- Row labels: ${codes(ROW_LABELS)}.
- \`error\`, a closed list:

${table(
  ['error', 'meaning'],
  API_ERRORS.map((error) => [code(error), ERRORS[error]]),
)}

## Groups

\`/metrics?collect[]=GROUP\` limits the response to a group. The parameter is repeatable. An unknown group returns 400 with the
list of groups.

${table(
  ['group', 'contents'],
  METRIC_GROUPS.map((group) => [code(group), GROUPS[group]]),
)}

## Formats

The response is in the Prometheus text format 0.0.4, or in OpenMetrics 1.0.0 if the scraper prefers it. Both have the same labels
and types. In OpenMetrics, the \`# HELP\` and \`# TYPE\` lines of counters omit \`_total\`. The response is compressed with gzip if
the scraper accepts it.

## Examples

${PROMQL_EXAMPLES.map(({ purpose, query }) => `${purpose}:\n\n\`\`\`promql\n${query}\n\`\`\``).join('\n\n')}
`;
}

const TITLES: Readonly<Partial<Record<MetricGroup, string>>> = {
  queries: 'Queries',
  contributors: 'Contributors',
  api: 'API',
  inventory: 'Inventory',
  exporter: 'Exporter',
};

/** Returns the section of a group. Labels that all of its families have are listed once. */
function groupSection(group: MetricGroup): string {
  const families = FAMILIES.filter((family) => family.group === group);
  const [first] = families;
  const common = (first?.labels ?? []).filter((label) => families.every(({ labels }) => labels.includes(label)));
  const rows = families.map((family) => [code(family.name), family.type, labelsOf(family, common), meaningOf(family)]);
  const labels =
    common.length === 0
      ? ''
      : ` All families have the labels ${codes(common)}.`.replace(/labels (`\w+`\.)/, 'label $1');
  const head = ['metric', 'type', common.length === 0 ? 'labels' : 'further labels', 'meaning'];
  const notes = NOTES[group] === undefined ? '' : `\n\n${NOTES[group]}`;
  return `## ${TITLES[group] ?? group}\n\nGroup \`${group}\`.${labels}\n\n${table(head, rows)}${notes}`;
}

function labelsOf({ name, labels }: Family, common: readonly string[]): string {
  const rowLabels = new Set<string>(ROW_LABELS);
  const further = codes(labels.filter((label) => !common.includes(label) && !rowLabels.has(label)));
  if (labels.some((label) => rowLabels.has(label))) {
    return `${further}, and the selected row labels`;
  }
  return name === QUERY_FAMILIES.aws_nfm_query_info.name ? `${further}, and the query's own labels` : further;
}

function bucketsOf(family: string): readonly number[] {
  return family === API_FAMILIES.aws_nfm_api_request_duration_seconds.name ? REQUEST_BUCKETS : RUN_BUCKETS;
}

function meaningOf({ name, type, help }: Family): string {
  return type === 'histogram' ? `${help} Buckets: ${bucketsOf(name).join(', ')}.` : help;
}
