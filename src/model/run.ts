import type { Registration, ScheduledQuery } from './query.ts';

/** The time range of a run. Times are in milliseconds since the Unix epoch. */
export interface Window {
  /** Number of the window since the epoch. Window n ends at n × every. */
  readonly n: number;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface WantedWindow {
  readonly window: Window;
  /** Time since which the run is wanted, on the monotonic clock. */
  readonly since: number;
  /** Covered intervals after the run. */
  readonly covered: readonly Span[];
}

/** A contiguous range of intervals that runs have covered. Times are in milliseconds since the Unix epoch. */
export interface Span {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** Properties of a query that a run depends on. */
export type Runnable = Pick<ScheduledQuery, 'name' | 'account' | 'region' | 'schedule'>;

/** One run of a query over one window. Times are on the monotonic clock. */
export interface Run {
  readonly window: Window;
  /** Query id of the service. Undefined before the response to the start. Not unique: equal starts may return the same id. */
  queryId: string | undefined;
  /** Time of the last call to start the query: the successful one if `queryId` is set. */
  startedAt: number;
  /** Time at which the query was found terminal, or was stopped. */
  terminalAt: number | undefined;
  /** Time at which the run was due or, for the first one after the start of the exporter, wanted. */
  readonly wantedAt: number;
  /** Intervals that the runs of the query have covered after the start of this one. */
  readonly covered: readonly Span[];
  /** The start failed, but may have reached the service, which may run the query under an unknown id. */
  isUnconfirmed: boolean;
}

/** Returns a run that has not started. */
export function newRun({ window, since, covered }: WantedWindow): Run {
  const unknown = { queryId: undefined, terminalAt: undefined, isUnconfirmed: false };
  return { ...unknown, window, startedAt: since, wantedAt: since, covered };
}

/** Outcomes of runs: the values of `aws_nfm_query_runs_total{outcome}`. */
export const RUN_OUTCOMES = [
  'succeeded',
  'failed',
  'canceled',
  'timed_out',
  'start_failed',
  'results_failed',
  'skipped',
] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/**
 * End of a run. An outcome (`skipped` if the start was not confirmed), `refused` if the service has reached its limit of
 * concurrent runs, `abandoned` if the outcome is not needed, or `left` if another process follows the run.
 */
export type RunEnd = RunOutcome | 'refused' | 'abandoned' | 'left';

/**
 * Result of a call of a run. `done`: the step is complete. `again`: repeat the call, because there is more (a non-terminal
 * status, another page). `retry`: a transient failure. `silent`: no response. `quota`: the service has reached its limit of
 * concurrent runs. An outcome: the run ends with it.
 */
export type StepResult =
  | 'done'
  | 'again'
  | 'retry'
  | 'silent'
  | 'quota'
  | Exclude<RunOutcome, 'skipped' | 'timed_out' | 'succeeded'>;

/** Steps and notifications of runs. Each call must end soon after its signal aborts. */
export interface RunActions<Query extends Runnable> {
  /**
   * Starts the query at the service. `done` if `run.queryId` is set. After a failure, `run.isUnconfirmed` is true if the
   * service may have started it.
   */
  start(registration: Registration<Query>, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** Polls the status. `done` if it is SUCCEEDED, `again` if it is not terminal. */
  status(registration: Registration<Query>, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** Reads the next page of results. `done` after the last page, otherwise `again`. */
  results(registration: Registration<Query>, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** Stops the query at the service. `done` if it is stopped or does not exist. */
  stop(registration: Registration<Query>, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** Called when a run has ended. `skipped`: the start was not confirmed, and the window is not run again. */
  ended(registration: Registration<Query>, run: Run, outcome: RunOutcome): void;
  /** Called when windows have passed without a run. */
  skipped(registration: Registration<Query>, windows: number): void;
  /** Called when the wall clock was set back, with the number of queries whose later windows already ran. */
  clockSetBack(queries: number): void;
}
