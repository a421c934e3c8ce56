import type { EndedRun } from '../state/recent-runs.ts';

/**
 * A registered query in the API and on the status page. Times are RFC 3339 in UTC, durations Prometheus durations (`30s`);
 * `null` means unknown (yet), never an empty text or a zero.
 */
export interface QueryView {
  /** Unique among the registered queries. */
  readonly name: string;
  /** The family of the service's operations, for example `monitor-top-contributors`. */
  readonly type: string;
  /** Source of the registration: `config`, `file`, or `http`. */
  readonly source: string;
  readonly account: string;
  readonly region: string;
  /** Monitor queries only. */
  readonly monitorName?: string | undefined;
  /** Workload-insights queries only. */
  readonly scopeId?: string | undefined;
  /** Query ID of the service: as configured for a watched query, of the last run for a scheduled query. */
  readonly queryId: string | null;
  /** Polling interval of a watched query. */
  readonly interval?: string | undefined;
  /** Scheduled queries only, as are the next members up to `contributorLabels`. */
  readonly metricName?: string;
  readonly destinationCategory?: string;
  readonly limit?: number | undefined;
  readonly schedule?: Readonly<Record<'every' | 'lookback' | 'delay' | 'timeout', string>>;
  readonly contributorLabels?: readonly string[];
  /** The user's own labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Last status from the service: QUEUED, RUNNING, SUCCEEDED, FAILED, or CANCELED; `null` before the first, and if stale. */
  readonly status: string | null;
  /** Time at which `status` was first observed. */
  readonly statusSince: string | null;
  /** Whether the last call for the query succeeded. */
  readonly up: boolean | null;
  /** Error of the last call; `null` unless `up` is `false`. */
  readonly lastError: QueryError | null;
  /** Time of the last successful call. */
  readonly lastSuccess: string | null;
  /** Time of the next poll or, between the runs of a scheduled query, of the next run. `null` if the query is no longer polled. */
  readonly nextPoll: string | null;
  /** Scheduled queries only: the last runs, the oldest first. Not in the API's JSON. */
  readonly recentRuns?: (() => readonly EndedRun[]) | undefined;
}

/** A failed call: its operation, the kind of failure as metrics name it, and the failure's message. */
interface QueryError {
  readonly operation: string;
  readonly error: string;
  readonly message: string;
  readonly at: string;
}
