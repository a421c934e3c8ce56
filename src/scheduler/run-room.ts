import type { Clock } from '../lib/clock.ts';
import { RunCap } from './run-cap.ts';

/** Pause of all starts in a target after a quota error. */
const QUOTA_PAUSE_MS = 10_000;

/** How the runs of one target fill their room. */
export interface Occupancy {
  /** At the service or being started. */
  readonly active: number;
  /** Without room yet. */
  readonly waiting: number;
  /** Runs that may be active now. */
  readonly limit: number;
}

/** The room for runs in one target, and who waits for it. */
export class RunRoom<Waiting> {
  readonly #cap: RunCap;
  readonly #clock: Clock;
  /** The longest waiting first: who waits keeps its place when its window is skipped. */
  #waiting = new Set<Waiting>();
  /** After a quota error, no start before this, on the monotonic clock. */
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(limit: number, clock: Clock) {
    this.#cap = new RunCap(limit, clock);
    this.#clock = clock;
  }

  /** Another limit holds from now on. */
  setLimit(limit: number): void {
    this.#cap.setLimit(limit);
  }

  get occupancy(): Occupancy {
    return { active: this.#cap.active, waiting: this.#waiting.size, limit: this.#cap.current };
  }

  /** Waits behind all others; one that waits already keeps its place. */
  wait(one: Waiting): void {
    this.#waiting.add(one);
  }

  waitNoMore(one: Waiting): void {
    this.#waiting.delete(one);
  }

  /** Takes a place for who waits longest; undefined where nobody waits, or there is no room. */
  admit(): Waiting | undefined {
    if (!this.#cap.hasRoom || this.#clock.monotonic() < this.#notBefore) {
      return undefined;
    }
    for (const first of this.#waiting) {
      this.#waiting.delete(first);
      this.#cap.begin();
      return first;
    }
    return undefined;
  }

  /** Takes a place, whoever waits and whether there is room, for a run that is at the service already. */
  enter(): void {
    this.#cap.begin();
  }

  /** A run gives its place back. */
  leave(): void {
    this.#cap.end();
  }

  /** The service has no room for a run that has a place here: it waits again, before all others. It is still to leave. */
  refused(one: Waiting): void {
    this.#cap.refused();
    this.#notBefore = this.#clock.monotonic() + QUOTA_PAUSE_MS;
    this.#waiting = new Set([one, ...this.#waiting]);
  }
}
