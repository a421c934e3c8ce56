import type { RequestListener } from 'node:http';
import { createApp } from '../http/app.ts';
import type { WebSecurity } from '../http/security/web-security.ts';
import type { ListenAddress } from '../http/server/server.ts';
import type { BuildInfo } from '../lib/build-info.ts';
import type { Context } from '../lib/context.ts';
import type { Exposition } from '../metrics/exposition.ts';
import { Readiness } from '../state/readiness.ts';
import { StatusChanges } from '../state/status-changes.ts';
import type { Parts } from './parts.ts';
import type { Queries } from './queries.ts';
import type { Reload } from './reload.ts';
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

export interface DaemonAppOptions {
  readonly context: Context;
  readonly build: BuildInfo;
  readonly web: Omit<WebOptions, 'listenAddresses'>;
  readonly parts: Parts;
  readonly queries: Queries;
  readonly reload: Reload;
  readonly exposition: Exposition;
}

/** What answers requests, from what is known when they come. */
export function createDaemonApp({
  context,
  build,
  web,
  parts,
  queries,
  reload,
  exposition,
}: DaemonAppOptions): RequestListener {
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
    scrape: (request) => exposition.scrape(request),
    access: security && (() => security.access()),
    context,
  });
}

/** The metrics, those of the exporter itself too. */
export function expositionOf(build: BuildInfo, parts: Parts, queries: Queries, reload: Reload): Exposition {
  return parts.page.exposition({
    ...build,
    nodeVersion: process.version,
    registeredQueries: () => parts.state.registry.countBySource(),
    pollLag: () => parts.scheduling.polls.lag(),
    configLoad: () => reload.last,
    discoveryFiles: () => queries.files.states(),
    contributorSeries: () => parts.page.runs.series,
    contributorSeriesLimit: () => parts.inForce.loaded.config.contributors.maxSeries,
    storageWritable: () => parts.stored?.writable,
  });
}
