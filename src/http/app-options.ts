import type { Context } from '../lib/context.ts';
import type { ScheduledQuery } from '../model/query.ts';
import type { QueryView } from '../registry/query-view.ts';
import type { Registrations } from '../registry/registrations.ts';
import type { FlowDigest } from '../results/flow-digest.ts';
import type { StatusChangeListener } from '../state/status-changes.ts';
import type { ReloadOutcome } from './api/probes.ts';
import type { Scrape } from './scrape/metrics-endpoint.ts';
import type { Access } from './security/access.ts';

/** Data and operations of the HTTP endpoints. Functions are called on each request. */
export interface AppOptions {
  readonly site: Site;
  readonly queries: ServedQueries;
  readonly health: Health;
  readonly changes: Changes;
  readonly scrape: Scrape;
  /** Undefined without replicas. */
  readonly replicas?: ServedReplicas | undefined;
  /** Returns what applies to a request received now. Undefined: no authentication, default headers. */
  readonly access?: (() => Promise<Access>) | undefined;
  /** When its shutdown begins, event streams end, and no more changes are accepted. */
  readonly context: Context;
}

export interface Site {
  readonly version: string;
  /** Path of the metrics, below the prefix: starts with `/`, and is not the path of another endpoint except `/`. */
  readonly telemetryPath: string;
  /** Prefix of all paths: empty, or `/` and more, without a trailing slash. */
  readonly routePrefix: string;
  /** URL at which users reach the exporter, without a trailing slash. Undefined: the URL of the request. */
  readonly externalUrl: string | undefined;
  /** URLs for links to Prometheus and Grafana, without a trailing slash. Undefined: no links. */
  readonly prometheusUrl: string | undefined;
  readonly grafanaUrl: string | undefined;
}

export interface ServedQueries {
  /** All registered queries, in the order in which the API lists them. */
  all(): Iterable<QueryView>;
  get(name: string): QueryView | undefined;
  /** JSON of a query's last results; undefined if there are none. */
  contributors(name: string): Promise<string> | undefined;
  /** Digests of the last results of the scheduled queries that `isWanted` accepts, except stale ones. */
  flows(isWanted?: (query: FlowSubject) => boolean): AsyncIterable<QueryFlows>;
  /** Calls `listener` with status changes until the returned function is called. */
  subscribe(listener: StatusChangeListener): () => void;
}

/** What a query measures. Queries with equal values see the same flows. */
export type FlowSubject = Pick<
  ScheduledQuery,
  'metricName' | 'account' | 'region' | 'monitorName' | 'scopeId' | 'destinationCategory'
>;

export interface QueryFlows extends FlowSubject {
  readonly name: string;
  /** Length of the window of the results, in seconds. */
  readonly seconds: number;
  readonly digest: FlowDigest;
}

export interface TargetHealth {
  readonly account: string;
  readonly region: string;
  /** Whether the last attempt showed that the API is up; undefined before the first. */
  readonly up: boolean | undefined;
  /** Request budget in effect and configured, in requests per second. */
  readonly budget: { readonly rate: number; readonly limit: number };
  /** Why credentials are missing; undefined if they are not. */
  readonly credentialsError: string | undefined;
  /** ARN of the AWS identity; undefined if unknown. */
  readonly identity: string | undefined;
}

/** Whether AWS's network is degraded, for one monitor: from CloudWatch's HealthIndicator. */
export interface MonitorNetwork {
  readonly account: string;
  readonly region: string;
  readonly monitor: string;
  /** `unknown` without data of the last 15 minutes. */
  readonly condition: 'healthy' | 'degraded' | 'unknown';
  /** Start of the condition, or end of the newest data if it is unknown (RFC 3339); null without data. */
  readonly since: string | null;
}

export interface Health {
  targets(): Iterable<TargetHealth>;
  /** AWS's network of all monitors whose health is read. */
  networks(): Iterable<MonitorNetwork>;
  /** Why the process does not work; undefined if it does. */
  unhealthy(): string | undefined;
  /** Number of watched queries that readiness waits for; 0: ready. */
  waiting(): number;
  /** Whether this member must read the shared storage before it is ready. Always false without replicas. */
  isJoining?(): boolean;
}

/** The group of replicas as one member sees it, as the API returns it. */
export interface ReplicasView {
  readonly group: string;
  /** The member that responds. */
  readonly id: string;
  readonly leader: { readonly id: string; readonly epoch: number; readonly url: string | null } | null;
  /** The shared storage. */
  readonly engine: { readonly kind: string; readonly description: string; readonly up: boolean };
  readonly members: readonly {
    readonly id: string;
    readonly url: string | null;
    readonly version: string;
    readonly sameConfig: boolean;
    readonly heartbeatAgeSeconds: number;
  }[];
}

export interface ServedReplicas {
  view(): ReplicasView;
  /** The leader, if this member is a standby. */
  standby(): { readonly leaderId: string | undefined; readonly leaderUrl: string | undefined } | undefined;
}

/** Operations that change the exporter; undefined: disabled. */
export interface Changes {
  /** Reloads the configuration, reading it after the call. */
  readonly reload: (() => Promise<ReloadOutcome>) | undefined;
  readonly registrations: Registrations | undefined;
}
