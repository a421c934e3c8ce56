import type { Clock } from './clock.ts';
import { type LogFields, type Logger, wholeSeconds } from './log.ts';

/** Milliseconds on the monotonic clock from one log line about a condition that lasts to the next. */
export const REMINDER_MS = 3_600_000;

/** Times on the monotonic clock. */
interface Lasting {
  readonly since: number;
  /** What it was when it was logged last: another kind is logged at once. */
  kind: string | undefined;
  loggedAt: number;
}

/** Tells when to log what may last for long: when it begins, when it becomes another kind of the same, and hourly. */
export class Reminders<Key = string> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #lasting = new Map<Key, Lasting>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  has(key: Key): boolean {
    return this.#lasting.has(key);
  }

  /** Whether the condition `key`, which is found now, is to be logged; it is taken to be logged then. */
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

  /** How long the condition has lasted, as fields have it; undefined if there is none. */
  duration(key: Key): string | undefined {
    const lasting = this.#lasting.get(key);
    return lasting && wholeSeconds(this.#clock.monotonic() - lasting.since);
  }

  /** What `key` names is over, or is gone. */
  forget(key: Key): void {
    this.#lasting.delete(key);
  }
}

export interface ConditionsOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Of the lines that say that it is there. Defaults to `warn`. */
  readonly level?: 'warn' | 'error';
  /** The message when a condition begins. */
  readonly begun: string;
  /** The message of the reminders. Defaults to `begun`. */
  readonly lasts?: string;
  /** The message of the line that says it is over, at level info. */
  readonly ended: string;
}

/** Logs conditions that last: when one begins, hourly while it is found again, and in one line when it ends. */
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
   * The condition of `key` is found. One of another kind than before is logged at once.
   *
   * @param isLogged the log says already that it begins
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

  /** The condition of `key` is over, if it was there. */
  over(key: Key, fields: LogFields = {}): void {
    const duration = this.#reminders.duration(key);
    if (duration !== undefined) {
      this.#reminders.forget(key);
      this.#options.log.info(this.#options.ended, { ...fields, duration });
    }
  }

  /** What `key` names is gone: nothing is logged. */
  forget(key: Key): void {
    this.#reminders.forget(key);
  }
}
