import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

/** Common parameters of all parts of a running daemon. */
export interface Context {
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when shutdown starts. */
  readonly shutdown: AbortSignal;
}
