import { httpUrl, logFormat, logLevel, telemetryPath } from '../config/formats.ts';
import { type Format, single, text } from '../config/reading/formats.ts';
import { parseDuration, parseListenAddress } from '../config/reading/texts.ts';
import { LONGEST_TIMER_MS } from '../lib/clock.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../lib/log.ts';
import { type Shard, WHOLE } from '../model/shard.ts';
import { type Flag, type FlagValues, flag, readGiven, UsageError, variableOf, wrongValue } from './flags.ts';

/** Most shards. Each target is in one of them, so more would be empty. */
const MOST_SHARDS = 1_000;

interface DaemonFlag<T> extends Flag {
  readonly read: (values: FlagValues) => T;
}

/** A flag with a value, undefined if it is not given. */
function valued<T>(usage: string, help: string, format: Format<T>): DaemonFlag<T | undefined> {
  const described = flag(usage, help);
  return { ...described, read: (values) => readGiven(values.text(described.name), format) };
}

/** A flag that is false if it is not given. */
function toggle(name: string, help: string): DaemonFlag<boolean> {
  const read = (values: FlagValues) => readGiven(values.text(name), toggleValue) ?? false;
  return { name, kind: 'toggle', help, read };
}

const toggleValue = single('true, 1, false, or 0', (value) => {
  const index = ['false', '0', 'true', '1'].indexOf(String(value).toLowerCase());
  return index === -1 ? undefined : index > 1;
});

export const fileName = text('the name of a file', (value) => value !== '');

export const listenAddress = text(
  ':PORT, HOST:PORT, or [IPV6]:PORT, with a port of at most 65535',
  (value) => parseListenAddress(value) !== undefined,
);

/** An http or https URL. Trailing slashes are removed. */
const url: Format<string> = { ...httpUrl, parse: (value) => withoutSlashesAtEnd(httpUrl.parse(value)) };

/** A path, empty or with a slash at the start and without one at the end. */
const routePath = single('a path of letters, digits, ".", "_", "~", and "-" between slashes', (value) => {
  if (value === '' || value === '/') {
    return '';
  }
  const segments = String(value)
    .replace(/^\/|\/$/g, '')
    .split('/');
  const plain = segments.every((segment) => /^[A-Za-z0-9._~-]+$/.test(segment) && !/^\.{1,2}$/.test(segment));
  return plain ? `/${segments.join('/')}` : undefined;
});

/** An http or https URL. Its path must be a valid route prefix, because it is the default of `--web.route-prefix`. */
const externalUrl: Format<{ readonly url: string; readonly path: string }> = {
  ...httpUrl,
  mismatches(value) {
    const [scheme = '', , host = ''] = String(value).split('/');
    const ascii = 'a URL in ASCII: an internationalized host name in its "xn--" form';
    return [
      ...httpUrl.mismatches(value),
      ...(/^[!-~]+$/.test(scheme + host) ? [] : [{ expected: ascii }]),
      ...routePath.mismatches(pathOf(value)),
    ];
  },
  parse: (value) => ({ url: url.parse(value), path: routePath.parse(pathOf(value)) }),
};

function pathOf(value: unknown): string {
  const [, , , ...path] = String(value).split('/');
  return path.map((segment) => `/${segment}`).join('');
}

/** A regular expression would take time in proportion to the square of the number of slashes. */
function withoutSlashesAtEnd(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') {
    end -= 1;
  }
  return text.slice(0, end);
}

/** In milliseconds. */
const timeLimit = single('a duration of at most 24d (for example, 10s)', (value) => {
  const duration = parseDuration(String(value));
  return duration !== undefined && duration <= LONGEST_TIMER_MS ? duration : undefined;
});

function wholeNumber(least: number, most: number): Format<number> {
  return single(`a whole number from ${least} to ${most}`, (value) => {
    const number = /^\d{1,4}$/.test(String(value)) ? Number(value) : Number.NaN;
    return number >= least && number <= most ? number : undefined;
  });
}

/** By member of {@link DaemonFlags}. Undefined values: the configuration file or a default decides. Durations are in milliseconds. */
const FLAGS = {
  configFile: valued('config.file=FILE', 'Configuration file in YAML or JSON (required by serve).', fileName),
  autoReloadInterval: valued(
    'config.auto-reload-interval=DURATION',
    'Interval at which the file is checked and, if changed, reloaded (default 0s: reload on SIGHUP only).',
    timeLimit,
  ),
  listenAddresses: {
    ...flag(
      'web.listen-address=ADDRESS',
      'Address to listen on: :PORT, HOST:PORT, or [IPV6]:PORT (default :10049, repeatable).',
    ),
    kind: 'list' as const,
    read: ({ list }: FlagValues) =>
      list('web.listen-address')?.flatMap((given) => readGiven(given, listenAddress) ?? []),
  },
  systemdSocket: toggle(
    'web.systemd-socket',
    'Use systemd socket activation listeners instead of port listeners (Linux only).',
  ),
  webConfigFile: valued(
    'web.config.file=FILE',
    "TLS, authentication, and headers, as in Prometheus' exporter-toolkit, in YAML (default: none).",
    fileName,
  ),
  telemetryPath: valued('web.telemetry-path=PATH', 'Path of the metrics (default /metrics).', telemetryPath),
  routePrefix: valued(
    'web.route-prefix=PATH',
    'Prefix of all paths (default: the path of --web.external-url, or none).',
    routePath,
  ),
  externalUrl: valued(
    'web.external-url=URL',
    'URL at which users reach the exporter, for links (default: none).',
    externalUrl,
  ),
  prometheusUrl: valued(
    'web.prometheus-url=URL',
    'URL of Prometheus, for links on the flows page (default: none).',
    url,
  ),
  grafanaUrl: valued('web.grafana-url=URL', 'URL of Grafana, for links on the flows page (default: none).', url),
  enableLifecycle: toggle('web.enable-lifecycle', 'Enable POST /-/reload, which reloads the configuration.'),
  enableAdminApi: toggle(
    'web.enable-admin-api',
    'Enable registration and removal of queries over HTTP. Requires authentication or loopback addresses.',
  ),
  enableUnauthenticatedAdminApi: toggle(
    'web.enable-unauthenticated-admin-api',
    'Allow the admin API without authentication on any address.',
  ),
  shutdownTimeout: valued('web.shutdown-timeout=DURATION', 'Maximum duration of a shutdown (default 10s).', timeLimit),
  ordinal: valued(
    'shard=N',
    'Shard of this exporter, from 0: it has only the targets of this shard (requires --total-shards).',
    wholeNumber(0, MOST_SHARDS - 1),
  ),
  totalShards: valued(
    'total-shards=N',
    `Number of shards into which accounts and regions are divided, 1 to ${MOST_SHARDS} (requires --shard).`,
    wholeNumber(1, MOST_SHARDS),
  ),
  logLevel: valued(
    'log.level=LEVEL',
    `Lowest level of log messages: ${LOG_LEVELS.join(', ')} (default info).`,
    logLevel,
  ),
  logFormat: valued(
    'log.format=FORMAT',
    `Format of log messages: ${LOG_FORMATS.join(' or ')} (default logfmt).`,
    logFormat,
  ),
};

/** Flags that select the shard of an exporter, also for commands that examine its configuration. */
export const SHARD_FLAGS: readonly Flag[] = [FLAGS.ordinal, FLAGS.totalShards];

export const DAEMON_FLAGS: readonly Flag[] = Object.values(FLAGS);

type Values = { readonly [Key in keyof typeof FLAGS]: ReturnType<(typeof FLAGS)[Key]['read']> };

export interface DaemonFlags extends Omit<Values, 'externalUrl' | 'ordinal' | 'totalShards'> {
  readonly autoReloadInterval: number;
  readonly shutdownTimeout: number;
  readonly shard: Shard;
  /** Without a slash at the end. */
  readonly externalUrl: string | undefined;
  /** Empty, or with a slash at the start and without one at the end. */
  readonly routePrefix: string;
}

/** @throws UsageError with the flag or its variable, the value, and what was expected */
export function readDaemonFlags(values: FlagValues): DaemonFlags {
  // The type of `Object.fromEntries` has no keys: they are those of the table.
  const all = Object.fromEntries(Object.entries(FLAGS).map(([key, { read }]) => [key, read(values)])) as Values;
  const { ordinal, totalShards, ...others } = all;
  return {
    ...others,
    autoReloadInterval: all.autoReloadInterval ?? 0,
    shutdownTimeout: all.shutdownTimeout ?? 10_000,
    shard: readShard(values),
    externalUrl: all.externalUrl?.url,
    routePrefix: all.routePrefix ?? all.externalUrl?.path ?? '',
  };
}

/** @throws UsageError as {@link readDaemonFlags} */
export function readShard(values: FlagValues): Shard {
  const given = values.text('shard') ?? values.text('total-shards');
  const [ordinal, total] = [FLAGS.ordinal.read(values), FLAGS.totalShards.read(values)];
  if (given === undefined) {
    return WHOLE;
  }
  if (ordinal === undefined || total === undefined) {
    const other = ordinal === undefined ? 'shard' : 'total-shards';
    throw new UsageError(`${given.origin} requires --${other} (or ${variableOf(other)})`);
  }
  if (ordinal >= total) {
    throw wrongValue(given, `a number below ${total}, the number of shards`);
  }
  return { ordinal, total };
}
