import type { Clock } from '../lib/clock.ts';
import { RecoveringLimit } from './recovering-limit.ts';

/** A reduced rate recovers by the whole limit in this time: slowly, like TCP's additive increase. */
const FULL_GROWTH_MS = 100_000;
/** The rate is not reduced below this part of the limit, so that the target is still probed. */
const SMALLEST_PART = 1 / 32;
/** Throttling errors within this time after a reduction are of attempts that were sent before it, and change nothing. */
const CUT_PAUSE_MS = 1_000;
/** Sends may be this far behind their even spacing and catch up, because timers have millisecond precision. */
const CATCH_UP_MS = 10;
/** Length of a second for the limit: attempts with different network delays must still arrive within the limit. */
const SECOND_MS = 1_030;
/** Calls are prepared (credentials, signature) at most this long before their first attempt may be sent. */
const LEAD_MS = 5;

/**
 * The attempts per second that one AWS account accepts in one region, retries included. They are sent evenly, without bursts.
 * While the API throttles, the rate is halved, at most once per second, and recovers by a hundredth of the limit per second.
 *
 * Each attempt of a call waits in `acquire` just before it is sent, so retries go before new calls, which check `startsIn`.
 */
export class Budget {
  /** Called when calls that delayed others were sent or have ended. */
  onFree: () => void = () => undefined;
  readonly #clock: Clock;
  readonly #rate: RecoveringLimit;
  /** Times of the last sends: a ring with the most sends that a second may have. */
  #sends: Float64Array;
  #sendCount = 0;
  #lastCut = Number.NEGATIVE_INFINITY;
  /** Time at which even spacing allows the next send. */
  #nextAt: number;
  #reserved = 0;
  #waiting: Array<() => void> = [];
  #cancelTimer: (() => void) | undefined;

  constructor(requestsPerSecond: number, clock: Clock) {
    this.#clock = clock;
    this.#rate = new RecoveringLimit(requestsPerSecond, clock, (ms, limit) => (ms * limit) / FULL_GROWTH_MS);
    this.#sends = new Float64Array(Math.ceil(requestsPerSecond));
    this.#nextAt = clock.monotonic();
  }

  /** Configured attempts per second. */
  get limit(): number {
    return this.#rate.max;
  }

  /** Replaces the limit. A reduced rate stays reduced, and recovers to the new limit. */
  setLimit(requestsPerSecond: number): void {
    if (requestsPerSecond !== this.limit) {
      this.#rate.setMax(requestsPerSecond);
      this.#resizeRing();
      this.#nextAt = Math.min(this.#nextAt, this.#clock.monotonic() + 1_000 / this.rate);
      this.#serve();
    }
  }

  /** Attempts per second in effect now. */
  get rate(): number {
    return this.#rate.current;
  }

  /** Halves the rate after a throttled attempt. Returns whether it was reduced. */
  throttled(): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#lastCut < CUT_PAUSE_MS) {
      return false;
    }
    this.#rate.reduce(Math.max(this.rate / 2, this.limit * SMALLEST_PART));
    this.#lastCut = now;
    return true;
  }

  /** Returns the milliseconds until a new call may start: 0 if it may now, Infinity while calls in progress go first. */
  startsIn(): number {
    if (this.#waiting.length > 0) {
      return Number.POSITIVE_INFINITY;
    }
    const rate = this.rate;
    if (this.#reserved >= 1 + Math.floor((rate * LEAD_MS) / 1_000)) {
      return Number.POSITIVE_INFINITY;
    }
    const now = this.#clock.monotonic();
    const turn = this.#earliest(rate) + (this.#reserved * 1_000) / rate;
    return Math.max(0, turn - LEAD_MS - now);
  }

  /** Takes a place for a call that starts now. Its first attempt, or its end, calls the returned function to release it. */
  reserve(): () => void {
    this.#reserved += 1;
    let held = true;
    return () => {
      if (held) {
        held = false;
        this.#reserved -= 1;
        this.onFree();
      }
    };
  }

  /** Resolves when an attempt may be sent, in call order. Rejects with the signal's reason when it aborts. */
  acquire(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const go = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((waiter) => waiter !== go);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(go);
      this.#serve();
    });
  }

  #serve(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    while (this.#waiting.length > 0) {
      const now = this.#clock.monotonic();
      const rate = this.rate;
      const earliest = this.#earliest(rate);
      if (earliest > now) {
        this.#cancelTimer = this.#clock.setTimer(Math.ceil(earliest - now), () => this.#serve());
        return;
      }
      this.#nextAt = Math.max(this.#nextAt, now - CATCH_UP_MS) + 1_000 / rate;
      this.#sends[this.#sendCount % this.#sends.length] = now;
      this.#sendCount += 1;
      this.#waiting.shift()?.();
    }
    this.onFree();
  }

  /** Sends that one of both rings cannot hold were more than a second ago. */
  #resizeRing(): void {
    const before = this.#sends;
    this.#sends = new Float64Array(Math.ceil(this.limit)).fill(Number.NEGATIVE_INFINITY);
    const kept = Math.min(this.#sendCount, before.length, this.#sends.length);
    for (let send = this.#sendCount - kept; send < this.#sendCount; send += 1) {
      this.#sends[send % this.#sends.length] = before[send % before.length] ?? Number.NEGATIVE_INFINITY;
    }
  }

  /** Returns the earliest time that both the even spacing and the limit of any second allow. */
  #earliest(rate: number): number {
    const perSecond = Math.ceil(rate);
    if (this.#sendCount < perSecond) {
      return this.#nextAt;
    }
    const sent = this.#sends[(this.#sendCount - perSecond) % this.#sends.length] ?? Number.NEGATIVE_INFINITY;
    return Math.max(this.#nextAt, sent + SECOND_MS);
  }
}
