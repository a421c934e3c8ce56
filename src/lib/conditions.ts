import type { Clock } from './clock.ts';
import { type LogFields, type Logger, wholeSeconds } from './log.ts';

/** Interval between log lines about a lasting condition, in milliseconds. */
export const REMINDER_MS = 3_600_000;

/** Times on the monotonic clock. */
interface Lasting {
  readonly since: number;
  /** Kind in the last log line. Another kind is logged immediately. */
  kind: string | undefined;
  loggedAt: number;
}

/** Decides when to log lasting conditions: when one begins, when its kind changes, and hourly. */
export class Reminders<Key = string> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #lasting = new Map<Key, Lasting>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  has(key: Key): boolean {
    return this.#lasting.has(key);
  }

  /** Returns true if the current condition `key` must be logged now. Assumes that the caller then logs it. */
  isDue(key: Key, kind?: string): boolean {
    const now = this.#clock.monotonic();
    const lasting = this.#lasting.get(key);
    if (lasting === undefined) {
      this.#lasting.set(key, { since: now, kind, loggedAt: now });
      return true;
    }
    const isDue = lasting.kind !== kind || now - lasting.loggedAt >= REMINDER_MS;
    if (isDue) {
      lasting.kind = kind;
      lasting.loggedAt = now;
    }
    return isDue;
  }

  /** Returns the duration of the condition for a log field, or undefined if there is none. */
  duration(key: Key): string | undefined {
    const lasting = this.#lasting.get(key);
    return lasting && wholeSeconds(this.#clock.monotonic() - lasting.since);
  }

  /** Forgets the condition: it has ended, or its object was removed. */
  forget(key: Key): void {
    this.#lasting.delete(key);
  }
}

export interface ConditionsOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Level of all lines except `ended`. Defaults to `warn`. */
  readonly level?: 'warn' | 'error';
  readonly begun: string;
  /** Message of reminders. Defaults to `begun`. */
  readonly lasts?: string;
  /** Message when a condition ends, at level info. */
  readonly ended: string;
}

/** Logs lasting conditions: when one begins, hourly while it lasts, and when it ends. */
export class Conditions<Key = string> {
  readonly #options: ConditionsOptions;
  readonly #reminders: Reminders<Key>;

  constructor(options: ConditionsOptions) {
    this.#options = options;
    this.#reminders = new Reminders(options.clock);
  }

  has(key: Key): boolean {
    return this.#reminders.has(key);
  }

  /**
   * Reports that the condition of `key` exists. A changed kind is logged immediately.
   * @param isLogged true if the beginning is already in the log
   */
  found(key: Key, fields: LogFields, { kind, isLogged = false }: { kind?: string; isLogged?: boolean } = {}): void {
    const { log, level = 'warn', begun, lasts = begun } = this.#options;
    const duration = this.#reminders.duration(key);
    if (!this.#reminders.isDue(key, kind)) {
      return;
    }
    if (duration !== undefined) {
      log[level](lasts, { ...fields, duration });
    } else if (!isLogged) {
      log[level](begun, fields);
    }
  }

  /** Reports that the condition of `key` does not exist, or has ended. */
  over(key: Key, fields: LogFields = {}): void {
    const duration = this.#reminders.duration(key);
    if (duration !== undefined) {
      this.#reminders.forget(key);
      this.#options.log.info(this.#options.ended, { ...fields, duration });
    }
  }

  /** Forgets the condition without a log line, because its object was removed. */
  forget(key: Key): void {
    this.#reminders.forget(key);
  }
}
