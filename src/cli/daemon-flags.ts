import { parseDuration } from '../config/duration.ts';
import { parseListenAddress } from '../config/listen-address.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '../runtime/log.ts';
import { type Flag, type FlagValues, UsageError } from './flags.ts';

/** Flags of the daemon, in `serve` and `demo`. */
export const DAEMON_FLAGS: readonly Flag[] = [
  {
    name: 'config.file',
    kind: 'text',
    placeholder: 'FILE',
    help: 'Configuration file (YAML or JSON). Required by serve.',
  },
  {
    name: 'web.listen-address',
    kind: 'list',
    placeholder: 'ADDRESS',
    help: 'Address to listen on: :PORT, HOST:PORT or [IPV6]:PORT. Repeatable. Default :10049.',
  },
  { name: 'web.telemetry-path', kind: 'text', placeholder: 'PATH', help: 'Path of the metrics. Default /metrics.' },
  {
    name: 'web.route-prefix',
    kind: 'text',
    placeholder: 'PATH',
    help: 'Prefix of all paths. Default: the path of --web.external-url, else none.',
  },
  {
    name: 'web.external-url',
    kind: 'text',
    placeholder: 'URL',
    help: 'URL under which users reach the exporter, for links.',
  },
  {
    name: 'web.shutdown-timeout',
    kind: 'text',
    placeholder: 'DURATION',
    help: 'How long a shutdown may take. Default 10s.',
  },
  { name: 'log.level', kind: 'text', placeholder: 'LEVEL', help: `${LOG_LEVELS.join(', ')}. Default info.` },
  { name: 'log.format', kind: 'text', placeholder: 'FORMAT', help: `${LOG_FORMATS.join(' or ')}. Default logfmt.` },
];

/** What the daemon's flags say; undefined where the file or a default decides. */
export interface DaemonFlags {
  readonly configFile: string | undefined;
  readonly listenAddresses: readonly string[] | undefined;
  readonly telemetryPath: string | undefined;
  /** Empty, or begins with a slash and does not end with one. */
  readonly routePrefix: string;
  readonly externalUrl: string | undefined;
  /** Milliseconds. */
  readonly shutdownTimeout: number;
  readonly logLevel: LogLevel | undefined;
  readonly logFormat: LogFormat | undefined;
}

/** @throws UsageError that names the flag, what it got and what was expected. */
export function readDaemonFlags(values: FlagValues): DaemonFlags {
  const { text } = values;
  const externalUrl = text('web.external-url');
  const prefix = text('web.route-prefix');
  return {
    configFile: text('config.file'),
    listenAddresses: values.list('web.listen-address')?.map(listenAddress),
    telemetryPath: telemetryPath(text('web.telemetry-path')),
    routePrefix: routePrefix(prefix ?? externalPath(externalUrl)),
    externalUrl: externalUrl?.replace(/\/+$/, ''),
    shutdownTimeout: duration('web.shutdown-timeout', text('web.shutdown-timeout') ?? '10s'),
    logLevel: oneOf('log.level', LOG_LEVELS, text('log.level')),
    logFormat: oneOf('log.format', LOG_FORMATS, text('log.format')),
  };
}

function listenAddress(value: string): string {
  if (parseListenAddress(value) === undefined) {
    throw wrong('web.listen-address', value, ':PORT, HOST:PORT or [IPV6]:PORT');
  }
  return value;
}

function telemetryPath(value: string | undefined): string | undefined {
  if (value !== undefined && !/^\/[^\s?#]*$/.test(value)) {
    throw wrong('web.telemetry-path', value, 'a path that begins with /');
  }
  return value;
}

function routePrefix(value: string): string {
  if (!/^[^\s?#]*$/.test(value)) {
    throw wrong('web.route-prefix', value, 'a path');
  }
  const path = value.replace(/^\/+|\/+$/g, '');
  return path === '' ? '' : `/${path}`;
}

function externalPath(value: string | undefined): string {
  if (value === undefined) {
    return '';
  }
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw wrong('web.external-url', value, 'an http or https URL');
  }
  return new URL(value).pathname;
}

function duration(name: string, value: string): number {
  const ms = parseDuration(value);
  if (ms === undefined) {
    throw wrong(name, value, 'a duration such as 10s');
  }
  return ms;
}

function oneOf<T extends string>(name: string, allowed: readonly T[], value: string | undefined): T | undefined {
  const found = allowed.find((each) => each === value);
  if (value !== undefined && found === undefined) {
    throw wrong(name, value, `one of ${allowed.join(', ')}`);
  }
  return found;
}

function wrong(name: string, value: string, expected: string): UsageError {
  return new UsageError(`--${name}: got ${JSON.stringify(value)}, expected ${expected}`);
}
