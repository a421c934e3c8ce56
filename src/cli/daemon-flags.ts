import { httpUrl, logFormat, logLevel, telemetryPath } from '../config/formats.ts';
import type { Format } from '../config/reading/formats.ts';
import { parseDuration, parseListenAddress } from '../config/reading/texts.ts';
import { LONGEST_TIMER_MS } from '../lib/clock.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '../lib/log.ts';
import { type Flag, type FlagValues, type Given, wrongValue } from './flags.ts';

/** Flags of the daemon, in `serve` and `demo`. */
export const DAEMON_FLAGS: readonly Flag[] = [
  {
    name: 'config.file',
    kind: 'text',
    placeholder: 'FILE',
    help: 'Configuration file (YAML or JSON). Required by serve.',
  },
  {
    name: 'config.auto-reload-interval',
    kind: 'text',
    placeholder: 'DURATION',
    help: 'How often to look whether the file has changed, to reload it. Default 0s: only at SIGHUP.',
  },
  {
    name: 'web.listen-address',
    kind: 'list',
    placeholder: 'ADDRESS',
    help: 'Address to listen on: :PORT, HOST:PORT or [IPV6]:PORT. Repeatable. Default :10049.',
  },
  {
    name: 'web.systemd-socket',
    kind: 'toggle',
    help: 'Use systemd socket activation listeners instead of port listeners (Linux only).',
  },
  {
    name: 'web.config.file',
    kind: 'text',
    placeholder: 'FILE',
    help: "TLS, log-in and headers, as in Prometheus' exporter-toolkit (YAML). Default: none of them.",
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
    name: 'web.enable-lifecycle',
    kind: 'toggle',
    help: 'Let the configuration be reloaded by POST /-/reload.',
  },
  {
    name: 'web.enable-admin-api',
    kind: 'toggle',
    help: 'Let queries be registered and removed over HTTP. Needs log-in or loopback addresses.',
  },
  {
    name: 'web.enable-unauthenticated-admin-api',
    kind: 'toggle',
    help: 'Let the admin API do without either: whoever reaches it may use it.',
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
  /** Milliseconds; 0: never. */
  readonly autoReloadInterval: number;
  readonly listenAddresses: readonly string[] | undefined;
  /** The sockets that systemd has opened are used instead of addresses. */
  readonly systemdSocket: boolean;
  readonly webConfigFile: string | undefined;
  readonly telemetryPath: string | undefined;
  /** Empty, or begins with a slash and does not end with one. */
  readonly routePrefix: string;
  /** Does not end with a slash. */
  readonly externalUrl: string | undefined;
  /** `POST /-/reload` is answered. */
  readonly enableLifecycle: boolean;
  /** Queries can be registered over HTTP. */
  readonly enableAdminApi: boolean;
  /** … by everybody who reaches us. */
  readonly enableUnauthenticatedAdminApi: boolean;
  /** Milliseconds; 0 cuts everything off at once. */
  readonly shutdownTimeout: number;
  readonly logLevel: LogLevel | undefined;
  readonly logFormat: LogFormat | undefined;
}

/** @throws UsageError that names the flag or its variable, what it got and what was expected. */
export function readDaemonFlags({ text, list }: FlagValues): DaemonFlags {
  const externalUrl = readExternalUrl(text('web.external-url'));
  const prefix = text('web.route-prefix');
  return {
    configFile: readFileName(text('config.file')),
    autoReloadInterval: readDuration(text('config.auto-reload-interval')) ?? 0,
    listenAddresses: list('web.listen-address')?.map(readListenAddress),
    systemdSocket: readToggle(text('web.systemd-socket')),
    webConfigFile: readFileName(text('web.config.file')),
    telemetryPath: read(text('web.telemetry-path'), telemetryPath),
    routePrefix: prefix === undefined ? (externalUrl?.path ?? '') : readPath(prefix, prefix.text),
    externalUrl: externalUrl?.url,
    enableLifecycle: readToggle(text('web.enable-lifecycle')),
    enableAdminApi: readToggle(text('web.enable-admin-api')),
    enableUnauthenticatedAdminApi: readToggle(text('web.enable-unauthenticated-admin-api')),
    shutdownTimeout: readDuration(text('web.shutdown-timeout')) ?? DEFAULT_SHUTDOWN_TIMEOUT_MS,
    logLevel: read(text('log.level'), logLevel),
    logFormat: read(text('log.format'), logFormat),
  };
}

/** Reads a value by the format of the file's key of that meaning. */
function read<T>(given: Given | undefined, format: Format<T>): T | undefined {
  if (given === undefined) {
    return undefined;
  }
  const [mismatch] = format.mismatches(given.text);
  if (mismatch !== undefined) {
    throw wrongValue(given, mismatch.expected);
  }
  return format.parse(given.text);
}

const TOGGLE_VALUES: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** Off where it is not given. */
function readToggle(given: Given | undefined): boolean {
  if (given === undefined) {
    return false;
  }
  const value = TOGGLE_VALUES.get(given.text.toLowerCase());
  if (value === undefined) {
    throw wrongValue(given, 'true, 1, false or 0');
  }
  return value;
}

function readFileName(given: Given | undefined): string | undefined {
  if (given?.text === '') {
    throw wrongValue(given, 'the name of a file');
  }
  return given?.text;
}

function readListenAddress(given: Given): string {
  if (parseListenAddress(given.text) === undefined) {
    throw wrongValue(given, ':PORT, HOST:PORT or [IPV6]:PORT');
  }
  return given.text;
}

/** Any http or https URL whose path can be a route prefix, since it is one unless `--web.route-prefix` says otherwise. */
function readExternalUrl(given: Given | undefined): { url: string; path: string } | undefined {
  const url = read(given, httpUrl);
  if (given === undefined || url === undefined) {
    return undefined;
  }
  const [scheme = '', , host = '', ...path] = url.split('/');
  if (!PRINTABLE_ASCII.test(scheme + host)) {
    throw wrongValue(given, 'a URL in ASCII: an internationalized host name in its "xn--" form');
  }
  const rest = path.map((segment) => `/${segment}`).join('');
  return { url: withoutSlashesAtEnd(url), path: readPath(given, rest) };
}

function withoutSlashesAtEnd(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') {
    end -= 1;
  }
  return url.slice(0, end);
}

const PRINTABLE_ASCII = /^[!-~]+$/;

/** `path` without a slash at the end, and with one at the begin unless it is empty. */
function readPath(given: Given, path: string): string {
  const segments = path.replace(/^\/|\/$/g, '').split('/');
  const plain = segments.every((segment) => /^[A-Za-z0-9._~-]+$/.test(segment) && !/^\.{1,2}$/.test(segment));
  if (path !== '' && path !== '/' && !plain) {
    throw wrongValue(given, 'a path of letters, digits, ".", "_", "~" and "-" between slashes');
  }
  return path === '' || path === '/' ? '' : `/${segments.join('/')}`;
}

const DEFAULT_SHUTDOWN_TIMEOUT_MS = 10_000;

/** Milliseconds. */
function readDuration(given: Given | undefined): number | undefined {
  if (given === undefined) {
    return undefined;
  }
  const duration = parseDuration(given.text);
  if (duration === undefined || duration > LONGEST_TIMER_MS) {
    throw wrongValue(given, 'a duration of at most 24d, such as 10s');
  }
  return duration;
}
