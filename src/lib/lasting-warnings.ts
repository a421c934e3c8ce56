import type { Clock } from './clock.ts';
import { type LogFields, type Logger, wholeSeconds } from './log.ts';

const REMINDER_MS = 3_600_000;

export interface LastingWarningsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** The message of the first warning, and of one each hour. */
  readonly begun: string;
  /** The message of the line that says it is over. */
  readonly ended: string;
}

/** Times on the monotonic clock. */
interface Lasting {
  readonly since: number;
  toldAt: number;
}

/** Warns about states that last: when one begins, hourly while it is found again, and in one line when it ends. */
export class LastingWarnings {
  readonly #options: LastingWarningsOptions;
  readonly #lasting = new Map<string, Lasting>();

  constructor(options: LastingWarningsOptions) {
    this.#options = options;
  }

  /** The state of `key` is found. */
  found(key: string, fields: LogFields): void {
    const { clock, log, begun } = this.#options;
    const now = clock.monotonic();
    const lasting = this.#lasting.get(key);
    if (lasting === undefined) {
      this.#lasting.set(key, { since: now, toldAt: now });
      log.warn(begun, fields);
    } else if (now - lasting.toldAt >= REMINDER_MS) {
      lasting.toldAt = now;
      log.warn(begun, { ...fields, duration: wholeSeconds(now - lasting.since) });
    }
  }

  /** The state of `key` is over, if it was there. */
  over(key: string, fields: LogFields): void {
    const { clock, log, ended } = this.#options;
    const lasting = this.#lasting.get(key);
    if (lasting !== undefined) {
      this.#lasting.delete(key);
      log.info(ended, { ...fields, duration: wholeSeconds(clock.monotonic() - lasting.since) });
    }
  }

  /** What `key` names is gone: nothing is logged. */
  forget(key: string): void {
    this.#lasting.delete(key);
  }
}
