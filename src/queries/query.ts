import type { QueryType } from '../config/query-type.ts';

export { QUERY_TYPES, type QueryType } from '../config/query-type.ts';

/** A registered query that somebody else started: its status is polled until it is terminal. */
export interface WatchedQuery {
  /** Unique: the entry's name, then `:` and the value of each dimension that the entry gives as a list or `"*"`. */
  readonly name: string;
  /** The entry's name, before it fans out; the label `query_group`. */
  readonly group: string;
  readonly type: QueryType;
  readonly source: 'config';
  readonly account: string;
  readonly region: string;
  /** Of monitor queries only. */
  readonly monitorName: string | undefined;
  /** Of workload-insights queries only. */
  readonly scopeId: string | undefined;
  readonly queryId: string;
  /** Time from poll to poll, in milliseconds. */
  readonly interval: number;
  /** Age of the last good answer beyond which a non-terminal status is not exported, in milliseconds. */
  readonly staleAfter: number;
  /** The user's own labels for `aws_nfm_query_info`. */
  readonly labels: Readonly<Record<string, string>>;
}
