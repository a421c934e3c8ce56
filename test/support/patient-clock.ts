import { type Clock, sleep } from '../../src/lib/clock.ts';

const TICK_MS = 2;
/** A tick that is late by more than this shows that the process could not run. */
const LONGEST_TICK_MS = TICK_MS + 1;

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock that runs with the system's, but stops while this process cannot run because of other processes or long work of its
 * own. If a daemon, its simulator, and their test share one, a busy machine takes longer without an effect on them.
 */
class PatientClock implements Clock {
  readonly #start = Date.now();
  #elapsed = 0;
  #ticked = performance.now();
  #isHeld = false;
  /** In the order in which they are due. */
  readonly #timers: Timer[] = [];
  readonly #ticks = setInterval(() => this.#tick(), TICK_MS).unref();

  now(): number {
    // An integer, as the system's.
    return Math.floor(this.#start + this.monotonic());
  }

  monotonic(): number {
    return this.#elapsed + this.#sinceTick();
  }

  setTimer(ms: number, callback: () => void): () => void {
    const timer = { at: this.monotonic() + Math.max(0, ms), callback };
    const later = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    // Timers of this clock keep the process alive, as those of the system do.
    this.#ticks.ref();
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index !== -1) {
        this.#timers.splice(index, 1);
      }
      this.#restIfIdle();
    };
  }

  pause(ms: number): Promise<void> {
    return sleep(this, ms);
  }

  /** Stops until the returned function is called: timers do not fire, but requests in progress continue. */
  hold(): () => void {
    this.#tick();
    this.#isHeld = true;
    return () => {
      this.#tick();
      this.#isHeld = false;
    };
  }

  #sinceTick(): number {
    return this.#isHeld ? 0 : Math.min(performance.now() - this.#ticked, LONGEST_TICK_MS);
  }

  #tick(): void {
    this.#elapsed += this.#sinceTick();
    this.#ticked = performance.now();
    for (let [next] = this.#timers; next !== undefined && next.at <= this.#elapsed; [next] = this.#timers) {
      this.#timers.shift();
      next.callback();
    }
    this.#restIfIdle();
  }

  #restIfIdle(): void {
    if (this.#timers.length === 0) {
      this.#ticks.unref();
    }
  }
}

/** Shared by a test file: all parts of a process are delayed at the same time. */
export const patientClock = new PatientClock();
