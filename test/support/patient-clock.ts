import { type Clock, sleep } from '../../src/lib/clock.ts';

const TICK_MS = 2;
/** A tick that is later than this was late because the process could not run. */
const LONGEST_TICK_MS = TICK_MS + 1;

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock that runs with the system's, but stops while this process is kept from running: by other processes, or by long
 * work of its own. If a daemon, its simulator, and their test share one, a busy machine takes longer, and changes nothing
 * of what they see.
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
    // Whole, as the system's.
    return Math.floor(this.#start + this.monotonic());
  }

  monotonic(): number {
    return this.#elapsed + this.#sinceTick();
  }

  setTimer(ms: number, callback: () => void): () => void {
    const timer = { at: this.monotonic() + Math.max(0, ms), callback };
    const later = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    // A process that has nothing but timers of this clock stays alive, as with the system's.
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

  /** Stops until the function returned is called: no timer fires, while requests under way go on. */
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

/** For all of a test file: what shares a process is held up at once. */
export const patientClock = new PatientClock();
