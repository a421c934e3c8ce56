import { placeOf } from '../accounts/accounts.ts';
import { Identities } from '../accounts/identities.ts';
import { TargetsInUse } from '../accounts/targets-in-use.ts';
import { BoundedHandler } from '../aws/network/bounded-handler.ts';
import { createNetwork } from '../aws/network/network.ts';
import type { ReadOptions } from '../config/read.ts';
import type { ReloadOutcome } from '../http/api/reload-endpoint.ts';
import type { WebSecurity } from '../http/security/web-security.ts';
import { DEFAULT_LIMITS, type ListenAddress, listen, type ServerLimits } from '../http/server/server.ts';
import { background } from '../lib/background.ts';
import type { BuildInfo } from '../lib/build-info.ts';
import { type Clock, within } from '../lib/clock.ts';
import type { Logger, LogLevel } from '../lib/log.ts';
import { type OpenFileBudget, openFileBudget, RAISE_OPEN_FILES } from '../lib/open-files.ts';
import { Memory } from '../persistence/memory.ts';
import type { LoadedConfig } from '../queries/load.ts';
import { ConfigInForce } from '../registry/config-in-force.ts';
import { createDaemonApp } from './daemon-app.ts';
import { ExporterState } from './exporter-state.ts';
import { MetricsPage } from './metrics-page.ts';
import { Queries } from './queries.ts';
import { QueryViews } from './query-views.ts';
import { Reload } from './reload.ts';
import { Scheduling } from './scheduling.ts';
import { summarize } from './summary.ts';

export interface DaemonOptions {
  readonly loaded: LoadedConfig;
  /** Where `loaded` is from, and is read anew. */
  readonly read: ReadOptions;
  /** How often it is looked whether the config file has another content, in milliseconds; 0: never. */
  readonly autoReloadInterval: number;
  readonly build: BuildInfo;
  readonly clock: Clock;
  readonly log: Logger;
  /** A reload says that events of this level are to be logged. */
  readonly setLogLevel: (level: LogLevel) => void;
  readonly env: NodeJS.ProcessEnv;
  readonly listenAddresses: readonly ListenAddress[];
  readonly telemetryPath: string;
  readonly routePrefix: string;
  readonly externalUrl: string | undefined;
  /** TLS, log-in and headers; undefined: HTTP without TLS, open to all. */
  readonly webSecurity?: WebSecurity | undefined;
  /** `POST /-/reload` is answered. */
  readonly enableLifecycle: boolean;
  /** Queries can be registered over HTTP. */
  readonly enableAdminApi: boolean;
  /** No process comes after this one: its runs are stopped at its end, though there may be a storage. */
  readonly isLast: boolean;
}

export interface Daemon {
  /** Where it really listens, `HOST:PORT`. */
  readonly addresses: readonly string[];
  /** Resolves when it must end, since another exporter has taken over what it keeps: that one has its runs now. */
  readonly failed: Promise<Error>;
  /** Reads the configuration anew, and puts it in force unless something is wrong with it. */
  reload(): Promise<ReloadOutcome>;
  readonly scheme: 'http' | 'https';
  /**
   * Ends within `timeout` milliseconds: no new polls, those in flight aborted, requests in flight answered. Runs are
   * stopped at the service, or kept with `storage.path`.
   */
  stop(timeout: number): Promise<void>;
}

/**
 * Connects the parts in the direction in which data flows: config → registered queries → scheduler → API client → query
 * state → metrics → HTTP.
 *
 * @throws ListenError, NetworkConfigError, StorageError
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { loaded, build, clock, log, webSecurity } = options;
  const { config } = loaded;
  const shutdown = new AbortController();

  const files = openFileBudget();
  const network = createNetwork({ env: options.env, clock, log, mostIdle: files.idleCalls });
  const handler = new BoundedHandler({ network, clock, timeout: config.aws.requestTimeout, atOnce: files.calls });
  const inForce = new ConfigInForce(loaded);
  const state = new ExporterState(config, clock, log);
  const { targets, api: apiStats } = state;
  const targetsInUse = new TargetsInUse({ clock, targets, handler, apiStats, version: build.version });
  const identities = new Identities({
    targets,
    apiStats,
    clock,
    log,
    failures: state.failures.credentials,
    signal: shutdown.signal,
  });
  const memory = await openMemory({ clock, log, inForce, state });
  const scheduling = new Scheduling({ clock, log, inForce, state, targetsInUse, memory, isLast: options.isLast });
  const page = new MetricsPage({ clock, state, scheduling, maxSeries: config.contributors.maxSeries });
  const views = new QueryViews(clock, state, scheduling);
  const queries = await Queries.load({
    clock,
    log,
    configFile: options.read.file,
    inForce,
    state,
    targetsInUse,
    identities,
    scheduling,
    page,
    memory,
    view: (name) => views.get(name),
    shutdown: shutdown.signal,
  });
  const reload = new Reload({
    read: options.read,
    started: loaded,
    async apply(next) {
      const plan = await queries.plan(next);
      const { aws, polling, contributors, log: logging } = next.config;
      options.setLogLevel(logging.level);
      handler.timeout = aws.requestTimeout;
      scheduling.setLimits(next.config);
      state.queries.giveUpAfter = polling.giveUpAfter;
      page.runs.setMaxSeries(contributors.maxSeries);
      return plan.commit();
    },
    elsewhere: async () => (await webSecurity?.reload()) ?? [],
    clock,
    log,
    shutdown: shutdown.signal,
  });
  const exposition = page.exposition({
    version: build.version,
    revision: build.revision,
    nodeVersion: process.version,
    registeredQueries: () => queries.registry.countBySource(),
    pollLag: () => scheduling.polls.lag(),
    configLoad: () => reload.last,
    discoveryFiles: () => queries.files.states(),
    contributorSeries: () => page.runs.series,
    contributorSeriesLimit: () => inForce.config.contributors.maxSeries,
    storageWritable: () => memory?.writable,
  });
  const app = createDaemonApp({
    version: build.version,
    telemetryPath: options.telemetryPath,
    routePrefix: options.routePrefix,
    externalUrl: options.externalUrl,
    state,
    scheduling,
    views,
    scrape: (request) => exposition.scrape(request),
    reload: options.enableLifecycle ? () => reload.reload() : undefined,
    registrations: options.enableAdminApi ? queries.registrations : undefined,
    webSecurity,
    shutdown: shutdown.signal,
    clock,
    log,
  });
  await memory?.restored();
  const limits = limitsOf(files, options.listenAddresses.length, log);
  const listeners = await listen(app, options.listenAddresses, { clock, log, tls: webSecurity?.tls, limits }).catch(
    async (error: unknown) => {
      await memory?.close();
      throw error;
    },
  );
  for (const address of listeners.addresses) {
    log.always('listening', { address, tls: webSecurity?.tls && true });
  }

  queries.begin();
  scheduling.start();
  const stopSummaries = summarize(apiStats, clock, log);
  identities.begin();
  background(log, 'rendering ahead of the first scrape', exposition.prepare());
  if (options.autoReloadInterval > 0) {
    background(log, 'watch of the config file', reload.watch(options.autoReloadInterval));
  }

  return {
    addresses: listeners.addresses,
    failed: memory?.lost ?? new Promise(() => undefined),
    reload: () => reload.reload(),
    scheme: webSecurity?.tls === undefined ? 'http' : 'https',
    async stop(timeout) {
      shutdown.abort();
      stopSummaries();
      const queriesStopped = queries.stop();
      const end = clock.monotonic() + timeout;
      scheduling.dispatcher.windDown();
      // HTTP goes on meanwhile: probes see that we are about to end.
      await within(clock, timeout, scheduling.runs.stop());
      scheduling.dispatcher.stop();
      const left = () => Math.max(0, end - clock.monotonic());
      if (memory !== undefined) {
        await within(clock, left(), memory.save());
      }
      await listeners.close(left());
      if (memory !== undefined) {
        await within(clock, left(), memory.close());
      }
      await queriesStopped;
      network.close();
    },
  };
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

interface MemoryParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly inForce: ConfigInForce;
  readonly state: ExporterState;
}

/** Undefined where nothing is to outlive the process. */
async function openMemory({ clock, log, inForce, state }: MemoryParts): Promise<Memory | undefined> {
  const { path } = inForce.config.storage;
  return path === undefined
    ? undefined
    : Memory.open({
        path,
        clock,
        log,
        states: state.queries,
        runStates: state.runs,
        placeOf: (account) => placeOf(account, inForce.config),
        making: () => inForce.config.contributors,
      });
}
