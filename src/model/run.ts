import type { Registration, Schedule } from './query.ts';

/** The time over which a run asks. Milliseconds since the Unix epoch. */
export interface Window {
  /** Windows are counted from the epoch: the n-th ends at n × every. */
  readonly n: number;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** A window that is to be run. */
export interface WantedWindow {
  readonly window: Window;
  /** Since when, on the monotonic clock. */
  readonly since: number;
  /** What is covered once it is run. */
  readonly covered: readonly Span[];
}

/** Intervals of a schedule that runs have covered, one after the other. Milliseconds since the Unix epoch. */
export interface Span {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** What is needed of a query that is run. */
export interface Runnable {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly schedule: Schedule;
}

/** One round of a query, over one window. */
export interface Run {
  readonly window: Window;
  /** The service's id; undefined until the start was answered. The same start may give the same id: it is no key. */
  queryId: string | undefined;
  /** When the request to start it was made last, on the monotonic clock: the one that was answered, once `queryId` is set. */
  startedAt: number;
  /** When it was seen to have ended at the service, or was stopped there, on the monotonic clock. */
  terminalAt: number | undefined;
  /** When it was due or, for the first after our start, when it was wanted; on the monotonic clock. */
  readonly wantedAt: number;
  /** What the query's runs have covered once this one is started. */
  readonly covered: readonly Span[];
  /** Its start failed after it may have reached the service, which may run it under an id that nobody knows. */
  isUnconfirmed: boolean;
}

/** A run of a window that has not begun. */
export function newRun({ window, since, covered }: WantedWindow): Run {
  return {
    window,
    queryId: undefined,
    startedAt: since,
    terminalAt: undefined,
    wantedAt: since,
    covered,
    isUnconfirmed: false,
  };
}

/** How a run ended, the values of `aws_nfm_query_runs_total{outcome}`. */
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
 * How a run is over: with an outcome, `skipped` if its start was not confirmed; `refused`, as the service has no room for
 * one more; or `abandoned`, when nobody wants to know how it ended.
 */
export type RunEnd = RunOutcome | 'refused' | 'abandoned';

/**
 * How a request of a run went. `done`: it did what it was for. `again`: it is to be made again, for there is more to come
 * (a status that is not the end, another page). `retry`: it failed in a way that may pass. `silent`: nobody answered it.
 * `quota`: the service has no room for one more run. An outcome: the run ends so.
 */
export type StepResult =
  | 'done'
  | 'again'
  | 'retry'
  | 'silent'
  | 'quota'
  | Exclude<RunOutcome, 'skipped' | 'timed_out' | 'succeeded'>;

/** What a run does, and who is told. Each request must end soon after its signal aborts. */
export interface RunActions<Query extends Runnable> {
  /**
   * Starts the query at the service: `done` when `run.queryId` is set. After a failure, `run.isUnconfirmed` tells whether
   * the service may run it all the same.
   */
  start(registration: Registration<Query>, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** Asks for the status: `done` when it is SUCCEEDED, `again` while it is not the end. */
  status(registration: Registration<Query>, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** Reads the next page of results: `done` after the last, `again` before. */
  results(registration: Registration<Query>, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** Stops the query at the service: `done` when it is, or is not there any more. */
  stop(registration: Registration<Query>, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** A run has ended; `skipped`: its start was not confirmed, and its window is not run. */
  ended(registration: Registration<Query>, run: Run, outcome: RunOutcome): void;
  /** So many windows passed without a run. */
  skipped(registration: Registration<Query>, windows: number): void;
  /** The wall clock was set back: of so many queries, windows ahead of it were run before. */
  clockSetBack(queries: number): void;
}
