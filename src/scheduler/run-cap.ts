import type { Clock } from '../lib/clock.ts';

/** No run more is allowed for this long after a quota error; then one more, and so on up to the limit. */
const GROWTH_PAUSE_MS = 60_000;

/**
 * How many runs may be in flight at the service in one target. A quota error lowers it to what is in flight, never below
 * one; each minute without another allows one more.
 */
export class RunCap {
  #limit: number;
  readonly #clock: Clock;
  #capAtChange: number;
  #changedAt: number;
  #active = 0;

  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
    this.#capAtChange = limit;
    this.#changedAt = clock.monotonic();
  }

  /** Another limit holds from now on; a cap that was lowered stays so, and grows back to it. */
  setLimit(limit: number): void {
    const { current } = this;
    if (limit !== this.#limit) {
      this.#capAtChange = current < this.#limit ? Math.min(current, limit) : limit;
      this.#changedAt = this.#clock.monotonic();
      this.#limit = limit;
    }
  }

  /** Runs that may be in flight now. */
  get current(): number {
    const minutes = Math.floor((this.#clock.monotonic() - this.#changedAt) / GROWTH_PAUSE_MS);
    return Math.min(this.#limit, this.#capAtChange + minutes);
  }

  /** Runs in flight, those that are being started included. */
  get active(): number {
    return this.#active;
  }

  get hasRoom(): boolean {
    return this.#active < this.current;
  }

  begin(): void {
    this.#active += 1;
  }

  end(): void {
    this.#active -= 1;
  }

  /** The service refused a start for its quota, while `active` runs, the refused one included, were counted here. */
  refused(): void {
    this.#capAtChange = Math.max(1, Math.min(this.current, this.#active - 1));
    this.#changedAt = this.#clock.monotonic();
  }
}
