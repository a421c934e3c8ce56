import type { EndedRun } from '../state/recent-runs.ts';

/**
 * A registered query as users see it over HTTP: what the API answers and the status page shows. All times are RFC 3339
 * in UTC; `null` is what is not known (yet), never an empty text or a zero.
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
  /** Of watched queries: how often they are polled, as a Prometheus duration (`30s`). */
  readonly interval?: string;
  /** This and the next four: of scheduled queries. */
  readonly metricName?: string;
  readonly destinationCategory?: string;
  /** Undefined if the query has none. */
  readonly limit?: number | undefined;
  /** Prometheus durations. */
  readonly schedule?: {
    readonly every: string;
    readonly lookback: string;
    readonly delay: string;
    readonly timeout: string;
  };
  readonly contributorLabels?: readonly string[];
  /** Of scheduled queries: the last runs, the oldest first. Not in the API's JSON. */
  readonly recentRuns?: () => readonly EndedRun[];
  /** The user's own labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELED as the service said last; `null` before that, and once it is stale. */
  readonly status: string | null;
  /** When `status` was first seen. */
  readonly statusSince: string | null;
  /** Whether the last request for this query was answered well. */
  readonly up: boolean | null;
  /** Why the last request failed; `null` unless `up` is `false`. */
  readonly lastError: QueryError | null;
  /** The last good answer to any request. */
  readonly lastSuccess: string | null;
  /** Of a scheduled query between its runs: when the next is due. `null` for queries that are no longer polled. */
  readonly nextPoll: string | null;
}

/** A request that failed for good: what was asked, the kind of failure as metrics name it, and what the failure said. */
interface QueryError {
  readonly operation: string;
  readonly error: string;
  readonly message: string;
  readonly at: string;
}
