import type { LoadedConfig } from '../queries/load.ts';
import type { Clock } from '../runtime/clock.ts';
import { createLogger, type Logger } from '../runtime/log.ts';
import { readBuildInfo } from './build-info.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import type { DaemonFlags } from './daemon-flags.ts';

export interface ServeOptions {
  readonly flags: DaemonFlags;
  readonly loaded: LoadedConfig;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  readonly writeError: (text: string) => void;
  /** Resolves when the daemon is to end. */
  readonly ended: Promise<unknown>;
  /** Called when the daemon listens. */
  readonly started?: (daemon: Daemon) => void;
}

/** Runs the daemon until `ended`. Flags go before what the file says. Returns the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  const { flags, loaded, clock, env } = options;
  const { config, queries, warnings } = loaded;
  const log = createLogger({
    level: flags.logLevel ?? config.log.level,
    format: flags.logFormat ?? config.log.format,
    clock,
    write: options.writeError,
  });
  const build = readBuildInfo();
  log.info('starting', { version: build.version, revision: build.revision, queries: queries.length });
  for (const warning of warnings) {
    log.warn('configuration', { reason: warning.message });
  }
  const daemon = await start(log, () =>
    startDaemon({
      config,
      queries,
      build,
      clock,
      log,
      env,
      listenAddresses: flags.listenAddresses ?? config.web.listenAddresses,
      telemetryPath: flags.telemetryPath ?? config.web.telemetryPath,
      routePrefix: flags.routePrefix,
      externalUrl: flags.externalUrl,
    }),
  );
  if (daemon === undefined) {
    return 1;
  }
  options.started?.(daemon);
  await options.ended;
  log.info('shutting down');
  await daemon.stop(flags.shutdownTimeout);
  log.info('ended');
  return 0;
}

async function start(log: Logger, startIt: () => Promise<Daemon>): Promise<Daemon | undefined> {
  try {
    return await startIt();
  } catch (error) {
    log.error('cannot start', {
      error: error instanceof Error ? error.name : 'Error',
      reason: String(error instanceof Error ? error.message : error),
    });
    return undefined;
  }
}
