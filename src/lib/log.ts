import type { Clock } from './clock.ts';
import { printableJson } from './text.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['logfmt', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Fields of a log event; those that are `undefined` are left out. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** A duration in milliseconds as fields have it, such as `90s`. */
export function wholeSeconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1_000)}s`;
}

export interface Logger {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
  /** Writes whatever the level is: for the few lines that other programs wait for. Shown as `info`. */
  always(msg: string, fields?: LogFields): void;
}

const ignore = () => undefined;

/** For what would otherwise print, or for parts that nobody reads the log of. */
export const SILENT_LOG: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, always: ignore };

/** A logger whose level may change while it is used. */
export interface AdjustableLogger extends Logger {
  setLevel(level: LogLevel): void;
}

export interface LoggerOptions {
  level: LogLevel;
  format: LogFormat;
  clock: Pick<Clock, 'now'>;
  /** Receives one finished line, newline included. */
  write(line: string): void;
}

/** Characters of a text in a line: it may be of a service, which decides how long it is. */
const LONGEST_TEXT = 4_096;

/** One event a line: `ts`, `level`, `msg`, then the fields in the order given. */
export function createLogger(options: LoggerOptions): AdjustableLogger {
  let threshold = LOG_LEVELS.indexOf(options.level);
  const render = options.format === 'json' ? renderJson : renderLogfmt;
  const emit = (level: LogLevel, msg: string, fields: LogFields = {}) => {
    const ts = new Date(options.clock.now()).toISOString();
    options.write(`${render({ ts, level, msg, ...bounded(fields) })}\n`);
  };
  const at = (level: LogLevel) => {
    const rank = LOG_LEVELS.indexOf(level);
    return (msg: string, fields?: LogFields) => {
      if (rank >= threshold) {
        emit(level, msg, fields);
      }
    };
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    always: (msg, fields) => emit('info', msg, fields),
    setLevel(level) {
      threshold = LOG_LEVELS.indexOf(level);
    },
  };
}

function bounded(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === 'string' && value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value,
    ]),
  );
}

function renderJson(event: LogFields): string {
  return printableJson(JSON.stringify(event));
}

function renderLogfmt(event: LogFields): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(event)) {
    if (value !== undefined) {
      parts.push(`${key}=${key === 'msg' ? quoted(String(value)) : logfmtValue(value)}`);
    }
  }
  return parts.join(' ');
}

/** `msg` is always quoted; other values are bare where a logfmt reader cannot misread them, else a JSON string: no value can begin a new line or field. */
function logfmtValue(value: string | number | boolean): string {
  const text = String(value);
  return /^[\w.:/@+*,;%~^[\]-]+$/.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return printableJson(JSON.stringify(text));
}
