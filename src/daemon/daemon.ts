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
import { summarize } from './summary.ts';

export interface Daemon {
  /** Where it really listens, `HOST:PORT`. */
  readonly addresses: readonly string[];
  /** Resolves when it must end, since another exporter has taken over what it keeps: that one has its runs now. */
  readonly failed: Promise<Error>;
  /** Settles when the first scrape has nothing left to render but what changes until then. */
  readonly prepared: Promise<void>;
  /** Reads the configuration anew, and puts it in force unless something is wrong with it. */
  reload(): Promise<ReloadOutcome>;
  readonly scheme: 'http' | 'https';
  /**
   * Ends within `timeout` milliseconds: no new polls, those in flight aborted, requests in flight answered. Runs are
   * stopped at the service, or kept with `storage.path`.
   */
  stop(timeout: number): Promise<void>;
}

/** How long the release of what was acquired may take if the start fails, in milliseconds. */
const FAILED_START_MS = 5_000;

/**
 * Connects the parts in the direction in which data flows: config → registered queries → scheduler → API client → query
 * state → metrics → HTTP. If that fails, everything is released.
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

async function start(options: DaemonOptions, context: Context, releases: ReleaseStack): Promise<Omit<Daemon, 'stop'>> {
  const { config, web, build } = options;
  const { clock, log } = context;
  const { security } = web;
  releases.add('web configuration', () => security?.close());
  const files = openFileBudget();
  const parts = await openParts(options, context, files, releases);
  const { stored, scheduling } = parts;

  const queries = new Queries({ context, configFile: config.read.file, parts });
  releases.add('discovery files', () => queries.stop());
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

  releases.add('unsaved statuses', () => stored?.save());
  // HTTP goes on meanwhile: probes see that we are about to end.
  releases.add('polls and runs', (left) => scheduling.stop(left));
  queries.begin();
  scheduling.start();
  releases.add('summaries', summarize(parts.state.api, clock, log));
  parts.identities.begin();
  background(log, 'loading of the HTTP endpoints', app.load());
  const prepared = exposition().then((page) => page.prepare());
  background(log, 'rendering ahead of the first scrape', prepared);
  if (config.autoReloadInterval > 0) {
    background(log, 'watch of the config file', reload.watch(config.autoReloadInterval));
  }
  return {
    addresses: listeners.addresses,
    prepared,
    failed: stored?.lost ?? new Promise(() => undefined),
    reload: () => reload.reload(),
    scheme: security?.tls === undefined ? 'http' : 'https',
  };
}

/** What a reload changes. */
function reloadOf(
  { config, web, setLogLevel }: DaemonOptions,
  context: Context,
  parts: Parts,
  queries: Queries,
): Reload {
  const { handler, scheduling, state, page } = parts;
  return new Reload({
    read: config.read,
    started: config.loaded,
    async apply(next) {
      const plan = await queries.plan(next);
      const { aws, polling, contributors, log } = next.config;
      setLogLevel(log.level);
      handler.timeout = aws.requestTimeout;
      scheduling.setLimits(next.config);
      state.queries.giveUpAfter = polling.giveUpAfter;
      page.runs.setMaxSeries(contributors.maxSeries);
      return plan.commit();
    },
    elsewhere: async () => (await web.security?.reload()) ?? [],
    context,
  });
}

/** The limits of each server, if there are so many of them. Logs if there are fewer connections than usual. */
function limitsOf(files: OpenFileBudget, servers: number, log: Logger): ServerLimits {
  const maxConnections = Math.max(1, Math.floor(files.connections / servers));
  if (maxConnections >= DEFAULT_LIMITS.maxConnections) {
    return DEFAULT_LIMITS;
  }
  const { limit, calls } = files;
  log.warn('connections limited by open files', { limit, connections: maxConnections, calls, hint: RAISE_OPEN_FILES });
  return { ...DEFAULT_LIMITS, maxConnections };
}
