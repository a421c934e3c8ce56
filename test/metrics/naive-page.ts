import type { ApiErrorName } from '../../src/aws/errors.ts';
import { FAMILIES, type MetricGroup } from '../../src/metrics/families.ts';
import type { ExpositionFormat } from '../../src/metrics/text.ts';
import type { RegisteredQuery, ScheduledQuery } from '../../src/model/query.ts';
import type { RunOutcome } from '../../src/model/run.ts';
import type { QueryStatus, QueryType } from '../../src/model/vocabulary.ts';
import type { ContributorSeries } from '../../src/results/contributors.ts';
import type { CallKind } from '../../src/state/query-state.ts';
import { MONITOR_VALUES, monitorLabels } from './exposed-monitors.ts';

/** The history of a query, recorded independently of the code under test. */
export interface QueryRecord {
  readonly query: RegisteredQuery;
  /** In milliseconds since the epoch, like the other times unless noted. */
  readonly registeredAt: number;
  status?: QueryStatus;
  statusSince?: number;
  /** On the monotonic clock. */
  answeredAt?: number;
  lastSuccess?: number;
  /** Whether the last call succeeded. */
  up?: boolean;
  /** Error of the last call, if it failed. */
  error?: { readonly operation: CallKind; readonly error: ApiErrorName };
  polls: number;
  pollErrors: number;
}

/** The history of the runs of a scheduled query. */
export interface RunRecord {
  readonly query: ScheduledQuery;
  readonly outcomes: RunOutcome[];
  queryId?: string;
  /** In milliseconds, like the other times. */
  duration?: number | undefined;
  results?: {
    readonly windowEnd: number;
    /** On the monotonic clock. */
    readonly readAt: number;
    readonly rows: number;
    /** Dropped by the limit per query. */
    readonly dropped: number;
    readonly series: readonly ContributorSeries[];
  };
  total: number;
}

export interface AttemptRecord {
  readonly operation: string;
  readonly seconds: number | undefined;
  readonly error: ApiErrorName | undefined;
  readonly up: boolean;
}

/** A listing: names or IDs with their statuses. */
export interface ListingRecord {
  readonly found: ReadonlyMap<string, string | undefined>;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** On the monotonic clock. */
  readonly shownUntil: number;
}

/** The history of a target. */
export interface TargetRecord {
  readonly account: string;
  readonly region: string;
  /** Used operations in order of first use. */
  readonly operations: string[];
  /** Seconds that runs waited, and took by type. Only for a target with scheduled queries. */
  readonly runs:
    | { readonly waits: number[]; readonly took: readonly (readonly [type: QueryType, seconds: number[]])[] }
    | undefined;
  readonly attempts: AttemptRecord[];
  readonly listings: { monitors?: ListingRecord; scopes?: ListingRecord };
  identity?: { readonly awsAccountId: string; readonly arn: string };
  readonly rate: () => number;
  readonly limit: () => number;
  readonly planned: () => number;
}

export interface WorldRecord {
  readonly queries: QueryRecord[];
  readonly runs: RunRecord[];
  /** Runs with results to show, in the order of their first results. */
  readonly shownRuns: readonly RunRecord[];
  /** Limit on the series of all queries. */
  readonly maxSeries: number;
  readonly targets: TargetRecord[];
  /** The monotonic clock. */
  readonly now: () => number;
  readonly lag: () => number;
}

type Labels = readonly (readonly [name: string, value: string | undefined])[];
type Sample = readonly [name: string, labels: Labels, value: number];

const MONITOR_STATUSES = ['PENDING', 'ACTIVE', 'INACTIVE', 'ERROR', 'DELETING'];
const SCOPE_STATUSES = ['SUCCEEDED', 'IN_PROGRESS', 'FAILED', 'DEACTIVATING', 'DEACTIVATED'];
const STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'];
const MODELLED_ERRORS: readonly ApiErrorName[] = [
  'AccessDeniedException',
  'InternalServerException',
  'ServiceQuotaExceededException',
  'ThrottlingException',
  'ValidationException',
];
const OUTCOMES: readonly RunOutcome[] = [
  'succeeded',
  'failed',
  'canceled',
  'timed_out',
  'start_failed',
  'results_failed',
  'skipped',
];
const RUN_BOUNDS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800];
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Renders the whole page from records in the simplest way. */
export function naivePage(
  world: WorldRecord,
  format: ExpositionFormat,
  groups: ReadonlySet<MetricGroup> | undefined,
): string {
  let page = '';
  for (const { name, type, help, group } of FAMILIES) {
    const isOfReplicas = name.startsWith('aws_nfm_replica_');
    if (isOfReplicas || (groups !== undefined && !groups.has(group))) {
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

function samplesOf(world: WorldRecord, name: string): Sample[] {
  const { queries, targets, now, lag } = world;
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
      return ofQueries(({ up }) => (up === undefined ? undefined : Number(up)));
    case 'aws_nfm_query_last_error':
      return queries.flatMap(({ query, error }): Sample[] =>
        error === undefined
          ? []
          : [
              [
                name,
                [
                  ['query', query.name],
                  ['operation', error.operation],
                  ['error', error.error],
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
      return ofQueries(({ query }) => seconds(query.kind === 'watched' ? query.interval : query.schedule.every));
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
    // Each attempt of a target with watched queries is a late poll after a missed one.
    case 'aws_nfm_api_polls_due_total':
      return ofTargets(({ runs, attempts }) => (runs === undefined ? attempts.length * 2 : undefined));
    case 'aws_nfm_api_polls_late_total':
      return ofTargets(({ runs, attempts }) => (runs === undefined ? attempts.length : undefined));
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
    case 'aws_nfm_api_runs':
      return targets.flatMap((target) =>
        target.runs === undefined
          ? []
          : [
              [name, [...targetLabels(target), ['state', 'active']], 2],
              [name, [...targetLabels(target), ['state', 'waiting']], 1],
            ],
      );
    case 'aws_nfm_api_runs_limit':
      return ofTargets(({ runs }) => runs && 4);
    case 'aws_nfm_run_wait_seconds':
      return targets.flatMap((target) =>
        target.runs === undefined ? [] : histogramSamples(name, targetLabels(target), target.runs.waits, RUN_BOUNDS),
      );
    case 'aws_nfm_run_duration_seconds':
      return targets.flatMap((target) =>
        (target.runs?.took ?? []).flatMap(([type, took]) =>
          histogramSamples(name, [...targetLabels(target), ['query_type', type]], took, RUN_BOUNDS),
        ),
      );
    case 'aws_nfm_monitor_status':
      return targets.flatMap((target) =>
        listedSamples(name, target, 'monitor', target.listings.monitors, MONITOR_STATUSES, now()),
      );
    case 'aws_nfm_scope_status':
      return targets.flatMap((target) =>
        listedSamples(name, target, 'scope_id', target.listings.scopes, SCOPE_STATUSES, now()),
      );
    case 'aws_nfm_inventory_last_success_timestamp_seconds':
      return targets.flatMap((target) =>
        (['monitors', 'scopes'] as const).flatMap((kind): Sample[] => {
          const listing = target.listings[kind];
          return listing === undefined ? [] : [[name, [...targetLabels(target), ['kind', kind]], listing.at / 1_000]];
        }),
      );
    case 'aws_nfm_selector_matches':
      return targets.flatMap((target) =>
        (['monitors', 'scopes'] as const).flatMap((kind): Sample[] => {
          const listing = target.listings[kind];
          return listing === undefined || now() > listing.shownUntil
            ? []
            : [[name, [...targetLabels(target), ['query_group', `all "${kind}"`]], listing.found.size]];
        }),
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
    case 'aws_nfm_exporter_discovery_file_last_load_successful':
      return [
        [name, [['file', 'queries.d/a.yaml']], 1],
        [name, [['file', 'b "\\.json']], 0],
      ];
    case 'aws_nfm_exporter_discovery_file_queries':
      return [[name, [['file', 'queries.d/a.yaml']], 3]];
    case 'aws_nfm_exporter_contributor_series':
      return [[name, [], world.runs.reduce((sum, run) => sum + allowance(world, run), 0)]];
    case 'aws_nfm_exporter_contributor_series_limit':
      return [[name, [], world.maxSeries]];
    case 'aws_nfm_zone_info':
      return [
        [
          name,
          [
            ['aws_region', 'eu-west-1'],
            ['zone_id', 'euw1-az1'],
            ['zone_name', 'eu-west-1a'],
          ],
          1,
        ],
      ];
    case 'aws_nfm_price_dollars_per_byte':
      return [
        [
          name,
          [
            ['aws_region', 'eu-west-1'],
            ['destination_category', 'INTER_AZ'],
          ],
          2e-11,
        ],
      ];
    case 'aws_nfm_exporter_shard_ordinal':
      return [[name, [], 2]];
    case 'aws_nfm_exporter_total_shards':
      return [[name, [], 3]];
    case 'aws_nfm_exporter_storage_writable':
      return [[name, [], 1]];
    default:
      return runSamples(world, name);
  }
}

const TOTALS: Readonly<Record<string, string>> = {
  aws_nfm_query_timeouts_total: 'TIMEOUTS',
  aws_nfm_query_retransmissions_total: 'RETRANSMISSIONS',
  aws_nfm_query_data_transferred_bytes_total: 'DATA_TRANSFERRED',
};

const CONTRIBUTORS: Readonly<Record<string, string>> = {
  aws_nfm_contributor_round_trip_time_seconds: 'ROUND_TRIP_TIME',
  aws_nfm_contributor_timeouts: 'TIMEOUTS',
  aws_nfm_contributor_retransmissions: 'RETRANSMISSIONS',
  aws_nfm_contributor_data_transferred_bytes: 'DATA_TRANSFERRED',
  aws_nfm_datapoint_timeouts: '-data TIMEOUTS',
  aws_nfm_datapoint_retransmissions: '-data RETRANSMISSIONS',
  aws_nfm_datapoint_data_transferred_bytes: '-data DATA_TRANSFERRED',
};

function runSamples(world: WorldRecord, name: string): Sample[] {
  const ofRuns = (value: (record: RunRecord) => number | undefined): Sample[] =>
    world.runs.flatMap((record) => {
      const shown = value(record);
      return shown === undefined ? [] : [[name, [['query', record.query.name]], shown] as const];
    });
  const byOutcome = (value: (record: RunRecord, outcome: RunOutcome) => number | undefined): Sample[] =>
    world.runs.flatMap((record) =>
      OUTCOMES.flatMap((outcome) => {
        const shown = value(record, outcome);
        const labels: Labels = [
          ['query', record.query.name],
          ['outcome', outcome],
        ];
        return shown === undefined ? [] : [[name, labels, shown] as const];
      }),
    );
  const metric = CONTRIBUTORS[name];
  if (metric !== undefined) {
    return world.shownRuns.flatMap((run) => (metricOf(run) === metric ? contributorSamples(world, run, name) : []));
  }
  switch (name) {
    case 'aws_nfm_query_runs_total':
      return byOutcome(({ outcomes }, outcome) => outcomes.filter((each) => each === outcome).length);
    case 'aws_nfm_query_last_run_outcome':
      return byOutcome(({ outcomes }, outcome) => {
        const last = outcomes.filter((each) => each !== 'skipped').at(-1);
        return last === undefined ? undefined : Number(last === outcome);
      });
    case 'aws_nfm_query_run_info':
      return world.runs.flatMap(({ query, queryId }): Sample[] =>
        queryId === undefined
          ? []
          : [
              [
                name,
                [
                  ['query', query.name],
                  ['query_id', queryId],
                ],
                1,
              ],
            ],
      );
    case 'aws_nfm_query_last_run_duration_seconds':
      return ofRuns(({ duration }) => (duration === undefined ? undefined : duration / 1_000));
    case 'aws_nfm_query_results_timestamp_seconds':
      return ofRuns(({ results }) => results && results.windowEnd / 1_000);
    case 'aws_nfm_query_results_window_seconds':
      return ofRuns(({ results, query }) => results && query.schedule.lookback / 1_000);
    case 'aws_nfm_query_contributors':
      return ofRuns((run) => (world.shownRuns.includes(run) ? run.results?.rows : undefined));
    case 'aws_nfm_query_contributors_dropped':
      return ofRuns((run) =>
        run.results !== undefined && world.shownRuns.includes(run)
          ? run.results.dropped + run.results.series.length - allowance(world, run)
          : undefined,
      );
    case 'aws_nfm_query_results_truncated':
      return ofRuns((run) =>
        run.results !== undefined && run.query.limit !== undefined && world.shownRuns.includes(run)
          ? Number(run.results.rows >= run.query.limit)
          : undefined,
      );
    case 'aws_nfm_query_label_values_truncated_total':
      return ofRuns(() => 0);
    default:
      if (MONITOR_VALUES[name] !== undefined) {
        return [[name, monitorLabels(name, 'eu-west-1'), MONITOR_VALUES[name]]];
      }
      if (TOTALS[name] === undefined) {
        throw new Error(`a family that this page does not know: ${name}`);
      }
      return ofRuns(({ query, total }) =>
        query.metricName === TOTALS[name] && query.type !== 'workload-insights-top-contributors-data'
          ? total
          : undefined,
      );
  }
}

function metricOf({ query }: RunRecord): string {
  return query.type === 'workload-insights-top-contributors-data' ? `-data ${query.metricName}` : query.metricName;
}

/** Returns the exported series of a query: its equal share, and unused shares in order of names. */
function allowance({ runs, shownRuns, maxSeries }: WorldRecord, run: RunRecord): number {
  const wanted = (each: RunRecord) => (shownRuns.includes(each) ? (each.results?.series.length ?? 0) : 0);
  const share = Math.floor(maxSeries / runs.length);
  let room = maxSeries - runs.reduce((sum, each) => sum + Math.min(share, wanted(each)), 0);
  for (const each of [...runs].sort((a, b) => (a.query.name < b.query.name ? -1 : 1))) {
    const more = Math.max(0, Math.min(room, wanted(each) - share));
    room -= more;
    if (each === run) {
      return Math.min(share, wanted(each)) + more;
    }
  }
  return 0;
}

function contributorSamples(world: WorldRecord, run: RunRecord, name: string): Sample[] {
  const { query, results } = run;
  return (results?.series ?? [])
    .slice(0, allowance(world, run))
    .map(({ labels, value }) => [
      name,
      [
        ['query', query.name],
        ['account', query.account],
        ['aws_region', query.region],
        ['monitor', query.monitorName],
        ['scope_id', query.scopeId],
        ['destination_category', query.destinationCategory],
        ...labels,
      ],
      value,
    ]);
}

function listedSamples(
  name: string,
  target: TargetRecord,
  label: string,
  listing: ListingRecord | undefined,
  statuses: readonly string[],
  now: number,
): Sample[] {
  if (listing === undefined || now > listing.shownUntil) {
    return [];
  }
  return [...listing.found].flatMap(([thing, current]) =>
    statuses.map(
      (status): Sample => [
        name,
        [...targetLabels(target), [label, thing], ['status', status]],
        status === current ? 1 : 0,
      ],
    ),
  );
}

function believed({ query, status, answeredAt }: QueryRecord, now: number): QueryStatus | undefined {
  const isFinal = status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELED';
  return isFinal || (answeredAt !== undefined && now - answeredAt <= query.staleAfter) ? status : undefined;
}

function infoLabels(query: RegisteredQuery): Labels {
  return [
    ['query', query.name],
    ['query_type', query.type],
    ['account', query.account],
    ['aws_region', query.region],
    ['monitor', query.monitorName],
    ['scope_id', query.scopeId],
    ...(query.kind === 'watched'
      ? []
      : ([
          ['metric_name', query.metricName],
          ['destination_category', query.destinationCategory],
        ] as const)),
    ['source', 'config'],
    ['query_group', query.group],
    ['query_id', query.kind === 'watched' ? query.queryId : undefined],
    ...Object.entries(query.labels),
  ];
}

function targetLabels({ account, region }: TargetRecord): Labels {
  return [
    ['account', account],
    ['aws_region', region],
  ];
}

/** Returns the modeled errors first, then others in order of their first occurrence. */
function errorSamples(target: TargetRecord, operation: string): Sample[] {
  const counts = new Map<ApiErrorName, number>(modelledErrors(operation).map((error) => [error, 0]));
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

function modelledErrors(operation: string): readonly ApiErrorName[] {
  return operation.startsWith('GetQueryResults') ? [...MODELLED_ERRORS, 'ResourceNotFoundException'] : MODELLED_ERRORS;
}

function durationSamples(target: TargetRecord, operation: string): Sample[] {
  const durations = target.attempts.flatMap((attempt) =>
    attempt.operation === operation && attempt.seconds !== undefined ? [attempt.seconds] : [],
  );
  const labels: Labels = [...targetLabels(target), ['operation', operation]];
  return histogramSamples('aws_nfm_api_request_duration_seconds', labels, durations, BOUNDS);
}

function histogramSamples(
  name: string,
  labels: Labels,
  observed: readonly number[],
  bounds: readonly number[],
): Sample[] {
  return [
    ...bounds.map(
      (bound): Sample => [
        `${name}_bucket`,
        [...labels, ['le', String(bound)]],
        observed.filter((seconds) => seconds <= bound).length,
      ],
    ),
    [`${name}_bucket`, [...labels, ['le', '+Inf']], observed.length],
    [`${name}_sum`, labels, observed.reduce((sum, seconds) => sum + seconds, 0)],
    [`${name}_count`, labels, observed.length],
  ];
}
