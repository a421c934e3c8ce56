import type { RequestListener } from 'node:http';
import { pricesIn } from '../config/prices.ts';
import type { AppOptions, ServedReplicas } from '../http/app-options.ts';
import type { BuildInfo } from '../lib/build-info.ts';
import { lazy } from '../lib/concurrency.ts';
import type { Context } from '../lib/context.ts';
import type { Price } from '../metrics/exporter-sections.ts';
import type { Exposition } from '../metrics/exposition.ts';
import type { ReplicaMember } from '../replicas/member.ts';
import { readinessOf } from '../state/readiness.ts';
import { StatusChanges } from '../state/status-changes.ts';
import { flowDigests } from './flow-digests.ts';
import type { DaemonOptions, Parts } from './parts.ts';
import type { Queries } from './queries.ts';
import type { Reload } from './reload.ts';

/** The parts of a daemon that requests are served from. */
interface Served {
  readonly parts: Parts;
  readonly queries: Queries;
  readonly reload: Reload;
  readonly exposition: () => Promise<Exposition>;
}

/**
 * Creates the HTTP endpoints of a daemon. `load` loads Express, which takes a fifth of a start: it is called after the daemon
 * listens. A request that arrives before that waits for it.
 */
export function createDaemonApp(
  { build, web }: DaemonOptions,
  context: Context,
  { parts, queries, reload, exposition }: Served,
) {
  const { clock, log } = context;
  const { state, scheduling } = parts;
  const { security } = web;
  const readiness = readinessOf(clock, state.queries);
  const statusChanges = new StatusChanges({ clock, states: state.queries, log });
  const options: AppOptions = {
    site: { ...web.site, version: build.version },
    queries: {
      all: () => queries.views.all(),
      get: (name) => queries.views.get(name),
      contributors(name) {
        const registration = state.registry.get(name);
        return registration && state.runs.get(registration)?.results?.json.text();
      },
      flows: flowDigests(state, clock),
      subscribe: (listener) => statusChanges.subscribe(listener),
    },
    health: {
      unhealthy: () => scheduling.dispatcher.standstill(),
      // A standby has no polls to wait for.
      waiting: () => (parts.isStandby() ? 0 : readiness.waiting()),
      isJoining: () => parts.replica?.isReady === false,
      targets: () =>
        Array.from(state.api.all(), ({ target, up, identity }) => ({
          account: target.account,
          region: target.region,
          up,
          budget: { rate: target.budget.rate, limit: target.budget.limit },
          credentialsError: state.failures.credentials.causeOf(target),
          identity: identity?.arn,
        })),
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
    serve: ((request, response) => {
      if (app === undefined) {
        // The caller of `load` reports its failure.
        load().then(
          () => app?.(request, response),
          () => response.destroy(),
        );
      } else {
        app(request, response);
      }
    }) satisfies RequestListener,
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
    config: { load: () => reload.last, discoveryFiles: () => queries.files.states() },
    contributorSeries: () => ({
      exported: parts.page.runs.limit.exported,
      limit: parts.inForce.loaded.config.contributors.maxSeries,
    }),
    regions: { prices: () => pricesOf(parts), zones: () => parts.zoneNames.all() },
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

/** Returns the group of replicas for the HTTP API. */
function servedReplicas(member: ReplicaMember): ServedReplicas {
  return {
    view() {
      const { leader, identity, engine, stats } = member;
      return {
        group: identity.group,
        id: identity.id,
        leader: leader === undefined ? null : { id: leader.id, epoch: leader.epoch, url: leader.url ?? null },
        engine: { kind: engine.kind, description: engine.description, up: stats.isEngineUp },
        members: member.members.map(({ value: { id, url, version, config }, age }) => ({
          id,
          url: url ?? null,
          version,
          sameConfig: config === identity.config,
          heartbeatAgeSeconds: Math.max(0, age) / 1_000,
        })),
      };
    },
    standby() {
      const { leader, isLeader, boot } = member;
      const other = leader?.boot === boot ? undefined : leader;
      return isLeader ? undefined : { leaderId: other?.id, leaderUrl: other?.url };
    },
  };
}
