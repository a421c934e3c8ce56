import type { Registration } from '../model/query.ts';
import type { Run, RunEnd, Runnable, Span } from '../model/run.ts';

/**
 * Whether a call of a run may be made. `stored`: it is stored, and the call may be made. `later`: it cannot be stored now, and is
 * attempted again. `taken`: another process has the window or the run, and this one must not follow it.
 */
export type Permission = 'stored' | 'later' | 'taken';

/** Persists runs for other processes, so that none is lost and none is started twice. */
export interface RunJournal<Query extends Runnable> {
  /** Stores that a run is about to start. */
  starting(registration: Registration<Query>, run: Run): Promise<Permission>;
  /**
   * Stores that the run started, with its ID at the service.
   *
   * @param abandon stops the run at the service without counting it, if another process has its window
   */
  started(registration: Registration<Query>, run: Run, abandon: () => void): void;
  /** Stores that the run is about to be stopped at the service. */
  stopping(registration: Registration<Query>, run: Run): Promise<Permission>;
  /**
   * Stores that the run ended. `refused`: the service has no such run, and its window must still be run.
   *
   * @param count called at most once, now or later, if this process counts the run: another one may have ended it
   */
  over(registration: Registration<Query>, run: Run, end: Exclude<RunEnd, 'left'>, count: () => void): void;
}

/** A query's runs in an earlier process. */
export interface EarlierRuns {
  /** What was run, or may have been run. */
  readonly covered: readonly Span[];
  /** A run that was at the service when the earlier process ended. Times are on this process's monotonic clock. */
  readonly inFlight: Run | undefined;
}
