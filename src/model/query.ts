import type { MetricName, QuerySource, QueryType, RowLabel } from './vocabulary.ts';

/** Longest window. The API model has no limit, but the service returns a ValidationException for more. */
export const LONGEST_LOOKBACK_MS = 3_600_000;

interface QueryIdentity {
  /** Unique: the entry's name, then `:` and the value of each dimension that is a list or `"*"` in the entry. */
  readonly name: string;
  /** The entry's name, used as the label `query_group`. */
  readonly group: string;
  readonly type: QueryType;
  readonly source: QuerySource;
  readonly account: string;
  readonly region: string;
  /** Only for monitor queries. */
  readonly monitorName: string | undefined;
  /** Only for workload-insights queries. */
  readonly scopeId: string | undefined;
  /** User-defined labels of `aws_nfm_query_info`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Age of the last successful response beyond which a non-terminal status is not exported, in milliseconds. */
  readonly staleAfter: number;
}

/** A registered query that another client started. Its status is polled until it is terminal. */
export interface WatchedQuery extends QueryIdentity {
  readonly kind: 'watched';
  readonly queryId: string;
  /** Polling interval, in milliseconds. */
  readonly interval: number;
}

/** A registered query that the exporter starts for each window, and whose results it exports. */
export interface ScheduledQuery extends QueryIdentity {
  readonly kind: 'scheduled';
  readonly metricName: MetricName;
  /** A category of the API model, or any other string: the service adds categories without notice. */
  readonly destinationCategory: string;
  /** Most rows of the result. Undefined for the `-data` type. */
  readonly limit: number | undefined;
  readonly schedule: Schedule;
  /** Row labels of its contributor series, in the order of the exposition. */
  readonly contributorLabels: readonly RowLabel[];
}

export type RegisteredQuery = WatchedQuery | ScheduledQuery;

/**
 * The handle of a query from its registration to its removal. It is the same object for all definitions of the query. A query
 * that is registered again after its removal has a new handle. Only the registry creates and changes handles.
 */
export interface Registration<Query = RegisteredQuery> {
  readonly name: string;
  readonly query: Query;
  /** True after the removal: late responses for the query have no effect. */
  readonly removed: boolean;
}

export function isWatched(registration: Registration): registration is Registration<WatchedQuery> {
  return registration.query.kind === 'watched';
}

export function isScheduled(registration: Registration): registration is Registration<ScheduledQuery> {
  return registration.query.kind === 'scheduled';
}

/** A query to register, unless another one of its name has precedence. */
export interface Candidate {
  readonly query: RegisteredQuery;
  /** Source for messages: the path of a file or of an entry. */
  readonly from: string;
}

/**
 * Returns true if the values of a query's runs can be added. Overlapping windows would count flows twice. Averages and time
 * series have no sum.
 */
export function hasTotal({ type, metricName, schedule }: ScheduledQuery): boolean {
  return (
    metricName !== 'ROUND_TRIP_TIME' &&
    type !== 'workload-insights-top-contributors-data' &&
    schedule.lookback <= schedule.every
  );
}

/** Schedule of a query. All values are in milliseconds. */
export interface Schedule {
  readonly every: number;
  readonly lookback: number;
  /** Time from the end of a window to its run, until the data of the window is available. */
  readonly delay: number;
  /** Duration after which a run is stopped. */
  readonly timeout: number;
}
