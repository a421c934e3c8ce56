import type { LogFields, Logger, LogLevel } from '../../src/lib/log.ts';

export interface LoggedEvent {
  readonly level: LogLevel;
  readonly msg: string;
  readonly fields: LogFields;
}

/** A logger that records its events. */
export class RecordingLog implements Logger {
  readonly events: LoggedEvent[] = [];
  /** The levels that were set, in order. */
  readonly levels: LogLevel[] = [];

  debug = this.#at('debug');
  info = this.#at('info');
  warn = this.#at('warn');
  error = this.#at('error');
  always = this.#at('info');

  messages(): string[] {
    return this.events.map(({ msg }) => msg);
  }

  #at(level: LogLevel) {
    return (msg: string, fields: LogFields = {}) => {
      this.events.push({ level, msg, fields });
    };
  }
}
