import { placeOf } from '../accounts/accounts.ts';
import { Identities } from '../accounts/identities.ts';
import { TargetsInUse } from '../accounts/targets-in-use.ts';
import { BoundedHandler } from '../aws/network/bounded-handler.ts';
import { createNetwork } from '../aws/network/network.ts';
import type { Context } from '../lib/context.ts';
import type { OpenFileBudget } from '../lib/open-files.ts';
import type { ReleaseStack } from '../lib/release-stack.ts';
import { StoredState } from '../persistence/stored-state.ts';
import type { LoadedConfig } from '../queries/load.ts';
import type { ConfigInForce } from '../registry/query-sources.ts';
import { ExporterState } from './exporter-state.ts';
import { MetricsPage } from './metrics-page.ts';
import { Scheduling } from './scheduling.ts';

export interface PartsOptions {
  readonly context: Context;
  readonly loaded: LoadedConfig;
  readonly files: OpenFileBudget;
  /** Of the exporter, for the user agent of its calls. */
  readonly version: string;
  /** Proxies and authorities. */
  readonly env: NodeJS.ProcessEnv;
  /** No process comes after this one. */
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
export async function openParts(options: PartsOptions, releases: ReleaseStack): Promise<Parts> {
  const { context, loaded, files, version, env, isLast } = options;
  const { clock, log } = context;
  const { config } = loaded;
  const network = createNetwork({ env, clock, log, mostIdle: files.idleCalls });
  releases.add('network', () => network.close());
  const handler = new BoundedHandler({ network, clock, timeout: config.aws.requestTimeout, atOnce: files.calls });
  const inForce: ConfigInForce = { loaded };
  const state = new ExporterState(config, clock, log);
  const { targets, api: apiStats } = state;
  const targetsInUse = new TargetsInUse({ clock, targets, handler, apiStats, version });
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
