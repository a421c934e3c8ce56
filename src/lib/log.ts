import type { Clock } from './clock.ts';
import { printableJson } from './text.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['logfmt', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Fields of a log event. Undefined fields are omitted. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** Formats a duration in milliseconds for a log field: `90s`. */
export function wholeSeconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1_000)}s`;
}

export interface Logger {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
  /** Logs at any level, with level `info`: for lines that other programs wait for. */
  always(msg: string, fields?: LogFields): void;
}

const ignore = () => undefined;

export const SILENT_LOG: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, always: ignore };

export interface LoggerOptions {
  level: LogLevel;
  format: LogFormat;
  clock: Pick<Clock, 'now'>;
  /** Receives one complete line, including the newline. */
  write(line: string): void;
}

/** Most characters of a field: the length of texts from a service is unlimited. */
const LONGEST_TEXT = 4_096;

/** Returns a logger that writes one line per event: `ts`, `level`, `msg`, then the fields in order. */
export function createLogger(options: LoggerOptions): Logger & { setLevel(level: LogLevel): void } {
  let threshold = LOG_LEVELS.indexOf(options.level);
  const render = options.format === 'json' ? quoted : renderLogfmt;
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

function renderLogfmt(event: LogFields): string {
  return Object.entries(event)
    .flatMap(([key, value]) => {
      return value === undefined ? [] : `${key}=${key === 'msg' ? quoted(String(value)) : logfmtValue(value)}`;
    })
    .join(' ');
}

/** Returns a value bare if that is unambiguous in logfmt, otherwise as a JSON string: no value can begin a line or field. */
function logfmtValue(value: string | number | boolean): string {
  const text = String(value);
  return /^[\w.:/@+*,;%~^[\]-]+$/.test(text) ? text : quoted(text);
}

function quoted(value: string | LogFields): string {
  return printableJson(JSON.stringify(value));
}
