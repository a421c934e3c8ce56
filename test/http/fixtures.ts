import { gzipSync } from 'node:zlib';
import type { AppOptions, Changes, Health, ReplicasView, ServedQueries, Site } from '../../src/http/app-options.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Context } from '../../src/lib/context.ts';
import type { LogFields, Logger } from '../../src/lib/log.ts';
import type { QueryView } from '../../src/registry/query-view.ts';

/** The time of all tests in this directory. */
const NOW = Date.parse('2026-11-24T12:00:00Z');

/** A watched query without errors. */
export function queryView(changes: Partial<QueryView> = {}): QueryView {
  return {
    name: 'checkout-watch',
    type: 'monitor-top-contributors',
    source: 'config',
    account: 'payments',
    region: 'us-east-1',
    monitorName: 'checkout',
    queryId: '11111111-2222-3333-4444-555555555555',
    interval: '30s',
    labels: { team: 'payments' },
    status: 'RUNNING',
    statusSince: '2026-11-24T11:55:30Z',
    up: true,
    lastError: null,
    lastSuccess: '2026-11-24T11:59:48Z',
    nextPoll: '2026-11-24T12:00:18Z',
    ...changes,
  };
}

/** A query whose last call failed. */
export function failingView(changes: Partial<QueryView> = {}): QueryView {
  return queryView({
    name: 'failing',
    up: false,
    lastError: {
      operation: 'status',
      error: 'AccessDeniedException',
      message: 'User is not authorized to perform networkflowmonitor:GetQueryStatusMonitorTopContributors',
      at: '2026-11-24T11:59:50Z',
    },
    ...changes,
  });
}

export interface LoggedEvent {
  readonly level: string;
  readonly msg: string;
  readonly fields: LogFields;
}

/** A log that keeps its events. */
export function recordingLog(): { readonly log: Logger; readonly events: LoggedEvent[] } {
  const events: LoggedEvent[] = [];
  const at =
    (level: string) =>
    (msg: string, fields: LogFields = {}) => {
      events.push({ level, msg, fields });
    };
  return {
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), always: at('always') },
    events,
  };
}

/** Two replicas, of which one has another configuration. */
export const REPLICAS_VIEW: ReplicasView = {
  group: 'default',
  id: 'exporter-1',
  leader: { id: 'exporter-1', epoch: 7, url: 'http://exporter-1.example:10049/' },
  engine: { kind: 'postgresql', description: 'postgresql://db/nfm', up: true },
  members: [
    { id: 'exporter-0', url: null, version: '1.2.3', sameConfig: false, heartbeatAgeSeconds: 3.4 },
    {
      id: 'exporter-1',
      url: 'http://exporter-1.example:10049/',
      version: '1.2.3',
      sameConfig: true,
      heartbeatAgeSeconds: 0.2,
    },
  ],
};

/** The members of all groups of options. */
type FlatOptions = Site &
  ServedQueries &
  Health &
  Changes &
  Context &
  Pick<AppOptions, 'scrape' | 'access' | 'replicas'>;

/** The options of a healthy, ready exporter with these queries. */
export function appOptions(views: readonly QueryView[] = [], changes: Partial<FlatOptions> = {}): AppOptions {
  const flat: FlatOptions = {
    version: '1.2.3',
    telemetryPath: '/metrics',
    routePrefix: '',
    externalUrl: undefined,
    prometheusUrl: undefined,
    grafanaUrl: undefined,
    all: () => views,
    get: (name) => views.find((view) => view.name === name),
    contributors: () => undefined,
    async *flows() {},
    scrape: ({ gzip }) => {
      const parts = [Buffer.from('# part one\n'), Buffer.from('# part two\n')];
      return Promise.resolve(gzip ? parts.map((part) => gzipSync(part)) : parts);
    },
    unhealthy: () => undefined,
    waiting: () => 0,
    targets: () => [],
    networks: () => [],
    subscribe: () => () => undefined,
    shutdown: new AbortController().signal,
    reload: undefined,
    registrations: undefined,
    clock: { ...systemClock, now: () => NOW },
    log: recordingLog().log,
    ...changes,
  };
  const { scrape, access, replicas } = flat;
  return { site: flat, queries: flat, health: flat, changes: flat, context: flat, scrape, access, replicas };
}
