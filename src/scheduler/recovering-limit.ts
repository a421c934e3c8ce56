import type { Clock } from '../lib/clock.ts';

/** A limit that is reduced after errors of the service, and then recovers to its configured maximum over time. */
export class RecoveringLimit {
  readonly #clock: Clock;
  readonly #growth: (ms: number, max: number) => number;
  /** The configured limit: see {@link setMax}. */
  max: number;
  #atChange: number;
  #changedAt: number;

  /** @param growth returns by how much the limit recovers within some milliseconds */
  constructor(max: number, clock: Clock, growth: (ms: number, max: number) => number) {
    this.max = max;
    this.#clock = clock;
    this.#growth = growth;
    this.#atChange = max;
    this.#changedAt = clock.monotonic();
  }

  get current(): number {
    return Math.min(this.max, this.#atChange + this.#growth(this.#clock.monotonic() - this.#changedAt, this.max));
  }

  /** Replaces the configured limit. A reduced limit stays reduced, and recovers to the new one. */
  setMax(max: number): void {
    const { current } = this;
    if (max !== this.max) {
      this.reduce(current < this.max ? Math.min(current, max) : max);
      this.max = max;
    }
  }

  reduce(limit: number): void {
    this.#atChange = limit;
    this.#changedAt = this.#clock.monotonic();
  }
}
