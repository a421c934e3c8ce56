import type { Config } from '../config/config.ts';
import type { RegisteredQuery, ScheduledQuery } from '../model/query.ts';
import type { SourceQueries } from './sources.ts';

/** A target with the load of its registered queries. */
export interface TargetLoad {
  readonly account: string;
  readonly region: string;
  readonly queries: number;
  /** Requests per second for all queries on time, if no watched query is terminal and no attempt is repeated. */
  readonly planned: number;
  /** The request budget, per second. */
  readonly limit: number;
  /** Average number of concurrent runs. */
  readonly runs: number;
  readonly maxConcurrentRuns: number;
}

/**
 * Estimated requests of a run: a start, five polls in {@link RUN_SECONDS} with exponential backoff, and two pages of
 * results.
 */
const REQUESTS_PER_RUN = 8;

/** Estimated duration of a run. Observed runs took from a few seconds to tens of seconds. */
const RUN_SECONDS = 10;

/** Returns the requests per second for a query on time, estimated for a scheduled one. */
export function requestRate(query: RegisteredQuery): number {
  return query.kind === 'watched' ? 1000 / query.interval : runRate(query) * REQUESTS_PER_RUN;
}

function runRate(query: RegisteredQuery): number {
  return query.kind === 'watched' ? 0 : 1000 / query.schedule.every;
}

/**
 * Returns the targets of queries in the order of the first query of each, then those of selectors only. The number of their
 * queries is unknown until monitors and scopes are listed.
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
  for (const { target } of followers) {
    loadOf(target);
  }
  return [...loads.values()];
}

/** Returns the most contributor series that scheduled queries can have, with the limit of each query applied. */
export function sumUpSeries({ contributors }: Config, queries: readonly RegisteredQuery[]): number {
  const capOf = ({ limit = Number.POSITIVE_INFINITY }: ScheduledQuery) =>
    Math.min(limit, contributors.maxSeriesPerQuery);
  return queries.reduce((sum, query) => sum + (query.kind === 'watched' ? 0 : capOf(query)), 0);
}

/** Formats a rate, rounded up to about three digits, so that it is always sufficient as a limit. */
export function formatRate(rate: number): string {
  const digits = rate === 0 ? 1 : 10 ** Math.max(0, 2 - Math.floor(Math.log10(rate)));
  return String(Math.ceil(rate * digits * (1 - 1e-12)) / digits);
}
