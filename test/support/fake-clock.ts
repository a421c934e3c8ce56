import type { Clock } from '../../src/lib/clock.ts';

interface Timer {
  at: number;
  order: number;
  callback: () => void;
}

/** Timers that may be called while a clock advances, besides one per millisecond. More of them are a loop that never ends. */
const SPARE_TIMERS = 20_000;

/** A clock that tests advance. The wall clock can be set independently of the monotonic one. */
export class FakeClock implements Clock {
  #monotonic = 0;
  #wallOffset = Date.UTC(2026, 0, 1);
  #order = 0;
  #timers = new Set<Timer>();

  now(): number {
    return this.#monotonic + this.#wallOffset;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimer(ms: number, callback: () => void): () => void {
    const timer = { at: this.#monotonic + Math.max(0, ms), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Number of timers that wait. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves only the wall clock, as an administrator or NTP does. */
  jump(ms: number): void {
    this.#wallOffset += ms;
  }

  /**
   * Advances both clocks by `ms`, calls each timer at its time, and lets promises settle.
   *
   * @throws Error if more timers are called than any test needs: they may never end
   */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (let called = 0; ; called += 1) {
      const next = this.#next();
      if (next === undefined || next.at > end) {
        break;
      }
      if (called > SPARE_TIMERS + Math.min(ms, 10 * SPARE_TIMERS)) {
        throw new Error(`${called} timers within ${ms} ms`);
      }
      this.#timers.delete(next);
      this.#monotonic = Math.max(this.#monotonic, next.at);
      next.callback();
      await settle();
    }
    this.#monotonic = end;
  }

  /** Advances both clocks in one step, as after a suspend of the machine: timers that are due are called late, in order. */
  async leap(ms: number): Promise<void> {
    this.#monotonic += ms;
    await this.advance(0);
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }
}

/** Lets the callbacks of settled promises run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) {
    await Promise.resolve();
  }
}
