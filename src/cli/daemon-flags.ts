import { httpUrl, logFormat, logLevel, telemetryPath } from '../config/formats.ts';
import type { Format } from '../config/reading/formats.ts';
import { parseDuration, parseListenAddress } from '../config/reading/texts.ts';
import { LONGEST_TIMER_MS } from '../lib/clock.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../lib/log.ts';
import { type Shard, WHOLE } from '../model/shard.ts';
import { type Flag, type FlagValues, type Given, UsageError, variableOf, wrongValue } from './flags.ts';

/** Most shards. Each target is in one of them, so more would be empty. */
const MOST_SHARDS = 1_000;

/** A flag of the daemon, and how its value is read. */
interface DaemonFlag<T> extends Flag {
  readonly read: (values: FlagValues) => T;
}

/** A flag with a value. `fallback` is its value if it is not given. */
function text<T, F>(
  name: string,
  placeholder: string,
  help: string,
  read: (given: Given) => T,
  fallback: F,
): DaemonFlag<T | F> {
  const readText = (values: FlagValues) => {
    const given = values.text(name);
    return given === undefined ? fallback : read(given);
  };
  return { name, kind: 'text', placeholder, help, read: readText };
}

/** A flag that is false if it is not given. */
function toggle(name: string, help: string): DaemonFlag<boolean> {
  const read = (values: FlagValues) => {
    const given = values.text(name);
    const value = given === undefined ? false : TOGGLE_VALUES.get(given.text.toLowerCase());
    if (given !== undefined && value === undefined) {
      throw wrongValue(given, 'true, 1, false, or 0');
    }
    return value ?? false;
  };
  return { name, kind: 'toggle', help, read };
}

const TOGGLE_VALUES: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** By member of {@link DaemonFlags}. Undefined values: the configuration file or a default decides. Durations are in milliseconds. */
const FLAGS = {
  configFile: text(
    'config.file',
    'FILE',
    'Configuration file in YAML or JSON (required by serve).',
    readFile,
    undefined,
  ),
  autoReloadInterval: text(
    'config.auto-reload-interval',
    'DURATION',
    'Interval at which the file is checked and, if changed, reloaded (default 0s: reload on SIGHUP only).',
    readDuration,
    0,
  ),
  listenAddresses: {
    name: 'web.listen-address',
    kind: 'list',
    placeholder: 'ADDRESS',
    help: 'Address to listen on: :PORT, HOST:PORT, or [IPV6]:PORT (default :10049, repeatable).',
    read: ({ list }: FlagValues) => list('web.listen-address')?.map(readListenAddress),
  } as const,
  systemdSocket: toggle(
    'web.systemd-socket',
    'Use systemd socket activation listeners instead of port listeners (Linux only).',
  ),
  webConfigFile: text(
    'web.config.file',
    'FILE',
    "TLS, authentication, and headers, as in Prometheus' exporter-toolkit, in YAML (default: none).",
    readFile,
    undefined,
  ),
  telemetryPath: text(
    'web.telemetry-path',
    'PATH',
    'Path of the metrics (default /metrics).',
    (given) => read(given, telemetryPath),
    undefined,
  ),
  routePrefix: text(
    'web.route-prefix',
    'PATH',
    'Prefix of all paths (default: the path of --web.external-url, or none).',
    (given) => readPath(given, given.text),
    undefined,
  ),
  externalUrl: text(
    'web.external-url',
    'URL',
    'URL at which users reach the exporter, for links (default: none).',
    readExternalUrl,
    undefined,
  ),
  prometheusUrl: text(
    'web.prometheus-url',
    'URL',
    'URL of Prometheus, for links on the flows page (default: none).',
    readUrl,
    undefined,
  ),
  grafanaUrl: text(
    'web.grafana-url',
    'URL',
    'URL of Grafana, for links on the flows page (default: none).',
    readUrl,
    undefined,
  ),
  enableLifecycle: toggle('web.enable-lifecycle', 'Enable POST /-/reload, which reloads the configuration.'),
  enableAdminApi: toggle(
    'web.enable-admin-api',
    'Enable registration and removal of queries over HTTP. Requires authentication or loopback addresses.',
  ),
  enableUnauthenticatedAdminApi: toggle(
    'web.enable-unauthenticated-admin-api',
    'Allow the admin API without authentication on any address.',
  ),
  shutdownTimeout: text(
    'web.shutdown-timeout',
    'DURATION',
    'Maximum duration of a shutdown (default 10s).',
    readDuration,
    10_000,
  ),
  ordinal: text(
    'shard',
    'N',
    'Shard of this exporter, from 0: it has only the targets of this shard (requires --total-shards).',
    (given) => ({ given, value: readWhole(given, 0, MOST_SHARDS - 1) }),
    undefined,
  ),
  totalShards: text(
    'total-shards',
    'N',
    `Number of shards into which accounts and regions are divided, 1 to ${MOST_SHARDS} (requires --shard).`,
    (given) => ({ given, value: readWhole(given, 1, MOST_SHARDS) }),
    undefined,
  ),
  logLevel: text(
    'log.level',
    'LEVEL',
    `Lowest level of log messages: ${LOG_LEVELS.join(', ')} (default info).`,
    (given) => read(given, logLevel),
    undefined,
  ),
  logFormat: text(
    'log.format',
    'FORMAT',
    `Format of log messages: ${LOG_FORMATS.join(' or ')} (default logfmt).`,
    (given) => read(given, logFormat),
    undefined,
  ),
};

/** Flags that select the shard of an exporter, also for commands that examine its configuration. */
export const SHARD_FLAGS: readonly Flag[] = [FLAGS.ordinal, FLAGS.totalShards];

/** Flags of the daemon, for `serve` and `demo`. */
export const DAEMON_FLAGS: readonly Flag[] = Object.values(FLAGS);

type Values = { readonly [Key in keyof typeof FLAGS]: ReturnType<(typeof FLAGS)[Key]['read']> };

/** The values of the daemon's flags. */
export interface DaemonFlags extends Omit<Values, 'externalUrl' | 'routePrefix' | 'ordinal' | 'totalShards'> {
  readonly shard: Shard;
  /** Without a slash at the end. */
  readonly externalUrl: string | undefined;
  /** Empty, or with a slash at the start and without one at the end. */
  readonly routePrefix: string;
}

/** @throws UsageError with the flag or its variable, the value, and what was expected */
export function readDaemonFlags(values: FlagValues): DaemonFlags {
  // The type of `Object.fromEntries` has no keys: they are those of the table.
  const all = Object.fromEntries(Object.entries(FLAGS).map(([key, flag]) => [key, flag.read(values)])) as Values;
  const { ordinal, totalShards, ...others } = all;
  return {
    ...others,
    shard: shardOfFlags(ordinal, totalShards),
    externalUrl: all.externalUrl?.url,
    routePrefix: all.routePrefix ?? all.externalUrl?.path ?? '',
  };
}

/** @throws UsageError as {@link readDaemonFlags} */
export function readShard(values: FlagValues): Shard {
  return shardOfFlags(FLAGS.ordinal.read(values), FLAGS.totalShards.read(values));
}

/** A flag's number, with its source for errors. */
interface GivenNumber {
  readonly given: Given;
  readonly value: number;
}

function shardOfFlags(ordinal: GivenNumber | undefined, total: GivenNumber | undefined): Shard {
  if (ordinal === undefined || total === undefined) {
    const alone = ordinal ?? total;
    if (alone !== undefined) {
      const other = ordinal === undefined ? 'shard' : 'total-shards';
      throw new UsageError(`${alone.given.origin} requires --${other} (or ${variableOf(other)})`);
    }
    return WHOLE;
  }
  if (ordinal.value >= total.value) {
    throw wrongValue(ordinal.given, `a number below ${total.value}, the number of shards`);
  }
  return { ordinal: ordinal.value, total: total.value };
}

/** Reads a whole number of shards. */
function readWhole(given: Given, least: number, most: number): number {
  const value = /^\d{1,4}$/.test(given.text) ? Number(given.text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw wrongValue(given, `a whole number from ${least} to ${most}`);
  }
  return value;
}

/** Reads a value by the format of the corresponding key in the configuration file. */
function read<T>(given: Given, format: Format<T>): T {
  const [mismatch] = format.mismatches(given.text);
  if (mismatch !== undefined) {
    throw wrongValue(given, mismatch.expected);
  }
  return format.parse(given.text);
}

function readFile(given: Given): string {
  if (given.text === '') {
    throw wrongValue(given, 'the name of a file');
  }
  return given.text;
}

/** @throws UsageError if the value has another form */
export function readListenAddress(given: Given): string {
  if (parseListenAddress(given.text) === undefined) {
    throw wrongValue(given, ':PORT, HOST:PORT, or [IPV6]:PORT, with a port of at most 65535');
  }
  return given.text;
}

/** Reads an http or https URL, and removes trailing slashes. */
function readUrl(given: Given): string {
  return withoutSlashesAtEnd(read(given, httpUrl));
}

/** An http or https URL. Its path must be a valid route prefix, because it is the default of `--web.route-prefix`. */
function readExternalUrl(given: Given): { readonly url: string; readonly path: string } {
  const url = read(given, httpUrl);
  const [scheme = '', , host = '', ...path] = url.split('/');
  if (!PRINTABLE_ASCII.test(scheme + host)) {
    throw wrongValue(given, 'a URL in ASCII: an internationalized host name in its "xn--" form');
  }
  const rest = path.map((segment) => `/${segment}`).join('');
  return { url: withoutSlashesAtEnd(url), path: readPath(given, rest) };
}

/** A regular expression would take time in proportion to the square of the number of slashes. */
function withoutSlashesAtEnd(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') {
    end -= 1;
  }
  return url.slice(0, end);
}

const PRINTABLE_ASCII = /^[!-~]+$/;

/** Returns `path` without a slash at the end, and with one at the start unless it is empty. */
function readPath(given: Given, path: string): string {
  const segments = path.replace(/^\/|\/$/g, '').split('/');
  const plain = segments.every((segment) => /^[A-Za-z0-9._~-]+$/.test(segment) && !/^\.{1,2}$/.test(segment));
  if (path !== '' && path !== '/' && !plain) {
    throw wrongValue(given, 'a path of letters, digits, ".", "_", "~", and "-" between slashes');
  }
  return path === '' || path === '/' ? '' : `/${segments.join('/')}`;
}

/** Returns milliseconds. */
function readDuration(given: Given): number {
  const duration = parseDuration(given.text);
  if (duration === undefined || duration > LONGEST_TIMER_MS) {
    throw wrongValue(given, 'a duration of at most 24d (for example, 10s)');
  }
  return duration;
}
