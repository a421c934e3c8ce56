import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

/** What every part of a running daemon is given. */
export interface Context {
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when shutdown begins. */
  readonly shutdown: AbortSignal;
}
