import { placeOf } from '../accounts/accounts.ts';
import { Identities } from '../accounts/identities.ts';
import { TargetsInUse } from '../accounts/targets-in-use.ts';
import { ZoneNames, zonesReader } from '../accounts/zone-names.ts';
import { BoundedHandler } from '../aws/network/bounded-handler.ts';
import { createNetwork } from '../aws/network/network.ts';
import type { Site } from '../http/app-options.ts';
import type { WebSecurity } from '../http/security/web-security.ts';
import type { ListenAddress } from '../http/server/server.ts';
import type { BuildInfo } from '../lib/build-info.ts';
import type { Clock } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import type { Logger, LogLevel } from '../lib/log.ts';
import type { OpenFileBudget } from '../lib/open-files.ts';
import type { ReleaseStack } from '../lib/release-stack.ts';
import { type Shard, targetsOfShard } from '../model/shard.ts';
import { StoredState } from '../persistence/stored-state.ts';
import type { LoadedConfig, LoadOptions } from '../queries/load.ts';
import type { ConfigInForce } from '../registry/query-sources.ts';
import type { RegisterEngine } from '../replicas/registers.ts';
import { NO_PERIOD_STORE } from '../state/monitor-metrics.ts';
import { createState, type ExporterState } from './exporter-state.ts';
import { MetricsPage } from './metrics-page.ts';
import { MonitorMetricReads } from './monitor-metric-reads.ts';
import { Scheduling } from './scheduling.ts';

export interface ConfigSource {
  readonly loaded: LoadedConfig;
  /** Source of `loaded`, for reloads. */
  readonly read: LoadOptions;
  /** Interval between checks of the file for changes, in milliseconds; 0: none. */
  readonly autoReloadInterval: number;
  /** Called with the level of each configuration that a reload applies. */
  readonly setLogLevel: (level: LogLevel) => void;
}

export interface WebOptions {
  readonly listenAddresses: readonly ListenAddress[];
  readonly site: Omit<Site, 'version'>;
  /** TLS, authentication, and headers. Undefined: HTTP without TLS and authentication. */
  readonly security?: WebSecurity | undefined;
  /** Enables `POST /-/reload`. */
  readonly enableLifecycle: boolean;
  /** Enables the registration of queries over HTTP. */
  readonly enableAdminApi: boolean;
}

export interface DaemonOptions {
  readonly config: ConfigSource;
  readonly web: WebOptions;
  readonly build: BuildInfo;
  readonly clock: Clock;
  readonly log: Logger;
  /** Environment variables for proxies and certificate authorities. */
  readonly env: NodeJS.ProcessEnv;
  readonly membership: Membership;
}

/** How this process shares its work with others, at the same time and after it. */
export interface Membership {
  /** The targets that this exporter has. */
  readonly shard: Shard;
  /** No process follows this one: its runs are stopped on shutdown even if there is a storage. */
  readonly isLast: boolean;
  /** Replaces the engine of the configuration, if it has replicas. */
  readonly engine?: RegisterEngine | undefined;
}

/** The parts of a daemon, except for the registration of queries and the HTTP server. */
export type Parts = Awaited<ReturnType<typeof openParts>>;

/** @throws NetworkConfigError, StorageError */
export async function openParts(
  options: DaemonOptions,
  context: Context,
  files: OpenFileBudget,
  releases: ReleaseStack,
) {
  const { env } = options;
  const { isLast, shard, engine } = options.membership;
  const { version } = options.build;
  const { log } = context;
  const { loaded } = options.config;
  const { config } = loaded;
  const network = createNetwork({ env, clock: context.clock, log, mostIdle: files.idleCalls });
  releases.add('network', () => network.close());
  const { requestTimeout: timeout } = config.aws;
  const handler = new BoundedHandler({ network, clock: context.clock, timeout, atOnce: files.calls });
  const inForce: ConfigInForce = { loaded };
  const { replicas } = config;
  const given = { context, inForce, handler, engine, env, version, shard };
  // Without replicas, their code is not loaded.
  const replica = replicas && (await import('./replica.ts')).openReplica({ ...given, replicas });
  releases.add('shared storage', () => replica?.engine.close());
  /** Whether another member of the replicas makes the calls now. Always false without replicas. */
  const isStandby = () => replica?.isLeader === false;
  /** The local clock, or that of the engine if there are replicas. */
  const clock = replica?.clock ?? context.clock;
  const state = createState(config, clock, log);
  const { targets, api: apiStats } = state;
  const isOwn = targetsOfShard(shard);
  const targetsInUse = new TargetsInUse({ clock, targets, handler, apiStats, version, isOwn });
  const failures = state.failures.credentials;
  const identities = new Identities({ targets, apiStats, clock, log, failures, signal: context.shutdown });
  const zoneNames = new ZoneNames({
    context,
    targets,
    isEnabled: () => !isStandby() && inForce.loaded.config.discovery.zoneNames,
    read: zonesReader({ clock, handler, targetsInUse, endpoint: () => inForce.loaded.config.discovery.ec2Endpoint }),
  });
  const stored = await openStoredState(context, inForce, state);
  releases.add('storage', () => stored?.close());
  const scheduling = new Scheduling({ clock, log, inForce, state, targetsInUse, stored, replica, isLast });
  const { dispatcher } = scheduling;
  const calls = { targetsInUse, dispatcher, handler, version };
  const periods = replica?.shared.periods ?? stored?.monitorMetrics ?? NO_PERIOD_STORE;
  replica?.shared.periods.attach(state.monitorMetrics);
  const metricReads = new MonitorMetricReads({ ...context, clock, ...calls, inForce, state, periods });
  const page = new MetricsPage(clock, state, scheduling, metricReads, config.contributors.maxSeries);
  const calling = { targetsInUse, identities, zoneNames, scheduling, metricReads };
  return { clock, shard, replica, isStandby, isOwn, inForce, handler, state, stored, page, ...calling };
}

/** Resolves to undefined if the storage is disabled. */
async function openStoredState(
  { clock, log }: Context,
  inForce: ConfigInForce,
  { queries: states, runs: runStates, registry, monitorMetrics }: ExporterState,
): Promise<StoredState | undefined> {
  const { path } = inForce.loaded.config.storage;
  return path === undefined
    ? undefined
    : StoredState.open({
        ...{ path, clock, log, states, runStates, monitorMetrics },
        isRegistered: (name) => registry.get(name) !== undefined,
        placeOf: (account) => placeOf(account, inForce.loaded.config),
        making: () => inForce.loaded.config.contributors,
      });
}
