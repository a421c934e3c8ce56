import type { QuerySource, Schedule } from '../config/config.ts';
import type { MetricName } from './metric-name.ts';
import type { QueryType } from './query-type.ts';
import type { RowLabel } from './row-labels.ts';

export type { QuerySource, Schedule } from '../config/config.ts';
export { METRIC_NAMES, type MetricName } from './metric-name.ts';
export { QUERY_TYPES, type QueryType } from './query-type.ts';

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
