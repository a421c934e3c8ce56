import type { Config, QueryEntry } from '../config/config.ts';
import type { WatchedQuery } from './query.ts';

export interface QueryPlan {
  /** In the order of the file, each name once: of two queries of one name the first stays. */
  readonly queries: readonly WatchedQuery[];
  /** Entries that make a query whose name an earlier entry made already. */
  readonly clashes: readonly Clash[];
  /** Entries that poll the very query of the service that an earlier entry polls, under another name. */
  readonly twins: readonly Clash[];
}

/** Two entries that come into each other's way. */
export interface Clash {
  readonly earlier: QueryEntry;
  readonly later: QueryEntry;
  /** The first query of the later entry that does. */
  readonly query: WatchedQuery;
}

/** Fans the entries of a config out over accounts and regions. */
export function planQueries(config: Config): QueryPlan {
  const accounts = new Map(config.accounts.map((account) => [account.name, account]));
  const byName = new Map<string, QueryEntry>();
  const byTarget = new Map<string, QueryEntry>();
  const queries: WatchedQuery[] = [];
  const clashes = new ClashList();
  const twins = new ClashList();
  for (const entry of config.queries) {
    for (const accountName of entry.accounts) {
      const account = accounts.get(accountName);
      const regionInName = entry.regions === undefined ? (account?.regionsListed ?? false) : entry.regionsListed;
      for (const region of entry.regions ?? account?.regions ?? []) {
        const query = createQuery(entry, accountName, region, regionInName);
        const sameName = byName.get(query.name);
        if (sameName !== undefined) {
          clashes.add(sameName, entry, query);
          continue;
        }
        byName.set(query.name, entry);
        queries.push(query);
        const target = JSON.stringify([
          accountName,
          region,
          entry.type,
          query.monitorName ?? query.scopeId,
          query.queryId,
        ]);
        const sameTarget = byTarget.get(target);
        if (sameTarget === undefined) {
          byTarget.set(target, entry);
        } else {
          twins.add(sameTarget, entry, query);
        }
      }
    }
  }
  return { queries, clashes: clashes.list(), twins: twins.list() };
}

function createQuery(entry: QueryEntry, account: string, region: string, regionInName: boolean): WatchedQuery {
  const parts = [entry.name, ...(entry.accountsListed ? [account] : []), ...(regionInName ? [region] : [])];
  return Object.freeze({
    name: parts.join(':'),
    group: entry.name,
    type: entry.type,
    source: 'config',
    account,
    region,
    monitorName: entry.monitorName,
    scopeId: entry.scopeId,
    queryId: entry.queryId,
    interval: entry.interval,
    staleAfter: entry.staleAfter,
    labels: entry.labels,
  });
}

/** Pairs of entries, each pair once, however many of their queries meet. */
class ClashList {
  readonly #byPaths = new Map<string, Clash>();

  add(earlier: QueryEntry, later: QueryEntry, query: WatchedQuery): void {
    const key = `${earlier.path} ${later.path}`;
    if (!this.#byPaths.has(key)) {
      this.#byPaths.set(key, { earlier, later, query });
    }
  }

  list(): readonly Clash[] {
    return [...this.#byPaths.values()];
  }
}
