import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. The histogram looks this often; while idle, what it records is this long too. */
const RESOLUTION = 1;

/** Measures how long this process's event loop was held up at most. It costs CPU time only while it is on. */
export class EventLoopBlock {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION });

  /** Resets the measurement. */
  async start(): Promise<void> {
    this.#delay.reset();
    this.#delay.enable();
    // Delays count from the first tick after a reset on: a block before that would be missed.
    await sleep(5 * RESOLUTION);
  }

  /** Ends it. Returns the longest delay in milliseconds. */
  async stop(): Promise<number> {
    // A block is recorded by the first tick after it.
    await sleep(5 * RESOLUTION);
    this.#delay.disable();
    return Math.max(0, this.#delay.max / 1e6 - RESOLUTION);
  }
}
