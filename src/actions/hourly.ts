import type { Clock } from '../lib/clock.ts';

const HOUR_MS = 3_600_000;

/** Lets each thing that may go on for long be said when it begins, and once an hour from then on. */
export class Hourly {
  readonly #clock: Clock;
  readonly #saidAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the thing called `key` is to be said now; it is taken to be said then. */
  isDue(key: string): boolean {
    const now = this.#clock.monotonic();
    const saidAt = this.#saidAt.get(key);
    if (saidAt !== undefined && now - saidAt < HOUR_MS) {
      return false;
    }
    this.#saidAt.set(key, now);
    return true;
  }
}
