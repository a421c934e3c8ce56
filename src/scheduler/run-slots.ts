import type { Clock } from '../lib/clock.ts';
import { RecoveringLimit } from './recovering-limit.ts';

/** After a quota error, the limit recovers by one run in this time. */
const GROWTH_PAUSE_MS = 60_000;
/** Pause of all starts in a target after a quota error. */
const QUOTA_PAUSE_MS = 10_000;

/** How the runs of one target use its concurrent-run limit. */
export interface Occupancy {
  /** Runs at the service, and runs that are being started. */
  readonly active: number;
  /** Runs without a slot. */
  readonly waiting: number;
  /** Runs that may be active now. */
  readonly limit: number;
}

/** The active and waiting runs of one target. A quota error reduces the limit to the active runs, but not below 1. */
export class RunSlots<Waiting> {
  readonly #clock: Clock;
  readonly limit: RecoveringLimit;
  #active = 0;
  /** The longest waiting first. A query keeps its place if its window is skipped. */
  #waiting = new Set<Waiting>();
  /** No start before this time after a quota error, on the monotonic clock. */
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(limit: number, clock: Clock) {
    this.#clock = clock;
    this.limit = new RecoveringLimit(limit, clock, (ms) => Math.floor(ms / GROWTH_PAUSE_MS));
  }

  get occupancy(): Occupancy {
    return { active: this.#active, waiting: this.#waiting.size, limit: this.limit.current };
  }

  /** Adds a query behind all that wait. One that waits already keeps its place. */
  enqueue(one: Waiting): void {
    this.#waiting.add(one);
  }

  dequeue(one: Waiting): void {
    this.#waiting.delete(one);
  }

  /** Gives a slot to the query that waits longest. Returns undefined if none waits, or no slot is free. */
  admit(): Waiting | undefined {
    const [first] = this.#waiting;
    if (first === undefined || this.#active >= this.limit.current || this.#clock.monotonic() < this.#notBefore) {
      return undefined;
    }
    this.#waiting.delete(first);
    this.#active += 1;
    return first;
  }

  /** Takes a slot for a run that is at the service already, whether or not one is free. */
  occupy(): void {
    this.#active += 1;
  }

  release(): void {
    this.#active -= 1;
  }

  /** Handles a quota error: the query waits again, before all others. Its slot must still be released. */
  refused(one: Waiting): void {
    this.limit.reduce(Math.max(1, Math.min(this.limit.current, this.#active - 1)));
    this.#notBefore = this.#clock.monotonic() + QUOTA_PAUSE_MS;
    this.#waiting = new Set([one, ...this.#waiting]);
  }
}
