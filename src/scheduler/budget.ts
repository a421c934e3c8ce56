import type { Clock } from '../lib/clock.ts';

/** After a cut, a fresh limit is reached again in this many seconds of growth: slow, as TCP's additive increase. */
const FULL_GROWTH_SECONDS = 100;
/** The budget is never cut below this part of its limit, so that the target is still probed. */
const SMALLEST_PART = 1 / 32;
/** Throttled answers within this time of a cut belong to requests that were sent before it: they do not cut again. */
const CUT_PAUSE_MS = 1_000;
/** Sends may run this far behind their even spacing and catch up: timers only have millisecond precision. */
const CATCH_UP_MS = 10;
/** A second is held to be this long, so that requests that are delayed differently on their way still keep the limit. */
const SECOND_MS = 1_030;
/** Calls are prepared (credentials, signature) at most this long before they may be sent. */
const LEAD_MS = 5;

/** A call's place in the budget, from its start until its first attempt is sent. */
export interface Reservation {
  /** Gives the place back; harmless when it is already used or released. */
  release(): void;
}

/**
 * The requests a second that one AWS account takes in one region, attempts of retries included.
 *
 * Attempts are sent evenly, without bursts, and never more than the budget in any second. While the API throttles, the
 * budget in force is halved, at most once a second, and grows back by a hundredth of its limit each second.
 *
 * A new call asks `canStart` and takes a reservation; each of its attempts then waits in `acquire` right before it is
 * sent. Retries are therefore served before new calls begin, and a request is signed only shortly before it goes out.
 */
export class Budget {
  readonly #clock: Clock;
  #limit: number;
  /** Times of the last sends, a ring as long as the most that a second may hold. */
  #sends: Float64Array;
  #sendCount = 0;
  #rateAtChange: number;
  #changedAt: number;
  #lastCut = Number.NEGATIVE_INFINITY;
  /** When even spacing allows the next send. */
  #nextAt: number;
  #reserved = 0;
  #waiting: Array<() => void> = [];
  #cancelTimer: (() => void) | undefined;
  #onFree: () => void = () => undefined;

  constructor(requestsPerSecond: number, clock: Clock) {
    this.#limit = requestsPerSecond;
    this.#clock = clock;
    this.#sends = new Float64Array(Math.ceil(requestsPerSecond));
    this.#rateAtChange = requestsPerSecond;
    this.#changedAt = clock.monotonic();
    this.#nextAt = this.#changedAt;
  }

  /** Configured requests a second. */
  get limit(): number {
    return this.#limit;
  }

  /** Another limit holds from now on; a budget that was cut stays so, and grows back to it. */
  setLimit(requestsPerSecond: number): void {
    if (requestsPerSecond === this.#limit) {
      return;
    }
    const now = this.#clock.monotonic();
    const rate = this.rate;
    this.#rateAtChange = rate < this.#limit ? Math.min(rate, requestsPerSecond) : requestsPerSecond;
    this.#changedAt = now;
    this.#limit = requestsPerSecond;
    this.#resizeRing();
    this.#nextAt = Math.min(this.#nextAt, now + 1_000 / this.#rateAtChange);
    this.#serve();
  }

  /** Requests a second now in force. */
  get rate(): number {
    const seconds = (this.#clock.monotonic() - this.#changedAt) / 1_000;
    return Math.min(this.#limit, this.#rateAtChange + (seconds * this.#limit) / FULL_GROWTH_SECONDS);
  }

  /** `listener` is called when calls that held others back have been sent or have ended. */
  onFree(listener: () => void): void {
    this.#onFree = listener;
  }

  /** Halves the budget, as the API has throttled an attempt. Returns whether it was cut. */
  throttled(): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#lastCut < CUT_PAUSE_MS) {
      return false;
    }
    this.#rateAtChange = Math.max(this.rate / 2, this.#limit * SMALLEST_PART);
    this.#changedAt = now;
    this.#lastCut = now;
    return true;
  }

  /** Milliseconds until a new call may begin: 0 when it may now. Infinity while calls under way must go first. */
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

  /** Takes a place for a call that begins now. Its first attempt, or its end, must release it. */
  reserve(): Reservation {
    this.#reserved += 1;
    let held = true;
    return {
      release: () => {
        if (held) {
          held = false;
          this.#reserved -= 1;
          this.#onFree();
        }
      },
    };
  }

  /** Resolves when an attempt may be sent, in the order of asking; rejects with the signal's reason when it aborts. */
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
    this.#onFree();
  }

  /** Those sends that the new ring has no room for, or that the old one had none for, are longer ago than a second. */
  #resizeRing(): void {
    const before = this.#sends;
    this.#sends = new Float64Array(Math.ceil(this.#limit)).fill(Number.NEGATIVE_INFINITY);
    const kept = Math.min(this.#sendCount, before.length, this.#sends.length);
    for (let send = this.#sendCount - kept; send < this.#sendCount; send += 1) {
      this.#sends[send % this.#sends.length] = before[send % before.length] ?? Number.NEGATIVE_INFINITY;
    }
  }

  /** The first moment at which both the even spacing and the limit of any one second allow a send. */
  #earliest(rate: number): number {
    const perSecond = Math.ceil(rate);
    if (this.#sendCount < perSecond) {
      return this.#nextAt;
    }
    const sent = this.#sends[(this.#sendCount - perSecond) % this.#sends.length] ?? Number.NEGATIVE_INFINITY;
    return Math.max(this.#nextAt, sent + SECOND_MS);
  }
}
