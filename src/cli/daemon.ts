import { BoundedHandler } from '../api/bounded-handler.ts';
import { TargetClient } from '../api/client.ts';
import { createNetwork } from '../api/network.ts';
import type { Config } from '../config/config.ts';
import { createApp } from '../http/app.ts';
import { listen } from '../http/server.ts';
import { viewOfState } from '../http/view-of-state.ts';
import { ApiSections } from '../metrics/api-sections.ts';
import { exporterSections } from '../metrics/exporter-sections.ts';
import { Exposition } from '../metrics/exposition.ts';
import { processSections } from '../metrics/process-sections.ts';
import { QuerySections } from '../metrics/query-sections.ts';
import { RunPage } from '../metrics/run-page.ts';
import { followersOf } from '../queries/following.ts';
import type { RegisteredQuery, ScheduledQuery, WatchedQuery } from '../queries/query.ts';
import { requestRate } from '../queries/targets.ts';
import { type Clock, within } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { Dispatcher } from '../scheduler/dispatcher.ts';
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
import { usedAccounts } from './accounts.ts';
import type { BuildInfo } from './build-info.ts';
import { Discovery } from './discovery.ts';
import { learnIdentities } from './identities.ts';
import { QueryRegistry } from './query-registry.ts';

export interface DaemonOptions {
  readonly config: Config;
  readonly queries: readonly RegisteredQuery[];
  readonly build: BuildInfo;
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: NodeJS.ProcessEnv;
  readonly listenAddresses: readonly string[];
  readonly telemetryPath: string;
  readonly routePrefix: string;
  readonly externalUrl: string | undefined;
}

export interface Daemon {
  /** Where it really listens, `HOST:PORT`. */
  readonly addresses: readonly string[];
  /** Ends within `timeout` milliseconds: no new polls, those in flight aborted, requests in flight answered. */
  stop(timeout: number): Promise<void>;
}

/** A poll is given up when its attempts, at their longest, must have ended: the SDK waits at most 20 s between them. */
const LONGEST_BACKOFF_MS = 20_000;
const POLL_MARGIN_MS = 120_000;

/**
 * Connects the parts in the direction in which data flows: config → registered queries → scheduler → API client → query
 * state → metrics → HTTP.
 *
 * @throws ListenError, NetworkConfigError
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, queries, build, clock, log, env } = options;
  const { aws, polling } = config;
  const startedAt = clock.now();
  const shutdown = new AbortController();

  const network = createNetwork({ env, clock });
  const handler = new BoundedHandler({ network, clock, timeout: aws.requestTimeout });
  const followers = followersOf(config).map(({ entry, place }) => ({ ...place, kind: entry.kind, type: entry.type }));
  const uses = [...queries, ...followers];
  const accounts = usedAccounts(config, uses, handler, clock);

  const targets = new Targets(clock);
  const apiStats = new ApiStats((stats) => apiSections.changed(stats));
  const clients = new Map<Target, TargetClient>();
  for (const query of uses) {
    const { account: accountName, region } = query;
    const used = accounts.get(accountName);
    if (used === undefined) {
      throw new Error(`account ${accountName} has a query but is not in use: a mistake of ours`);
    }
    const { account, credentials } = used;
    const target = targets.add(accountName, region, account);
    apiStats.expect(target, query);
    if (!clients.has(target)) {
      clients.set(
        target,
        new TargetClient({
          target,
          clock,
          handler,
          credentials,
          observer: apiStats,
          endpoint: account.endpoint?.replaceAll('{region}', region),
          maxAttempts: aws.maxAttempts,
          version: build.version,
        }),
      );
    }
  }

  const states = new QueryStates({
    clock,
    giveUpAfter: polling.giveUpAfter,
    onChange: (state) => querySections.changed(state, clock.monotonic()),
  });
  const failures = new FailureLog(clock, log);
  const runStates = new RunStates({
    clock,
    onChange: (state) => runPage.changed(state),
    onResults: (state, series) => runPage.resultsRead(state, series),
  });
  const dispatcher = new Dispatcher({
    clock,
    log,
    targets,
    concurrency: polling.concurrency,
    timeLimit: aws.maxAttempts * (aws.requestTimeout + LONGEST_BACKOFF_MS) + POLL_MARGIN_MS,
  });
  const targetOf = ({ account, region }: RegisteredQuery) => targets.get(account, region);
  const apiOf = (query: RegisteredQuery) => clientOf(clients, targetOf(query));
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
    capOf: ({ account }) => accounts.get(account)?.account.maxConcurrentRuns ?? 1,
    rateOf: requestRate,
    actions: createRunActions({
      clock,
      log,
      states,
      runStates,
      failures,
      clientOf: apiOf,
      contributors: config.contributors,
      timed(query, what, milliseconds) {
        if (what === 'wait') {
          apiStats.runWaited(targetOf(query), milliseconds / 1_000);
        } else {
          apiStats.runTook(targetOf(query), query.type, milliseconds / 1_000);
        }
      },
    }),
  });

  const querySections = new QuerySections();
  const runPage = new RunPage(config.contributors.maxSeries);
  const apiSections = new ApiSections(
    () => addUp(polls.planned(), runs.planned()),
    (target) => runs.of(target),
  );
  const registry = new QueryRegistry({ states, runStates, failures, polls, runs, querySections, runPage });
  registry.add(queries);
  const discovery = new Discovery({
    config,
    clock,
    log,
    dispatcher,
    clientOf: (target) => clientOf(clients, target),
    registry,
    shutdown: shutdown.signal,
  });
  discovery.expect(targets.all(), apiStats);
  for (const stats of apiStats.all()) {
    apiSections.add(stats);
  }
  const exporter = exporterSections({
    version: build.version,
    revision: build.revision,
    nodeVersion: process.version,
    registeredQueries: () => new Map([['config', states.size]]),
    pollLag: () => polls.lag(),
    configLoad: () => ({ successful: true, at: startedAt }),
    contributorSeries: () => runPage.series,
    contributorSeriesLimit: config.contributors.maxSeries,
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
  const readiness = new Readiness(clock, states);
  const statusChanges = new StatusChanges({ clock, states, runStates });
  const app = createApp({
    version: build.version,
    telemetryPath: options.telemetryPath,
    routePrefix: options.routePrefix,
    externalUrl: options.externalUrl,
    queries: () => Array.from(states.all(), view),
    query(name) {
      const state = states.get(name);
      return state && view(state);
    },
    contributors: (name) => runStates.get(name)?.results?.json.text(),
    subscribe: (listener) => statusChanges.subscribe(listener),
    scrape: (request) => exposition.scrape(request),
    unhealthy: () => dispatcher.standstill(),
    waiting: () => readiness.waiting(),
    shuttingDown: () => shutdown.signal.aborted,
    ending: shutdown.signal,
    clock,
    log,
  });
  const listeners = await listen(app, options.listenAddresses, { clock, log });
  for (const address of listeners.addresses) {
    log.always('listening', { address });
  }

  registry.begin(queries);
  discovery.start(targets.all());
  dispatcher.start();
  runs.start();
  const stopSummaries = summarize(apiStats, clock, log);
  void learnIdentities({ accounts: accounts.values(), targets, apiStats, clock, log, signal: shutdown.signal });

  return {
    addresses: listeners.addresses,
    async stop(timeout) {
      shutdown.abort();
      stopSummaries();
      const end = clock.monotonic() + timeout;
      dispatcher.windDown();
      // HTTP goes on meanwhile: probes see that we are about to end.
      await within(clock, timeout, runs.stop());
      dispatcher.stop();
      await listeners.close(Math.max(0, end - clock.monotonic()));
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

function clientOf(clients: ReadonlyMap<Target, TargetClient>, target: Target): TargetClient {
  const client = clients.get(target);
  if (client === undefined) {
    throw new Error(`no client for account ${target.account} in ${target.region}`);
  }
  return client;
}
