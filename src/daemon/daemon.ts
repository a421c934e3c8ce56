import type { ReloadOutcome } from '../http/api/probes.ts';
import { DEFAULT_LIMITS, listen, type ServerLimits } from '../http/server/server.ts';
import { background } from '../lib/background.ts';
import type { Context } from '../lib/context.ts';
import type { Logger } from '../lib/log.ts';
import { type OpenFileBudget, openFileBudget, RAISE_OPEN_FILES } from '../lib/open-files.ts';
import { ReleaseStack } from '../lib/release-stack.ts';
import { createDaemonApp, expositionOf } from './daemon-app.ts';
import { type DaemonOptions, openParts, type Parts } from './parts.ts';
import { Queries } from './queries.ts';
import { Reload } from './reload.ts';
import { followRole } from './replica-role.ts';
import { summarize } from './summary.ts';

export interface Daemon {
  /** Actual listen addresses, `HOST:PORT`. */
  readonly addresses: readonly string[];
  /** Resolves when the daemon must exit because another exporter has taken over its storage, and thus its runs, or has its id. */
  readonly failed: Promise<Error>;
  /** Settles when everything is rendered ahead of the first scrape. */
  readonly prepared: Promise<void>;
  /** Reads the configuration, and puts it in effect if it is valid. */
  reload(): Promise<ReloadOutcome>;
  readonly scheme: 'http' | 'https';
  /**
   * Shuts down within `timeout` milliseconds: starts no polls, aborts those in flight, and completes HTTP requests in flight.
   * Runs are stopped at the service, or continue if `storage.path` is set.
   */
  stop(timeout: number): Promise<void>;
}

/** Time limit for releasing resources after a failed start, in milliseconds. */
const FAILED_START_MS = 5_000;

/**
 * Connects the parts in the direction of the data flow: config → registered queries → scheduler → API client → query state →
 * metrics → HTTP. If the start fails, everything is released.
 *
 * @throws ListenError, NetworkConfigError, StorageError
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { clock, log } = options;
  const shutdown = new AbortController();
  const releases = new ReleaseStack(clock, log);
  const stop = (timeout: number) => {
    shutdown.abort();
    return releases.releaseAll(timeout);
  };
  try {
    return { ...(await start(options, { clock, log, shutdown: shutdown.signal }, releases)), stop };
  } catch (error) {
    await stop(FAILED_START_MS);
    throw error;
  }
}

async function start(options: DaemonOptions, local: Context, releases: ReleaseStack): Promise<Omit<Daemon, 'stop'>> {
  const { config, web, build } = options;
  const { log } = local;
  const { security } = web;
  releases.add('web configuration', () => security?.close());
  const files = openFileBudget();
  const parts = await openParts(options, local, files, releases);
  const { stored, scheduling, replica, clock } = parts;
  const context = { ...local, clock };

  const queries = new Queries(context, config.read.file, parts);
  releases.add('discovery files', () => queries.files.stop());
  await queries.load();
  const reload = reloadOf(options, context, parts, queries);
  const exposition = expositionOf(build, parts, queries, reload);
  const app = createDaemonApp(options, context, { parts, queries, reload, exposition });
  await stored?.restored();
  const limits = limitsOf(files, web.listenAddresses.length, log);
  const listeners = await listen(app.serve, web.listenAddresses, { clock, log, tls: security?.tls, limits });
  releases.add('listeners', (left) => listeners.close(left));
  for (const address of listeners.addresses) {
    log.always('listening', { address, tls: security?.tls && true });
  }

  releases.add('unsaved statuses', () => stored?.statuses.save());
  releases.add('lead', () => replica?.stop());
  // HTTP continues in the meantime: probes report the shutdown.
  releases.add('polls and runs', (left) => scheduling.stop(left));
  queries.begin();
  scheduling.start({ isStandby: replica !== undefined });
  releases.add('summaries', summarize(parts.state.api, clock, log));
  if (replica === undefined) {
    parts.identities.begin();
    parts.zoneNames.begin();
  } else {
    followRole(replica, local, parts, queries);
  }
  background(log, 'loading of the HTTP endpoints', app.load());
  const prepared = exposition().then((page) => page.prepare());
  background(log, 'rendering ahead of the first scrape', prepared);
  if (config.autoReloadInterval > 0) {
    background(log, 'watch of the config file', reload.watch(config.autoReloadInterval));
  }
  return {
    addresses: listeners.addresses,
    prepared,
    failed: replica?.failed ?? stored?.storage.lost ?? new Promise(() => undefined),
    reload: () => reload.reload(),
    scheme: security?.tls === undefined ? 'http' : 'https',
  };
}

function reloadOf({ config, web }: DaemonOptions, context: Context, parts: Parts, queries: Queries): Reload {
  const { handler, scheduling, state, page } = parts;
  return new Reload({
    read: config.read,
    started: config.loaded,
    async apply(next) {
      const commit = await queries.plan(next);
      const { aws, polling, contributors, log } = next.config;
      config.setLogLevel(log.level);
      handler.timeout = aws.requestTimeout;
      scheduling.setLimits(next.config);
      state.queries.giveUpAfter = polling.giveUpAfter;
      page.runs.limit.setLimit(contributors.maxSeries);
      const changes = await commit();
      parts.zoneNames.begin();
      return changes;
    },
    reloadOthers: async () => (await web.security?.reload()) ?? [],
    context,
  });
}

/** Returns the limits of each of several servers. Logs if the limit of connections is lower than the default. */
function limitsOf(files: OpenFileBudget, servers: number, log: Logger): ServerLimits {
  const maxConnections = Math.max(1, Math.floor(files.connections / servers));
  if (maxConnections >= DEFAULT_LIMITS.maxConnections) {
    return DEFAULT_LIMITS;
  }
  const { limit, calls } = files;
  log.warn('connections limited by open-file limit', {
    limit,
    connections: maxConnections,
    calls,
    hint: RAISE_OPEN_FILES,
  });
  return { ...DEFAULT_LIMITS, maxConnections };
}
