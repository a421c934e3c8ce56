import type { QueryStatus } from '../../src/api/client.ts';
import type { ApiErrorName } from '../../src/api/errors.ts';
import { FAMILIES } from '../../src/metrics/families.ts';
import type { MetricGroup } from '../../src/metrics/family.ts';
import type { ExpositionFormat } from '../../src/metrics/text.ts';
import type { WatchedQuery } from '../../src/queries/query.ts';

/** What has happened to a query, kept apart from the code under test. */
export interface QueryRecord {
  readonly query: WatchedQuery;
  /** Milliseconds since the epoch, as are the other times, where nothing else is said. */
  readonly registeredAt: number;
  status?: QueryStatus;
  statusSince?: number;
  /** On the monotonic clock. */
  answeredAt?: number;
  lastSuccess?: number;
  error?: ApiErrorName;
  polls: number;
  pollErrors: number;
}

export interface AttemptRecord {
  readonly operation: string;
  readonly seconds: number | undefined;
  readonly error: ApiErrorName | undefined;
  readonly up: boolean;
}

/** What has happened in a target. */
export interface TargetRecord {
  readonly account: string;
  readonly region: string;
  /** Each used operation, in the order of first use. */
  readonly operations: string[];
  readonly attempts: AttemptRecord[];
  identity?: { readonly awsAccountId: string; readonly arn: string };
  readonly rate: () => number;
  readonly limit: () => number;
  readonly planned: () => number;
}

export interface WorldRecord {
  readonly queries: QueryRecord[];
  readonly targets: TargetRecord[];
  /** The monotonic clock. */
  readonly now: () => number;
  readonly lag: () => number;
}

type Labels = readonly (readonly [name: string, value: string | undefined])[];
type Sample = readonly [name: string, labels: Labels, value: number];

const STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'];
const MODELLED_ERRORS: readonly ApiErrorName[] = [
  'AccessDeniedException',
  'InternalServerException',
  'ServiceQuotaExceededException',
  'ThrottlingException',
  'ValidationException',
];
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The page that these records make, rendered as plainly as can be: all of it, each time. */
export function naivePage(
  world: WorldRecord,
  format: ExpositionFormat,
  groups: ReadonlySet<MetricGroup> | undefined,
): string {
  let page = '';
  for (const { name, type, help, group } of FAMILIES) {
    if (groups !== undefined && !groups.has(group)) {
      continue;
    }
    const shownName = format === 'openmetrics' && type === 'counter' ? name.slice(0, -'_total'.length) : name;
    page += `# HELP ${shownName} ${help}\n# TYPE ${shownName} ${type}\n`;
    for (const [sample, labels, value] of samplesOf(world, name)) {
      page += `${sample}${labelText(labels)} ${value}\n`;
    }
  }
  return format === 'openmetrics' ? `${page}# EOF\n` : page;
}

function labelText(labels: Labels): string {
  const shown = labels.filter(([, value]) => value !== undefined && value !== '');
  if (shown.length === 0) {
    return '';
  }
  const escaped = (value = '') => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `{${shown.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`;
}

function samplesOf({ queries, targets, now, lag }: WorldRecord, name: string): Sample[] {
  const ofQueries = (value: (record: QueryRecord) => number | undefined): Sample[] =>
    queries.flatMap((record) => {
      const shown = value(record);
      return shown === undefined ? [] : [[name, [['query', record.query.name]], shown] as const];
    });
  const ofTargets = (value: (record: TargetRecord) => number | undefined): Sample[] =>
    targets.flatMap((record) => {
      const shown = value(record);
      return shown === undefined ? [] : [[name, targetLabels(record), shown] as const];
    });
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);
  switch (name) {
    case 'aws_nfm_query_info':
      return queries.map(({ query }) => [name, infoLabels(query), 1]);
    case 'aws_nfm_query_status':
      return queries.flatMap((record) => {
        const status = believed(record, now());
        return status === undefined
          ? []
          : STATUSES.map(
              (each): Sample => [
                name,
                [
                  ['query', record.query.name],
                  ['status', each],
                ],
                each === status ? 1 : 0,
              ],
            );
      });
    case 'aws_nfm_query_up':
      return ofQueries(({ polls, error }) => (polls === 0 ? undefined : error === undefined ? 1 : 0));
    case 'aws_nfm_query_last_error':
      return queries.flatMap(({ query, error }): Sample[] =>
        error === undefined
          ? []
          : [
              [
                name,
                [
                  ['query', query.name],
                  ['operation', 'status'],
                  ['error', error],
                ],
                1,
              ],
            ],
      );
    case 'aws_nfm_query_polls_total':
      return ofQueries(({ polls }) => polls);
    case 'aws_nfm_query_poll_errors_total':
      return ofQueries(({ pollErrors }) => pollErrors);
    case 'aws_nfm_query_last_success_timestamp_seconds':
      return ofQueries(({ lastSuccess }) => seconds(lastSuccess));
    case 'aws_nfm_query_status_since_timestamp_seconds':
      return ofQueries((record) => (believed(record, now()) === undefined ? undefined : seconds(record.statusSince)));
    case 'aws_nfm_query_registered_timestamp_seconds':
      return ofQueries(({ registeredAt }) => seconds(registeredAt));
    case 'aws_nfm_query_interval_seconds':
      return ofQueries(({ query }) => seconds(query.interval));
    case 'aws_nfm_api_requests_total':
      return targets.flatMap((target) =>
        target.operations.map(
          (operation): Sample => [
            name,
            [...targetLabels(target), ['operation', operation]],
            target.attempts.filter((attempt) => attempt.operation === operation).length,
          ],
        ),
      );
    case 'aws_nfm_api_errors_total':
      return targets.flatMap((target) => target.operations.flatMap((operation) => errorSamples(target, operation)));
    case 'aws_nfm_api_request_duration_seconds':
      return targets.flatMap((target) => target.operations.flatMap((operation) => durationSamples(target, operation)));
    case 'aws_nfm_api_up':
      return ofTargets(({ attempts }) => {
        const last = attempts.at(-1);
        return last === undefined ? undefined : Number(last.up);
      });
    case 'aws_nfm_api_budget_requests_per_second':
      return ofTargets(({ rate }) => rate());
    case 'aws_nfm_api_budget_limit_requests_per_second':
      return ofTargets(({ limit }) => limit());
    case 'aws_nfm_api_planned_requests_per_second':
      return ofTargets(({ planned }) => planned());
    case 'aws_nfm_account_info':
      return targets.flatMap((target): Sample[] =>
        target.identity === undefined
          ? []
          : [
              [
                name,
                [
                  ...targetLabels(target),
                  ['aws_account_id', target.identity.awsAccountId],
                  ['arn', target.identity.arn],
                ],
                1,
              ],
            ],
      );
    case 'aws_nfm_exporter_build_info':
      return [
        [
          name,
          [
            ['version', '0.1.0'],
            ['revision', 'abc'],
            ['node_version', 'v20'],
          ],
          1,
        ],
      ];
    case 'aws_nfm_exporter_registered_queries':
      return [[name, [['source', 'config']], queries.length]];
    case 'aws_nfm_exporter_poll_lag_seconds':
      return [[name, [], lag()]];
    case 'aws_nfm_exporter_config_last_reload_successful':
      return [[name, [], 1]];
    case 'aws_nfm_exporter_config_last_reload_success_timestamp_seconds':
      return [[name, [], 1_700_000_000.5]];
    default:
      throw new Error(`a family that this page does not know: ${name}`);
  }
}

function believed({ query, status, answeredAt }: QueryRecord, now: number): QueryStatus | undefined {
  const isFinal = status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELED';
  return isFinal || (answeredAt !== undefined && now - answeredAt <= query.staleAfter) ? status : undefined;
}

function infoLabels(query: WatchedQuery): Labels {
  return [
    ['query', query.name],
    ['query_type', query.type],
    ['account', query.account],
    ['aws_region', query.region],
    ['monitor', query.monitorName],
    ['scope_id', query.scopeId],
    ['source', 'config'],
    ['query_group', query.group],
    ['query_id', query.queryId],
    ...Object.entries(query.labels),
  ];
}

function targetLabels({ account, region }: TargetRecord): Labels {
  return [
    ['account', account],
    ['aws_region', region],
  ];
}

/** The modelled errors from the start, others from their first time on, in that order. */
function errorSamples(target: TargetRecord, operation: string): Sample[] {
  const counts = new Map<ApiErrorName, number>(MODELLED_ERRORS.map((error) => [error, 0]));
  for (const { operation: of, error } of target.attempts) {
    if (of === operation && error !== undefined) {
      counts.set(error, (counts.get(error) ?? 0) + 1);
    }
  }
  return [...counts].map(([error, count]) => [
    'aws_nfm_api_errors_total',
    [...targetLabels(target), ['operation', operation], ['error', error]],
    count,
  ]);
}

function durationSamples(target: TargetRecord, operation: string): Sample[] {
  const name = 'aws_nfm_api_request_duration_seconds';
  const durations = target.attempts.flatMap((attempt) =>
    attempt.operation === operation && attempt.seconds !== undefined ? [attempt.seconds] : [],
  );
  const labels: Labels = [...targetLabels(target), ['operation', operation]];
  return [
    ...BOUNDS.map(
      (bound): Sample => [
        `${name}_bucket`,
        [...labels, ['le', String(bound)]],
        durations.filter((seconds) => seconds <= bound).length,
      ],
    ),
    [`${name}_bucket`, [...labels, ['le', '+Inf']], durations.length],
    [`${name}_sum`, labels, durations.reduce((sum, seconds) => sum + seconds, 0)],
    [`${name}_count`, labels, durations.length],
  ];
}
