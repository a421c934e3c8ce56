import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';

const QUIET_MS = 60_000;

/** Tells of log-ins that were refused, once a minute at most: who guesses passwords does so thousands of times. */
export class LoginLog {
  readonly #log: Logger;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #toldAt: number | undefined;
  #untold = 0;

  constructor(log: Logger, clock: Pick<Clock, 'monotonic'>) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Without the user's name, since people type passwords there. */
  refused(client: string): void {
    const now = this.#clock.monotonic();
    this.#untold += 1;
    if (this.#toldAt === undefined || now - this.#toldAt >= QUIET_MS) {
      this.#log.warn('log-in refused', { client, refused: this.#untold });
      this.#toldAt = now;
      this.#untold = 0;
    }
  }
}
