import type { MetricName, QuerySource, QueryType, RowLabel } from './vocabulary.ts';

/** The longest window. The API's model has no limit, but the service refuses more with a ValidationException. */
export const LONGEST_LOOKBACK_MS = 3_600_000;

/** What every registered query has. */
interface QueryIdentity {
  /** Unique: the entry's name, then `:` and the value of each dimension that the entry gives as a list or `"*"`. */
  readonly name: string;
  /** The entry's name, before it fans out; the label `query_group`. */
  readonly group: string;
  readonly type: QueryType;
  readonly source: QuerySource;
  readonly account: string;
  readonly region: string;
  /** Of monitor queries only. */
  readonly monitorName: string | undefined;
  /** Of workload-insights queries only. */
  readonly scopeId: string | undefined;
  /** The user's own labels for `aws_nfm_query_info`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A registered query that somebody else started: its status is polled until it is terminal. */
export interface WatchedQuery extends QueryIdentity {
  readonly kind: 'watched';
  readonly queryId: string;
  /** Time from poll to poll, in milliseconds. */
  readonly interval: number;
  /** Age of the last good answer beyond which a non-terminal status is not exported, in milliseconds. */
  readonly staleAfter: number;
}

/** A registered query that we start ourselves, once for each window, and whose results we export. */
export interface ScheduledQuery extends QueryIdentity {
  readonly kind: 'scheduled';
  readonly metricName: MetricName;
  /** One of the model's, or any other text: the service extends them without notice. */
  readonly destinationCategory: string;
  /** Rows of the result, at most; the `-data` type has none. */
  readonly limit: number | undefined;
  readonly schedule: Schedule;
  /** Row labels of its contributor series, in the order of the exposition. */
  readonly contributorLabels: readonly RowLabel[];
  /** Age of the last good answer of a run beyond which a non-terminal status is not exported, in milliseconds. */
  readonly staleAfter: number;
}

export type RegisteredQuery = WatchedQuery | ScheduledQuery;

/**
 * The handle of a query from its registration to its removal: the same object, whatever changes of its definition. A query
 * that is removed and registered again has another one. Only the registry makes and changes it.
 */
export interface Registration<Query = RegisteredQuery> {
  readonly name: string;
  /** Its definition now. */
  readonly query: Query;
  /** It is removed: what arrives for it from now on is late, and changes nothing. */
  readonly removed: boolean;
}

export function isWatched(registration: Registration): registration is Registration<WatchedQuery> {
  return registration.query.kind === 'watched';
}

export function isScheduled(registration: Registration): registration is Registration<ScheduledQuery> {
  return registration.query.kind === 'scheduled';
}

/** A query that is to be registered, unless another has its name. */
export interface Candidate {
  readonly query: RegisteredQuery;
  /** What it is from, for messages: a file's path, or where its entry stands. */
  readonly from: string;
}

/**
 * Whether the values of a query's runs may be summed up: sums over windows that overlap would count flows twice; averages
 * and time series have no sum.
 */
export function hasTotal({ type, metricName, schedule }: ScheduledQuery): boolean {
  return (
    metricName !== 'ROUND_TRIP_TIME' &&
    type !== 'workload-insights-top-contributors-data' &&
    schedule.lookback <= schedule.every
  );
}

/** When a scheduled query runs, and over which time. All in milliseconds. */
export interface Schedule {
  /** Time from window to window. */
  readonly every: number;
  /** Length of a window. */
  readonly lookback: number;
  /** From the end of a window until its run is due, for the service's data to land. */
  readonly delay: number;
  /** How long a run may take before it is stopped. */
  readonly timeout: number;
}
