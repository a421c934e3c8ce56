import type { Registration } from '../model/query.ts';
import type { Run, RunEnd, Runnable, Span } from '../model/run.ts';

/** Keeps runs for the process that comes after this one: none of them is to be lost, and none to be started twice. */
export interface RunJournal<Query extends Runnable> {
  /**
   * A run is about to be started. Resolves when a process that comes after this one would know, or when that cannot be
   * had.
   *
   * @returns whether it may be started: not where another process has taken the journal over
   */
  starting(registration: Registration<Query>, run: Run): Promise<boolean>;
  /** The service has answered with the run's id. */
  started(registration: Registration<Query>, run: Run): void;
  /** `refused`: the run is not at the service, and its window is still to be run. Else: its window is done with. */
  over(registration: Registration<Query>, run: Run, end: Exclude<RunEnd, 'abandoned'>): void;
}

/** What an earlier process has left of a query's runs. */
export interface EarlierRuns {
  /** What was run, or may have been. */
  readonly covered: readonly Span[];
  /** A run that was at the service when that process ended. Times are on the monotonic clock of this one. */
  readonly inFlight: Run | undefined;
}
