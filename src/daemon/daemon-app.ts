import type { RequestListener } from 'node:http';
import { createApp } from '../http/app.ts';
import type { BuildInfo } from '../lib/build-info.ts';
import { lazy } from '../lib/concurrency.ts';
import type { Context } from '../lib/context.ts';
import type { Exposition } from '../metrics/exposition.ts';
import { Readiness } from '../state/readiness.ts';
import { StatusChanges } from '../state/status-changes.ts';
import type { DaemonOptions, Parts } from './parts.ts';
import type { Queries } from './queries.ts';
import type { Reload } from './reload.ts';

/** What a daemon's requests are served from. */
interface Served {
  readonly parts: Parts;
  readonly queries: Queries;
  readonly reload: Reload;
  readonly exposition: () => Promise<Exposition>;
}

/** What answers requests, from what is known when they come. */
export function createDaemonApp(
  { build, web }: DaemonOptions,
  context: Context,
  { parts, queries, reload, exposition }: Served,
): RequestListener {
  const { clock, log } = context;
  const { state, scheduling } = parts;
  const { security } = web;
  const readiness = new Readiness(clock, state.queries);
  const statusChanges = new StatusChanges({ clock, states: state.queries, log });
  return createApp({
    site: { ...web, version: build.version },
    queries: {
      all: () => queries.views.all(),
      get: (name) => queries.views.get(name),
      contributors(name) {
        const registration = state.registry.get(name);
        return registration && state.runs.get(registration)?.results?.json.text();
      },
      subscribe: (listener) => statusChanges.subscribe(listener),
    },
    health: { unhealthy: () => scheduling.dispatcher.standstill(), waiting: () => readiness.waiting() },
    changes: {
      reload: web.enableLifecycle ? () => reload.reload() : undefined,
      registrations: web.enableAdminApi ? queries.registrations : undefined,
    },
    scrape: async (request) => (await exposition()).scrape(request),
    access: security && (() => security.access()),
    context,
  });
}

/** Returns the metrics, those of the exporter itself too. The first call creates the page. */
export function expositionOf(
  build: BuildInfo,
  parts: Parts,
  queries: Queries,
  reload: Reload,
): () => Promise<Exposition> {
  const facts = {
    ...build,
    nodeVersion: process.version,
    registeredQueries: () => parts.state.registry.countBySource(),
    pollLag: () => parts.scheduling.polls.lag(),
    configLoad: () => reload.last,
    discoveryFiles: () => queries.files.states(),
    contributorSeries: () => parts.page.runs.series,
    contributorSeriesLimit: () => parts.inForce.loaded.config.contributors.maxSeries,
    storageWritable: () => parts.stored?.writable,
  };
  return lazy(() => parts.page.exposition(facts));
}
