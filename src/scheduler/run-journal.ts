import type { Registration } from '../model/query.ts';
import type { Run, RunEnd, Runnable, Span } from '../model/run.ts';

/** `stored`: the call may be made. `later`: it is attempted again. `taken`: another process has the window or run. */
export type Permission = 'stored' | 'later' | 'taken';

/** Persists runs for other processes, so that none is lost and none is started twice. */
export interface RunJournal<Query extends Runnable> {
  starting(registration: Registration<Query>, run: Run): Promise<Permission>;
  /** Stores the ID of a started run. If another process has its window, `abandon` stops the run without counting it. */
  started(registration: Registration<Query>, run: Run, abandon: () => void): void;
  stopping(registration: Registration<Query>, run: Run): Promise<Permission>;
  /** Stores the end of a run. `count` is called at most once, now or later, if this process counts the run. */
  over(registration: Registration<Query>, run: Run, end: Exclude<RunEnd, 'left'>, count: () => void): void;
}

/** A query's runs in an earlier process. */
export interface EarlierRuns {
  /** What was run, or may have been run. */
  readonly covered: readonly Span[];
  /** A run that was at the service when the earlier process ended. Times are on this process's monotonic clock. */
  readonly inFlight: Run | undefined;
}
