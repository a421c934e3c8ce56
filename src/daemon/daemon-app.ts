import type { RequestListener } from 'node:http';
import { createApp } from '../http/app.ts';
import type { AppOptions } from '../http/app-options.ts';
import type { WebSecurity } from '../http/security/web-security.ts';
import { Readiness } from '../state/readiness.ts';
import { StatusChanges } from '../state/status-changes.ts';
import type { ExporterState } from './exporter-state.ts';
import type { QueryViews } from './query-views.ts';
import type { Scheduling } from './scheduling.ts';

export interface DaemonAppOptions
  extends Pick<
    AppOptions,
    | 'version'
    | 'telemetryPath'
    | 'routePrefix'
    | 'externalUrl'
    | 'scrape'
    | 'reload'
    | 'registrations'
    | 'clock'
    | 'log'
  > {
  readonly state: ExporterState;
  readonly scheduling: Scheduling;
  readonly views: QueryViews;
  /** Undefined: everybody may have everything. */
  readonly webSecurity: WebSecurity | undefined;
  /** Aborted when shutdown begins. */
  readonly shutdown: AbortSignal;
}

/** What answers requests, from what is known when they come. */
export function createDaemonApp(options: DaemonAppOptions): RequestListener {
  const { clock, state, scheduling, views, webSecurity, shutdown } = options;
  const readiness = new Readiness(clock, state.queries);
  const statusChanges = new StatusChanges({ clock, states: state.queries, runStates: state.runs });
  return createApp({
    ...options,
    queries: () => views.all(),
    query: (name) => views.get(name),
    contributors: (name) => state.runs.get(name)?.results?.json.text(),
    subscribe: (listener) => statusChanges.subscribe(listener),
    unhealthy: () => scheduling.dispatcher.standstill(),
    waiting: () => readiness.waiting(),
    shuttingDown: () => shutdown.aborted,
    ending: shutdown,
    access: webSecurity && (() => webSecurity.access()),
  });
}
