import { BoundedHandler } from '../api/bounded-handler.ts';
import { createNetwork } from '../api/network.ts';
import type { Config } from '../config/config.ts';
import type { ReadOptions } from '../config/read.ts';
import type { ReloadOutcome } from '../http/admin-api.ts';
import { createApp } from '../http/app.ts';
import { listen } from '../http/server.ts';
import { viewOfState } from '../http/view-of-state.ts';
import type { WebSecurity } from '../http/web-security.ts';
import { ApiSections } from '../metrics/api-sections.ts';
import { exporterSections } from '../metrics/exporter-sections.ts';
import { Exposition } from '../metrics/exposition.ts';
import { processSections } from '../metrics/process-sections.ts';
import { QuerySections } from '../metrics/query-sections.ts';
import { RunPage } from '../metrics/run-page.ts';
import type { LoadedConfig } from '../queries/load.ts';
import type { RegisteredQuery, ScheduledQuery, WatchedQuery } from '../queries/query.ts';
import { requestRate } from '../queries/targets.ts';
import { type Clock, within } from '../runtime/clock.ts';
import type { Logger, LogLevel } from '../runtime/log.ts';
import { Dispatcher, type DispatcherLimits } from '../scheduler/dispatcher.ts';
import { Polls } from '../scheduler/polls.ts';
import { Runs } from '../scheduler/runs.ts';
import { type Target, Targets } from '../scheduler/target.ts';
import { ApiStats } from '../state/api-stats.ts';
import { FailureLog } from '../state/failure-log.ts';
import { createPoll } from '../state/poll.ts';
import { type QueryState, QueryStates } from '../state/query-state.ts';
import { Readiness } from '../state/readiness.ts';
import { createRunActions } from '../state/run-actions.ts';
import { RunStates } from '../state/run-state.ts';
import { StatusChanges } from '../state/status-changes.ts';
import { summarize } from '../state/summary.ts';
import { placeOf } from './accounts.ts';
import type { BuildInfo } from './build-info.ts';
import { Discovery } from './discovery.ts';
import { DiscoveryFiles } from './discovery-files.ts';
import { Identities } from './identities.ts';
import { Memory } from './memory/memory.ts';
import { changeFields, hasChanges, sumOf } from './query-changes.ts';
import { QueryRegistry } from './query-registry.ts';
import { QuerySources } from './query-sources.ts';
import { NO_STORE } from './registration-store.ts';
import { HttpRegistrations } from './registrations.ts';
import { Reload } from './reload.ts';
import { Retention } from './retention.ts';
import { TargetsInUse } from './targets-in-use.ts';

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
  readonly listenAddresses: readonly string[];
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

/** A poll is given up when its attempts, at their longest, must have ended: the SDK waits at most 20 s between them. */
const LONGEST_BACKOFF_MS = 20_000;
const POLL_MARGIN_MS = 120_000;

/**
 * Connects the parts in the direction in which data flows: config → registered queries → scheduler → API client → query
 * state → metrics → HTTP.
 *
 * @throws ListenError, NetworkConfigError, StorageError
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { loaded, build, clock, log, env, webSecurity } = options;
  const { config } = loaded;
  const shutdown = new AbortController();

  const network = createNetwork({ env, clock });
  const handler = new BoundedHandler({ network, clock, timeout: config.aws.requestTimeout });
  const targets = new Targets(clock);
  const apiStats = new ApiStats((stats) => apiSections.changed(stats));
  const apiSections = new ApiSections(
    () => addUp(polls.planned(), runs.planned()),
    (target) => runs.of(target),
  );
  const targetsInUse = new TargetsInUse({ clock, targets, handler, apiStats, version: build.version });
  const identities = new Identities({ targets, apiStats, clock, log, signal: shutdown.signal });

  const retention = new Retention({
    clock,
    retention: () => sources.loaded.config.http.retention,
    state: (name) => states.get(name),
    remove: (name) => registrations.expire(name),
  });
  const states = new QueryStates({
    clock,
    giveUpAfter: config.polling.giveUpAfter,
    onChange(state) {
      querySections.changed(state, clock.monotonic());
      memory?.changed(state);
      retention.changed(state);
    },
  });
  const failures = new FailureLog(clock, log);
  const runStates = new RunStates({
    clock,
    onChange: (state) => runPage.changed(state),
    onResults(state, series) {
      runPage.resultsRead(state, series);
      memory?.results.read(state, series);
    },
  });
  let lose: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    lose = resolve;
  });
  let inForce = config;
  const { path } = config.storage;
  const memory =
    path === undefined
      ? undefined
      : await Memory.open({
          path,
          clock,
          log,
          states,
          runStates,
          placeOf: (account) => placeOf(account, inForce),
          making: () => inForce.contributors,
          onLost: lose,
        });
  const dispatcher = new Dispatcher({ clock, log, targets, ...limitsOf(config) });
  const apiOf = (query: RegisteredQuery) => targetsInUse.clientOf(registry.targetOf(query));
  const polls = new Polls<WatchedQuery>({
    clock,
    targets,
    dispatcher,
    poll: createPoll({ states, failures, log, clientOf: apiOf }),
  });
  const runs = new Runs<ScheduledQuery>({
    clock,
    targets,
    dispatcher,
    capOf: ({ account }) => targetsInUse.accounts().get(account)?.account.maxConcurrentRuns ?? 1,
    rateOf: requestRate,
    journal: memory?.runs,
    leavesRuns: memory !== undefined && !options.isLast,
    actions: createRunActions({
      clock,
      log,
      states,
      runStates,
      failures,
      clientOf: apiOf,
      resultsKept: async (query) => memory?.results.settled(query),
      contributors: () => sources.loaded.config.contributors,
      timed(query, what, milliseconds) {
        if (what === 'wait') {
          apiStats.runWaited(registry.targetOf(query), milliseconds / 1_000);
        } else {
          apiStats.runTook(registry.targetOf(query), query.type, milliseconds / 1_000);
        }
      },
    }),
  });

  const querySections = new QuerySections();
  const runPage = new RunPage(config.contributors.maxSeries);
  const registry = new QueryRegistry({
    targets,
    states,
    runStates,
    failures,
    polls,
    runs,
    querySections,
    runPage,
    memory,
  });
  const discovery = new Discovery({
    every: config.discovery.monitorsEvery,
    clock,
    log,
    dispatcher,
    apiStats,
    clientOf: (target) => targetsInUse.clientOf(target),
    onListed: (target) => sources.listed(target),
  });
  const sources = new QuerySources({
    loaded,
    registry,
    targetsInUse,
    discovery,
    log,
    onTargets({ come, gone }) {
      for (const target of gone) {
        discovery.remove(target);
        runs.forget(target);
        dispatcher.forget(target);
        apiSections.remove(target);
      }
      for (const target of come) {
        apiSections.add(apiStats.of(target));
        discovery.add(target);
      }
      runs.capsChanged();
      identities.learn(targetsInUse.accounts().values());
    },
    shutdown: shutdown.signal,
  });
  const files = new DiscoveryFiles({
    configFile: options.read.file,
    clock,
    log,
    onChange(made) {
      const changes = sources.setFiles(made);
      if (hasChanges(changes)) {
        log.info('queries follow discovery files', changeFields(changes));
      }
    },
  });
  const atStart = await files.plan(loaded);
  sources.setFiles(atStart.made);
  atStart.commit();
  const registrations = new HttpRegistrations({
    queries: sources,
    context: () => sources.loaded.context,
    view: (name) => viewOf(name),
    store: memory?.registrations ?? NO_STORE,
    log,
  });
  await registrations.load();
  const reload = new Reload({
    read: options.read,
    started: loaded,
    async apply(next) {
      const plan = await files.plan(next);
      const { aws, polling, contributors, log: logging } = next.config;
      inForce = next.config;
      options.setLogLevel(logging.level);
      handler.timeout = aws.requestTimeout;
      dispatcher.setLimits(limitsOf(next.config));
      states.giveUpAfter = polling.giveUpAfter;
      runPage.setMaxSeries(contributors.maxSeries);
      discovery.setEvery(next.config.discovery.monitorsEvery);
      const changes = sources.setConfig(next, plan.made);
      plan.commit();
      retention.reconsider(states.all());
      return sumOf(changes, await registrations.readAnew());
    },
    elsewhere: async () => (await webSecurity?.reload()) ?? [],
    clock,
    log,
    shutdown: shutdown.signal,
  });
  const exporter = exporterSections({
    version: build.version,
    revision: build.revision,
    nodeVersion: process.version,
    registeredQueries: () => registry.countBySource(),
    pollLag: () => polls.lag(),
    configLoad: () => reload.last,
    discoveryFiles: () => files.states(),
    contributorSeries: () => runPage.series,
    contributorSeriesLimit: () => sources.loaded.config.contributors.maxSeries,
    storageWritable: () => memory?.writable,
  });
  const runtime = processSections();
  const exposition = new Exposition(
    [
      ...querySections.sections(),
      ...runPage.sections(),
      ...apiSections.sections(),
      ...discovery.sections(),
      ...exporter.sections,
      ...runtime.sections,
    ],
    async () => {
      querySections.refresh(clock.monotonic());
      runPage.refresh(clock.now());
      apiSections.refresh();
      discovery.refresh(clock.monotonic());
      exporter.refresh();
      await runtime.refresh();
    },
  );

  const view = (state: QueryState) => {
    const { name } = state.query;
    return viewOfState(state, clock.monotonic(), polls.nextPoll(name) ?? runs.nextRun(name), runStates.get(name));
  };
  const viewOf = (name: string) => {
    const state = states.get(name);
    return state && view(state);
  };
  const readiness = new Readiness(clock, states);
  const statusChanges = new StatusChanges({ clock, states, runStates });
  const app = createApp({
    version: build.version,
    telemetryPath: options.telemetryPath,
    routePrefix: options.routePrefix,
    externalUrl: options.externalUrl,
    queries: () => Array.from(states.all(), view),
    query: viewOf,
    contributors: (name) => runStates.get(name)?.results?.json.text(),
    subscribe: (listener) => statusChanges.subscribe(listener),
    scrape: (request) => exposition.scrape(request),
    unhealthy: () => dispatcher.standstill(),
    waiting: () => readiness.waiting(),
    shuttingDown: () => shutdown.signal.aborted,
    ending: shutdown.signal,
    access: webSecurity && (() => webSecurity.access()),
    reload: options.enableLifecycle ? () => reload.reload() : undefined,
    registrations: options.enableAdminApi ? registrations : undefined,
    clock,
    log,
  });
  await memory?.restored();
  const listeners = await listen(app, options.listenAddresses, { clock, log, tls: webSecurity?.tls }).catch(
    async (error: unknown) => {
      await memory?.close();
      throw error;
    },
  );
  for (const address of listeners.addresses) {
    log.always('listening', { address, tls: webSecurity?.tls && true });
  }

  states.started();
  sources.begin();
  dispatcher.start();
  runs.start();
  const stopSummaries = summarize(apiStats, clock, log);
  identities.begin();
  if (options.autoReloadInterval > 0) {
    void reload.watch(options.autoReloadInterval);
  }

  return {
    addresses: listeners.addresses,
    failed,
    reload: () => reload.reload(),
    scheme: webSecurity?.tls === undefined ? 'http' : 'https',
    async stop(timeout) {
      shutdown.abort();
      stopSummaries();
      retention.stop();
      const filesStopped = files.stop();
      const end = clock.monotonic() + timeout;
      dispatcher.windDown();
      // HTTP goes on meanwhile: probes see that we are about to end.
      await within(clock, timeout, runs.stop());
      dispatcher.stop();
      const left = () => Math.max(0, end - clock.monotonic());
      if (memory !== undefined) {
        await within(clock, left(), memory.save());
      }
      await listeners.close(left());
      if (memory !== undefined) {
        await within(clock, left(), memory.close());
      }
      await filesStopped;
      network.close();
    },
  };
}

function addUp(a: ReadonlyMap<Target, number>, b: ReadonlyMap<Target, number>): ReadonlyMap<Target, number> {
  const sum = new Map(a);
  for (const [target, value] of b) {
    sum.set(target, (sum.get(target) ?? 0) + value);
  }
  return sum;
}

function limitsOf({ aws, polling }: Config): DispatcherLimits {
  return {
    concurrency: polling.concurrency,
    timeLimit: aws.maxAttempts * (aws.requestTimeout + LONGEST_BACKOFF_MS) + POLL_MARGIN_MS,
  };
}
