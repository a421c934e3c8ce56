import type { Clock } from '../lib/clock.ts';

/** A call whose reply had the engine's time. Times are in milliseconds; `sentAt` and `endedAt` on the local monotonic clock. */
export interface TimedCall {
  readonly sentAt: number;
  readonly endedAt: number;
  readonly time: number;
}

/** Calls of which the one with the shortest round trip counts. */
const SAMPLES = 10;

/**
 * A clock whose wall time is that of the engine, so that all members agree about windows: the local monotonic clock plus an
 * offset. It continues while the engine is away, and shows the local wall time before the first call.
 */
export class EngineClock implements Clock {
  readonly #local: Clock;
  readonly #samples: { readonly roundTrip: number; readonly offset: number }[] = [];
  #offset: number | undefined;

  constructor(local: Clock) {
    this.#local = local;
  }

  now(): number {
    return this.#offset === undefined ? this.#local.now() : Math.round(this.#local.monotonic() + this.#offset);
  }

  monotonic(): number {
    return this.#local.monotonic();
  }

  setTimer(ms: number, callback: () => void): () => void {
    return this.#local.setTimer(ms, callback);
  }

  /** Time by which the local wall clock is ahead of the engine's, in milliseconds. Undefined before the first call. */
  get localOffset(): number | undefined {
    return this.#offset === undefined ? undefined : this.#local.now() - this.now();
  }

  /** Uses the time of a call: the engine's clock had it in the middle of the call, within half of the round trip. */
  observe({ sentAt, endedAt, time }: TimedCall): void {
    this.#samples.push({ roundTrip: endedAt - sentAt, offset: time - (sentAt + endedAt) / 2 });
    if (this.#samples.length > SAMPLES) {
      this.#samples.shift();
    }
    this.#offset = this.#samples.reduce((a, b) => (b.roundTrip <= a.roundTrip ? b : a)).offset;
  }
}
