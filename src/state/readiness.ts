import type { Clock } from '../lib/clock.ts';
import type { QueryStates } from './query-state.ts';

/** Queries that were never tried hold up readiness for this long after the start, no longer. */
const PATIENCE_MS = 60_000;

/** Whether each query that was there at the start has been tried once, well or not. Once ready, it stays so. */
export class Readiness {
  readonly #clock: Clock;
  readonly #states: Pick<QueryStates, 'untried'>;
  readonly #startedAt: number;
  #ready = false;

  constructor(clock: Clock, states: Pick<QueryStates, 'untried'>) {
    this.#clock = clock;
    this.#states = states;
    this.#startedAt = clock.monotonic();
  }

  /** Queries still to be tried; 0 when ready. */
  waiting(): number {
    const { untried } = this.#states;
    this.#ready ||= untried === 0 || this.#clock.monotonic() - this.#startedAt >= PATIENCE_MS;
    return this.#ready ? 0 : untried;
  }
}
