import type { Clock } from '../lib/clock.ts';
import type { QueryStates } from './query-state.ts';

/** Longest time after the start for which untried queries delay readiness. */
const PATIENCE_MS = 60_000;

/** Tracks whether each query of the startup was polled once, successfully or not. Once ready, it stays ready. */
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

  /** Returns the number of untried queries; 0 if ready. */
  waiting(): number {
    const { untried } = this.#states;
    this.#ready ||= untried === 0 || this.#clock.monotonic() - this.#startedAt >= PATIENCE_MS;
    return this.#ready ? 0 : untried;
  }
}
