import type { EndedRun } from '../state/recent-runs.ts';

/**
 * A registered query as the API and the status page show it. Times are RFC 3339 in UTC, durations Prometheus durations
 * (`30s`); `null` is what is not known (yet), never an empty text or a zero.
 */
export interface QueryView {
  /** Unique among the registered queries. */
  readonly name: string;
  /** The family of the service's operations, for example `monitor-top-contributors`. */
  readonly type: string;
  /** Where the query was registered: `config`, `file` or `http`. */
  readonly source: string;
  readonly account: string;
  readonly region: string;
  /** Of queries about a monitor. */
  readonly monitorName?: string | undefined;
  /** Of queries about a scope. */
  readonly scopeId?: string | undefined;
  /** The service's id: of a watched query the configured one, of a scheduled query that of its last run. */
  readonly queryId: string | null;
  /** Polling interval of a watched query. */
  readonly interval?: string | undefined;
  /** Of scheduled queries, as all that follow up to `contributorLabels`. */
  readonly metricName?: string;
  readonly destinationCategory?: string;
  readonly limit?: number | undefined;
  readonly schedule?: Readonly<Record<'every' | 'lookback' | 'delay' | 'timeout', string>>;
  readonly contributorLabels?: readonly string[];
  /** The user's own labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELED as the service said last; `null` before that, and once it is stale. */
  readonly status: string | null;
  /** When `status` was first seen. */
  readonly statusSince: string | null;
  /** Whether the last call for the query succeeded. */
  readonly up: boolean | null;
  /** Why the last call failed; `null` unless `up` is `false`. */
  readonly lastError: QueryError | null;
  /** Time of the last successful call. */
  readonly lastSuccess: string | null;
  /** Of a scheduled query between its runs: when the next is due. `null` for queries that are no longer polled. */
  readonly nextPoll: string | null;
  /** Of scheduled queries: the last runs, the oldest first. Not in the API's JSON. */
  readonly recentRuns?: (() => readonly EndedRun[]) | undefined;
}

/** A failed call: its operation, the kind of failure as metrics name it, and the failure's message. */
interface QueryError {
  readonly operation: string;
  readonly error: string;
  readonly message: string;
  readonly at: string;
}
