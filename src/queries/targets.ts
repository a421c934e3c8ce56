import type { Config } from '../config/config.ts';
import type { RegisteredQuery } from '../model/query.ts';
import type { SourceQueries } from './sources.ts';

/** One account in one region, with what the registered queries ask of it. */
export interface TargetLoad {
  readonly account: string;
  readonly region: string;
  /** Number of queries. */
  readonly queries: number;
  /** Requests a second that all of them take on time, were no watched one terminal and no attempt repeated. */
  readonly planned: number;
  /** The target's budget, in requests a second. */
  readonly limit: number;
  /** Runs in flight at the service, on average. */
  readonly runs: number;
  /** How many runs may be. */
  readonly maxConcurrentRuns: number;
}

/**
 * Requests that a run takes, as an estimate: a start, five for the status, as often as a run of {@link RUN_SECONDS} is
 * asked at growing intervals, and two pages of results.
 */
const REQUESTS_PER_RUN = 8;

/** How long a run takes at the service, as an estimate: queries were seen to end within seconds to tens of seconds. */
const RUN_SECONDS = 10;

/** Requests a second that a query takes on time; of a scheduled one an estimate. */
export function requestRate(query: RegisteredQuery): number {
  return query.kind === 'watched' ? 1000 / query.interval : runRate(query) * REQUESTS_PER_RUN;
}

/** Runs a second. */
function runRate(query: RegisteredQuery): number {
  return query.kind === 'watched' ? 0 : 1000 / query.schedule.every;
}

/**
 * The targets that queries use, in the order of their first query, then those that only selectors use: how many queries
 * these make cannot be told before monitors and scopes are listed.
 */
export function sumUpTargets(config: Config, { queries, followers }: SourceQueries): readonly TargetLoad[] {
  const accounts = new Map(config.accounts.map((account) => [account.name, account]));
  const loads = new Map<string, { -readonly [Key in keyof TargetLoad]: TargetLoad[Key] }>();
  const loadOf = ({ account, region }: Pick<TargetLoad, 'account' | 'region'>) => {
    // A region's name holds no space.
    const key = `${region} ${account}`;
    const { requestsPerSecond: limit = 0, maxConcurrentRuns = 0 } = accounts.get(account) ?? {};
    const load = loads.get(key) ?? { account, region, queries: 0, planned: 0, limit, runs: 0, maxConcurrentRuns };
    loads.set(key, load);
    return load;
  };
  for (const query of queries) {
    const load = loadOf(query);
    load.queries += 1;
    load.planned += requestRate(query);
    load.runs += runRate(query) * RUN_SECONDS;
  }
  for (const { place } of followers) {
    loadOf(place);
  }
  return [...loads.values()];
}

/** Contributor series that scheduled queries may have at most, each capped by itself. */
export function sumUpSeries({ contributors }: Config, queries: readonly RegisteredQuery[]): number {
  const caps = queries.map((query) =>
    query.kind === 'watched' ? 0 : Math.min(query.limit ?? Number.POSITIVE_INFINITY, contributors.maxSeriesPerQuery),
  );
  return caps.reduce((sum, cap) => sum + cap, 0);
}

/** Requests a second, or the like, rounded up to what is worth reading, so that the figure is always enough. */
export function formatRate(rate: number): string {
  if (rate === 0) {
    return '0';
  }
  const digits = 10 ** Math.max(0, 2 - Math.floor(Math.log10(rate)));
  return String(Math.ceil(rate * digits * (1 - 1e-12)) / digits);
}
