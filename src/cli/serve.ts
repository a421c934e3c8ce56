import { type Daemon, startDaemon } from '../daemon/daemon.ts';
import type { ConfigSource } from '../daemon/parts.ts';
import { WebSecurity } from '../http/security/web-security.ts';
import { type InheritedSocket, ListenError } from '../http/server/server.ts';
import { background } from '../lib/background.ts';
import { readBuildInfo } from '../lib/build-info.ts';
import type { Clock } from '../lib/clock.ts';
import { keepHeapSmall } from '../lib/heap.ts';
import { createLogger, type Logger } from '../lib/log.ts';
import { StartError } from '../lib/start-error.ts';
import { checkAdminApiAccess } from './admin-api-access.ts';
import type { DaemonFlags } from './daemon-flags.ts';
import type { ProcessEvents } from './process-events.ts';

export interface ServeOptions {
  readonly flags: DaemonFlags;
  readonly config: Pick<ConfigSource, 'loaded' | 'read'>;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  readonly writeError: (text: string) => void;
  readonly events: ProcessEvents;
  /** No process will resume the runs: they are stopped on shutdown, even with a storage. */
  readonly isLast?: boolean;
  readonly started?: (daemon: Daemon) => void;
}

/** Runs the daemon until a signal. Returns the exit code. @throws ConfigError for an invalid web configuration */
export async function serve(options: ServeOptions): Promise<number> {
  const { flags, clock, env } = options;
  const { config, queries, warnings } = options.config.loaded;
  const [level, format] = [flags.logLevel ?? config.log.level, flags.logFormat ?? config.log.format];
  const log = createLogger({ level, format, clock, write: options.writeError });
  options.events.logTo(log);
  const webSecurity =
    flags.webConfigFile === undefined ? undefined : await WebSecurity.open({ file: flags.webConfigFile, clock, log });
  const build = readBuildInfo();
  const { ordinal, total } = flags.shard;
  const shard = total === 1 ? undefined : `${ordinal} of ${total}`;
  log.info('starting', { version: build.version, revision: build.revision, queries: queries.length, shard });
  for (const warning of warnings) {
    log.warn('configuration warning', { reason: warning.message });
  }
  const ended = options.events.ended.then(() => 'ended' as const);
  const listenAddresses = flags.systemdSocket
    ? takeSystemdSockets(env)
    : (flags.listenAddresses ?? config.web.listenAddresses);
  const starting = start(log, async () => {
    if (flags.enableAdminApi) {
      const isAuthenticated = webSecurity?.isAuthenticated ?? false;
      checkAdminApiAccess({ listenAddresses, isAuthenticated, mayBeOpen: flags.enableUnauthenticatedAdminApi });
    }
    return startDaemon({
      config: {
        ...options.config,
        autoReloadInterval: flags.autoReloadInterval,
        setLogLevel: (level) => log.setLevel(flags.logLevel ?? level),
      },
      web: {
        ...flags,
        listenAddresses,
        site: { ...flags, telemetryPath: flags.telemetryPath ?? config.web.telemetryPath },
        security: webSecurity,
      },
      build,
      clock,
      log,
      env,
      membership: { shard: flags.shard, isLast: options.isLast ?? false },
    });
  });
  // A start may wait for the lock of the storage.
  const daemon = await Promise.race([starting, ended]);
  if (daemon === 'ended') {
    log.info('startup canceled');
    return 0;
  }
  if (daemon === undefined) {
    return 1;
  }
  background(log, 'limit of the heap', daemon.prepared.then(keepHeapSmall, keepHeapSmall));
  options.events.onHangup(() => background(log, 'reload after SIGHUP', daemon.reload()));
  options.started?.(daemon);
  const why = await Promise.race([ended, daemon.failed]);
  if (why === 'ended') {
    log.info('shutting down');
  } else {
    log.error('shutting down after loss of storage lock', { error: why.name, reason: why.message });
  }
  await daemon.stop(flags.shutdownTimeout);
  log.info('shutdown completed');
  return why === 'ended' ? 0 : 1;
}

async function start(log: Logger, startIt: () => Promise<Daemon>): Promise<Daemon | undefined> {
  try {
    return await startIt();
  } catch (thrown) {
    const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
    const hint = thrown instanceof ListenError ? 'Set --web.listen-address to another address.' : undefined;
    log.error('startup failed', { error: name, reason: message, hint });
    return undefined;
  }
}

/** The first descriptor that systemd passes, as in sd_listen_fds(3). */
const FIRST = 3;
const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'];

/**
 * Returns the sockets that systemd has opened for this process, in the order of the socket unit. Removes their variables
 * from `env`, so that no child process uses them. @throws StartError if there are none
 */
function takeSystemdSockets(env: NodeJS.ProcessEnv): readonly InheritedSocket[] {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = env;
  for (const name of VARIABLES) {
    delete env[name];
  }
  if (process.platform !== 'linux') {
    throw new StartError('--web.systemd-socket works on Linux only. Use --web.listen-address=ADDRESS.');
  }
  const refusal = refusalOf(pid, count);
  if (refusal !== undefined) {
    throw new StartError(
      `--web.systemd-socket found no sockets: ${refusal}. Start the exporter through its socket unit, or use ` +
        '--web.listen-address=ADDRESS.',
    );
  }
  return Array.from({ length: Number(count) }, (_, i) => ({ fd: FIRST + i }));
}

function refusalOf(pid: string | undefined, count: string | undefined): string | undefined {
  if (pid === undefined || count === undefined) {
    return `${pid === undefined ? 'LISTEN_PID' : 'LISTEN_FDS'} is not set`;
  }
  if (pid !== String(process.pid)) {
    return `LISTEN_PID is ${JSON.stringify(pid)}, but this process is ${process.pid}`;
  }
  const isCount = /^[1-9]\d{0,3}$/.test(count);
  return isCount ? undefined : `LISTEN_FDS is ${JSON.stringify(count)}, expected a positive number`;
}
