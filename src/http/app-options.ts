import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { QueryView } from '../registry/query-view.ts';
import type { Registrations } from '../registry/registration.ts';
import type { StatusChangeListener } from '../state/status-changes.ts';
import type { ReloadOutcome } from './api/probes.ts';
import type { Scrape } from './scrape/metrics-endpoint.ts';
import type { Access } from './security/access.ts';
/**
 * What HTTP shows of the exporter, and where, and what it may change. Functions are called on each request; but for
 * those that change something they answer at once.
 */
export interface AppOptions {
  /** The exporter's version, as pages show it. */
  readonly version: string;
  /** Where the metrics are, below the prefix: begins with `/`, and is the path of no other endpoint but `/`. */
  readonly telemetryPath: string;
  /** What all paths begin with: empty, or `/` and something, without a slash at the end. */
  readonly routePrefix: string;
  /** Where users reach the exporter, without a slash at the end; `undefined`: wherever they came in. */
  readonly externalUrl: string | undefined;
  /** All registered queries, in the order the API lists them. */
  readonly queries: () => Iterable<QueryView>;
  readonly query: (name: string) => QueryView | undefined;
  /** JSON of the last results of a query; `undefined` where none are known. */
  readonly contributors: (name: string) => Promise<string> | undefined;
  /** Calls back with changes of status from now on, until the function that it returns is called. */
  readonly subscribe: (listener: StatusChangeListener) => () => void;
  readonly scrape: Scrape;
  /** Why the process does not work; `undefined` while it does. */
  readonly unhealthy: () => string | undefined;
  /** How many watched queries readiness waits for; 0: ready. */
  readonly waiting: () => number;
  readonly shuttingDown: () => boolean;
  /** What holds for a request that came just now; undefined: everybody may have everything. */
  readonly access?: (() => Promise<Access>) | undefined;
  /** Aborted when shutdown begins: answers that have no end of their own end then. */
  readonly ending: AbortSignal;
  /** Reads the configuration anew, beginning after the call; undefined: not to be asked for over HTTP. */
  readonly reload: (() => Promise<ReloadOutcome>) | undefined;
  /** The admin API; undefined: not enabled. */
  readonly registrations: Registrations | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}
