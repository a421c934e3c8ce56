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
import type { WatchedQuery } from '../queries/query.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { type Target, Targets } from '../scheduler/target.ts';
import { ApiStats } from '../state/api-stats.ts';
import { FailureLog } from '../state/failure-log.ts';
import { createPoll } from '../state/poll.ts';
import { type QueryState, QueryStates } from '../state/query-state.ts';
import { Readiness } from '../state/readiness.ts';
import { summarize } from '../state/summary.ts';
import { usedAccounts } from './accounts.ts';
import type { BuildInfo } from './build-info.ts';
import { learnIdentities } from './identities.ts';

export interface DaemonOptions {
  readonly config: Config;
  readonly queries: readonly WatchedQuery[];
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
  const accounts = usedAccounts(config, queries, handler, clock);

  const targets = new Targets(clock);
  const apiStats = new ApiStats((stats) => apiSections.changed(stats));
  const clients = new Map<Target, TargetClient>();
  for (const { account: accountName, region, type } of queries) {
    const used = accounts.get(accountName);
    if (used === undefined) {
      throw new Error(`account ${accountName} has a query but is not in use: a mistake of ours`);
    }
    const { account, credentials } = used;
    const target = targets.add(accountName, region, account);
    apiStats.expect(target, type);
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
  const scheduler = new Scheduler<WatchedQuery>({
    clock,
    log,
    targets,
    concurrency: polling.concurrency,
    pollLimit: aws.maxAttempts * (aws.requestTimeout + LONGEST_BACKOFF_MS) + POLL_MARGIN_MS,
    poll: createPoll({
      states,
      failures,
      log,
      clientOf: ({ account, region }) => clientOf(clients, targets.get(account, region)),
    }),
  });

  const querySections = new QuerySections();
  const apiSections = new ApiSections(() => scheduler.planned());
  for (const query of queries) {
    querySections.add(states.register(query));
  }
  for (const stats of apiStats.all()) {
    apiSections.add(stats);
  }
  const exporter = exporterSections({
    version: build.version,
    revision: build.revision,
    nodeVersion: process.version,
    registeredQueries: () => new Map([['config', states.size]]),
    pollLag: () => scheduler.lag(),
    configLoad: () => ({ successful: true, at: startedAt }),
  });
  const runtime = processSections();
  const exposition = new Exposition(
    [...querySections.sections(), ...apiSections.sections(), ...exporter.sections, ...runtime.sections],
    async () => {
      querySections.refresh(clock.monotonic());
      apiSections.refresh();
      exporter.refresh();
      await runtime.refresh();
    },
  );

  const view = (state: QueryState) => viewOfState(state, clock.monotonic(), scheduler.nextPoll(state.query.name));
  const readiness = new Readiness(clock, states);
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
    scrape: (request) => exposition.scrape(request),
    unhealthy: () => scheduler.standstill(),
    waiting: () => readiness.waiting(),
    shuttingDown: () => shutdown.signal.aborted,
    clock,
    log,
  });
  const listeners = await listen(app, options.listenAddresses, { clock, log });
  for (const address of listeners.addresses) {
    log.always('listening', { address });
  }

  scheduler.add(queries);
  scheduler.start();
  const stopSummaries = summarize(apiStats, clock, log);
  void learnIdentities({ accounts: accounts.values(), targets, apiStats, clock, log, signal: shutdown.signal });

  return {
    addresses: listeners.addresses,
    async stop(timeout) {
      shutdown.abort();
      stopSummaries();
      scheduler.stop();
      await listeners.close(timeout);
      network.close();
    },
  };
}

function clientOf(clients: ReadonlyMap<Target, TargetClient>, target: Target): TargetClient {
  const client = clients.get(target);
  if (client === undefined) {
    throw new Error(`no client for account ${target.account} in ${target.region}`);
  }
  return client;
}
