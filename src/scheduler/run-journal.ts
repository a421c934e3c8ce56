import type { Registration } from '../model/query.ts';
import type { Run, RunEnd, Runnable, Span } from '../model/run.ts';

/** Persists runs for the next process, so that none is lost and none is started twice. */
export interface RunJournal<Query extends Runnable> {
  /**
   * Stores that a run is about to start. Resolves once it is stored, or cannot be stored.
   *
   * @returns false if another process uses the journal now, and the run must not start
   */
  starting(registration: Registration<Query>, run: Run): Promise<boolean>;
  /** Stores that the run started, with its ID at the service. */
  started(registration: Registration<Query>, run: Run): void;
  /** Stores that the run ended. `refused`: the service has no such run, and its window must still be run. */
  over(registration: Registration<Query>, run: Run, end: Exclude<RunEnd, 'abandoned'>): void;
}

/** A query's runs in an earlier process. */
export interface EarlierRuns {
  /** What was run, or may have been run. */
  readonly covered: readonly Span[];
  /** A run that was at the service when the earlier process ended. Times are on this process's monotonic clock. */
  readonly inFlight: Run | undefined;
}
