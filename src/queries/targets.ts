import type { Config } from '../config/config.ts';
import type { WatchedQuery } from './query.ts';

/** One account in one region, with what the registered queries ask of it. */
export interface TargetLoad {
  readonly account: string;
  readonly region: string;
  /** Number of queries. */
  readonly queries: number;
  /** Requests a second that polling them all on time takes, were none of them terminal and no attempt repeated. */
  readonly planned: number;
  /** The target's budget, in requests a second. */
  readonly limit: number;
}

/** The targets that queries use, in the order of their first query. */
export function sumUpTargets(config: Config, queries: readonly WatchedQuery[]): readonly TargetLoad[] {
  const limits = new Map(config.accounts.map((account) => [account.name, account.requestsPerSecond]));
  const loads = new Map<string, TargetLoad>();
  for (const { account, region, interval } of queries) {
    // A region's name holds no space.
    const key = `${region} ${account}`;
    const load = loads.get(key) ?? { account, region, queries: 0, planned: 0, limit: limits.get(account) ?? 0 };
    loads.set(key, { ...load, queries: load.queries + 1, planned: load.planned + 1000 / interval });
  }
  return [...loads.values()];
}

/** Requests a second, rounded up to what is worth reading, so that the figure is always enough. */
export function formatRate(rate: number): string {
  const digits = 10 ** Math.max(0, 2 - Math.floor(Math.log10(rate)));
  return String(Math.ceil(rate * digits * (1 - 1e-12)) / digits);
}
