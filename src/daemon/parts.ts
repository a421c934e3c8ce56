import { placeOf } from '../accounts/accounts.ts';
import { Identities } from '../accounts/identities.ts';
import { TargetsInUse } from '../accounts/targets-in-use.ts';
import { BoundedHandler } from '../aws/network/bounded-handler.ts';
import { createNetwork } from '../aws/network/network.ts';
import type { ReadOptions } from '../config/read.ts';
import type { WebSecurity } from '../http/security/web-security.ts';
import type { ListenAddress } from '../http/server/server.ts';
import type { BuildInfo } from '../lib/build-info.ts';
import type { Clock } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import type { Logger, LogLevel } from '../lib/log.ts';
import type { OpenFileBudget } from '../lib/open-files.ts';
import type { ReleaseStack } from '../lib/release-stack.ts';
import { StoredState } from '../persistence/stored-state.ts';
import type { LoadedConfig } from '../queries/load.ts';
import type { ConfigInForce } from '../registry/query-sources.ts';
import { ExporterState } from './exporter-state.ts';
import { MetricsPage } from './metrics-page.ts';
import { Scheduling } from './scheduling.ts';

/** The configuration file. */
export interface ConfigSource {
  readonly loaded: LoadedConfig;
  /** Where `loaded` is from, and is read anew. */
  readonly read: ReadOptions;
  /** How often it is looked whether the config file has another content, in milliseconds; 0: never. */
  readonly autoReloadInterval: number;
}

/** Where HTTP is spoken, and what it offers. */
export interface WebOptions {
  readonly listenAddresses: readonly ListenAddress[];
  readonly telemetryPath: string;
  readonly routePrefix: string;
  readonly externalUrl: string | undefined;
  /** TLS, log-in and headers; undefined: HTTP without TLS, open to all. */
  readonly security?: WebSecurity | undefined;
  /** `POST /-/reload` is answered. */
  readonly enableLifecycle: boolean;
  /** Queries can be registered over HTTP. */
  readonly enableAdminApi: boolean;
}

export interface DaemonOptions {
  readonly config: ConfigSource;
  readonly web: WebOptions;
  readonly build: BuildInfo;
  readonly clock: Clock;
  readonly log: Logger;
  /** A reload says that events of this level are to be logged. */
  readonly setLogLevel: (level: LogLevel) => void;
  /** Proxies and authorities. */
  readonly env: NodeJS.ProcessEnv;
  /** No process comes after this one: its runs are stopped at its end, though there may be a storage. */
  readonly isLast: boolean;
}

/** What a daemon consists of, beside the queries that are registered and the HTTP server. */
export interface Parts {
  readonly inForce: ConfigInForce;
  readonly handler: BoundedHandler;
  readonly state: ExporterState;
  readonly targetsInUse: TargetsInUse;
  readonly identities: Identities;
  /** Undefined if nothing is stored. */
  readonly stored: StoredState | undefined;
  readonly scheduling: Scheduling;
  readonly page: MetricsPage;
}

/** @throws NetworkConfigError, StorageError */
export async function openParts(
  options: DaemonOptions,
  context: Context,
  files: OpenFileBudget,
  releases: ReleaseStack,
): Promise<Parts> {
  const { build, env, isLast } = options;
  const { clock, log } = context;
  const { loaded } = options.config;
  const { config } = loaded;
  const network = createNetwork({ env, clock, log, mostIdle: files.idleCalls });
  releases.add('network', () => network.close());
  const handler = new BoundedHandler({ network, clock, timeout: config.aws.requestTimeout, atOnce: files.calls });
  const inForce: ConfigInForce = { loaded };
  const state = new ExporterState(config, clock, log);
  const { targets, api: apiStats } = state;
  const targetsInUse = new TargetsInUse({ clock, targets, handler, apiStats, version: build.version });
  const failures = state.failures.credentials;
  const identities = new Identities({ targets, apiStats, clock, log, failures, signal: context.shutdown });
  const stored = await openStoredState(context, inForce, state);
  releases.add('storage', () => stored?.close());
  const scheduling = new Scheduling({ clock, log, inForce, state, targetsInUse, stored, isLast });
  const page = new MetricsPage({ clock, state, scheduling, maxSeries: config.contributors.maxSeries });
  return { inForce, handler, state, targetsInUse, identities, stored, scheduling, page };
}

/** Undefined if nothing is to be stored. */
async function openStoredState(
  { clock, log }: Context,
  inForce: ConfigInForce,
  { queries: states, runs: runStates, registry }: ExporterState,
): Promise<StoredState | undefined> {
  const { path } = inForce.loaded.config.storage;
  return path === undefined
    ? undefined
    : StoredState.open({
        path,
        clock,
        log,
        states,
        runStates,
        isRegistered: (name) => registry.get(name) !== undefined,
        placeOf: (account) => placeOf(account, inForce.loaded.config),
        making: () => inForce.loaded.config.contributors,
      });
}
