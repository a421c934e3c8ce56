import type { RequestListener } from 'node:http';
import { pricesIn } from '../config/prices.ts';
import type { AppOptions } from '../http/app-options.ts';
import type { BuildInfo } from '../lib/build-info.ts';
import { lazy } from '../lib/concurrency.ts';
import type { Context } from '../lib/context.ts';
import type { Price } from '../metrics/exporter-sections.ts';
import type { Exposition } from '../metrics/exposition.ts';
import { readinessOf } from '../state/readiness.ts';
import { StatusChanges } from '../state/status-changes.ts';
import { FlowDigests } from './flow-digests.ts';
import type { DaemonOptions, Parts } from './parts.ts';
import type { Queries } from './queries.ts';
import type { Reload } from './reload.ts';
import { servedReplicas } from './served-replicas.ts';
import { targetHealth } from './target-health.ts';

/** The parts of a daemon that requests are served from. */
interface Served {
  readonly parts: Parts;
  readonly queries: Queries;
  readonly reload: Reload;
  readonly exposition: () => Promise<Exposition>;
}

/** The HTTP endpoints of a daemon. */
export interface DaemonApp {
  /** Serves requests. A request that arrives before Express is loaded waits for it. */
  readonly serve: RequestListener;
  /** Loads Express, which takes a fifth of a start: called after the daemon listens. */
  load(): Promise<void>;
}

/** Creates the endpoints of a daemon. */
export function createDaemonApp(
  { build, web }: DaemonOptions,
  context: Context,
  { parts, queries, reload, exposition }: Served,
): DaemonApp {
  const { clock, log } = context;
  const { state, scheduling } = parts;
  const { security } = web;
  const flowDigests = new FlowDigests(state, clock);
  const readiness = readinessOf(clock, state.queries);
  const statusChanges = new StatusChanges({ clock, states: state.queries, log });
  const options: AppOptions = {
    site: { ...web, version: build.version },
    queries: {
      all: () => queries.views.all(),
      get: (name) => queries.views.get(name),
      contributors(name) {
        const registration = state.registry.get(name);
        return registration && state.runs.get(registration)?.results?.json.text();
      },
      flows: (isWanted) => flowDigests.all(isWanted),
      subscribe: (listener) => statusChanges.subscribe(listener),
    },
    health: {
      unhealthy: () => scheduling.dispatcher.standstill(),
      // A standby has no polls to wait for.
      waiting: () => (parts.isStandby() ? 0 : readiness.waiting()),
      isJoining: () => parts.replica?.isReady === false,
      targets: () => targetHealth(state),
      networks: () => parts.metricReads.networks(),
    },
    changes: {
      reload: web.enableLifecycle ? () => reload.reload() : undefined,
      registrations: web.enableAdminApi ? queries.registrations : undefined,
    },
    scrape: async (request) => (await exposition()).scrape(request),
    replicas: parts.replica && servedReplicas(parts.replica),
    access: security && (() => security.access()),
    context,
  };
  let app: RequestListener | undefined;
  const load = lazy(async () => {
    const { createApp } = await import('../http/app.ts');
    app = createApp(options);
  });
  return {
    load,
    serve(request, response) {
      if (app === undefined) {
        // The caller of `load` reports its failure.
        load().then(
          () => app?.(request, response),
          () => response.destroy(),
        );
      } else {
        app(request, response);
      }
    },
  };
}

/** Returns a function that creates the metrics page, including the metrics about the exporter itself, with its first call. */
export function expositionOf(
  build: BuildInfo,
  parts: Parts,
  queries: Queries,
  reload: Reload,
): () => Promise<Exposition> {
  const facts = {
    build: { ...build, nodeVersion: process.version },
    registeredQueries: () => parts.state.registry.countBySource(),
    pollLag: () => parts.scheduling.dispatcher.lag('poll'),
    configLoad: () => reload.last,
    discoveryFiles: () => queries.files.states(),
    contributorSeries: () => parts.page.runs.series,
    contributorSeriesLimit: () => parts.inForce.loaded.config.contributors.maxSeries,
    prices: () => pricesOf(parts),
    zones: () => parts.zoneNames.all(),
    shard: parts.shard,
    storageWritable: () => parts.stored?.storage.writable,
  };
  return lazy(() => parts.page.exposition(facts, parts.replica));
}

/** Prices in the regions of the targets in use. */
function pricesOf({ state, inForce }: Parts): readonly Price[] {
  const regions = new Set([...state.targets.all()].map(({ region }) => region));
  return [...regions].flatMap((region) =>
    pricesIn(region, inForce.loaded.config.prices).map(([category, dollarsPerByte]) => ({
      region,
      category,
      dollarsPerByte,
    })),
  );
}
