import { cpuMs } from './cpu-time.ts';

/** Milliseconds between two ticks. */
const TICK = 1;

/**
 * Measures the longest block of this process's event loop in CPU time. In contrast to `EventLoopBlock`, time in which other
 * processes had the core is not included, so the result holds on a busy machine. CPU time of helper threads is included.
 */
export class CpuBlock {
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #longest = 0;

  start(): void {
    this.#last = cpuMs();
    this.#longest = 0;
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** Stops the measurement. Returns the most CPU time between two ticks, in milliseconds. */
  stop(): number {
    clearInterval(this.#timer);
    this.#tick();
    return this.#longest;
  }

  #tick(): void {
    const now = cpuMs();
    this.#longest = Math.max(this.#longest, now - this.#last);
    this.#last = now;
  }
}
