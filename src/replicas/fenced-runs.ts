import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { Run } from '../model/run.ts';

/** What the fence needs of the group. */
export interface FenceGroup {
  readonly boot: string;
  /** Whether this process leads, its heartbeat is recent, and the registers are loaded. */
  readonly mayStart: () => boolean;
  /** The epoch of this process if it leads, otherwise 0. */
  readonly epoch: () => number;
  readonly isDead: (boot: string) => boolean;
  /** In milliseconds of the engine's clock. Windows that were due until then may have been run. */
  readonly lostUntil: () => number;
  /** Called when a register is older than it was known to be: the engine has returned to an earlier state. */
  readonly lost: () => void;
}

/** The scheduler's side of the fence. */
export interface FencedRuns {
  /** Follows a run that another process has started. Returns false if the query has another run now. */
  resume(registration: Registration<ScheduledQuery>, run: Run): boolean;
  /** Counts skipped windows. */
  skipped(registration: Registration<ScheduledQuery>, windows: number): void;
}
