import type { Config, QueryEntry, ScheduledEntry, WatchedEntry } from '../config/config.ts';
import { inSlices } from '../lib/concurrency.ts';
import type { RegisteredQuery, ScheduledQuery, WatchedQuery } from '../model/query.ts';
import { questionOf } from '../model/question.ts';

export interface QueryPlan {
  /** In the order of the file, with unique names: the first query of a name is kept. */
  readonly queries: readonly RegisteredQuery[];
  /** Entries with a query of the same name as a query of an earlier entry. */
  readonly clashes: readonly Clash[];
  /** Entries with the same calls as an earlier entry, under another name. */
  readonly twins: readonly Clash[];
}

export interface Clash {
  readonly earlier: QueryEntry;
  readonly later: QueryEntry;
  /** The first conflicting query of the later entry. */
  readonly query: RegisteredQuery;
  readonly nameParts: readonly string[];
}

/** Entries with the accounts that they may use. */
export type Entries = Pick<Config, 'queries' | 'accounts'>;

/** Fans out entries with named monitors or scopes. Selectors have no queries here. Yields to the event loop. */
export async function planQueries({ queries, accounts }: Entries): Promise<QueryPlan> {
  const byName = new Map<string, QueryEntry>();
  const byRequest = new Map<string, QueryEntry>();
  const planned: RegisteredQuery[] = [];
  const clashes: Clashes = new Map();
  const twins: Clashes = new Map();
  const add = (each: PlannedQuery) => {
    const { entry, query } = each;
    const sameName = byName.get(query.name);
    if (sameName !== undefined) {
      addClash(clashes, sameName, each);
      return;
    }
    byName.set(query.name, entry);
    planned.push(query);
    // Equal for polls of the same query, and for equal starts.
    const request = JSON.stringify(questionOf(query));
    const sameRequest = byRequest.get(request);
    if (sameRequest === undefined) {
      byRequest.set(request, entry);
    } else {
      addClash(twins, sameRequest, each);
    }
  };
  await inSlices(fanOut({ queries, accounts }), add);
  return { queries: planned, clashes: [...clashes.values()], twins: [...twins.values()] };
}

interface PlannedQuery<Query extends RegisteredQuery = RegisteredQuery> {
  readonly entry: QueryEntry;
  readonly query: Query;
  /** The entry's name, then the listed values. */
  readonly nameParts: readonly string[];
}

export interface EntryTarget {
  readonly account: string;
  readonly region: string;
  /** The entry's name, then the listed values. */
  readonly nameParts: readonly string[];
}

export function* targetsOf(entry: QueryEntry, { accounts }: Pick<Entries, 'accounts'>): Generator<EntryTarget> {
  for (const name of entry.accounts) {
    const account = accounts.find((each) => each.name === name);
    const regionListed = entry.regions === undefined ? (account?.regionsListed ?? false) : entry.regionsListed;
    for (const region of entry.regions ?? account?.regions ?? []) {
      const nameParts = [entry.name, ...partOf(name, entry.accountsListed), ...partOf(region, regionListed)];
      yield { account: name, region, nameParts };
    }
  }
}

function* fanOut(entries: Entries): Generator<PlannedQuery> {
  for (const entry of entries.queries) {
    for (const target of targetsOf(entry, entries)) {
      if (entry.kind === 'watched') {
        yield { entry, query: createWatchedQuery(entry, target), nameParts: target.nameParts };
      } else {
        yield* planScheduledQueries(entry, target, entry.subjects.values);
      }
    }
  }
}

function partOf(value: string, listed: boolean): readonly string[] {
  return listed ? [value] : [];
}

/** Returns the properties of both kinds of queries that depend on the entry and the target. */
function identityOf(entry: QueryEntry, { account, region, nameParts }: EntryTarget) {
  const { name: group, type, source, labels, staleAfter } = entry;
  return { name: nameParts.join(':'), group, type, source, account, region, labels, staleAfter };
}

function createWatchedQuery(entry: WatchedEntry, target: EntryTarget): WatchedQuery {
  const { kind, monitorName, scopeId, queryId, interval } = entry;
  return Object.freeze({ kind, ...identityOf(entry, target), monitorName, scopeId, queryId, interval });
}

/** Yields a scheduled query for each monitor name or scope id, with each metric and category of the entry. */
export function* planScheduledQueries(
  entry: ScheduledEntry,
  target: EntryTarget,
  subjects: readonly string[],
): Generator<PlannedQuery<ScheduledQuery>> {
  const { kind, limit, schedule, contributorLabels } = entry;
  const isOfMonitor = entry.type === 'monitor-top-contributors';
  for (const subject of subjects) {
    for (const metricName of entry.metricNames.values) {
      for (const destinationCategory of entry.destinationCategories.values) {
        const nameParts = [
          ...target.nameParts,
          ...partOf(subject, entry.subjects.listed),
          ...partOf(metricName, entry.metricNames.listed),
          ...partOf(destinationCategory, entry.destinationCategories.listed),
        ];
        const query: ScheduledQuery = Object.freeze({
          ...{ kind, ...identityOf(entry, { ...target, nameParts }) },
          monitorName: isOfMonitor ? subject : undefined,
          scopeId: isOfMonitor ? undefined : subject,
          ...{ metricName, destinationCategory, limit, schedule, contributorLabels },
        });
        yield { entry, query, nameParts };
      }
    }
  }
}

/** Clashes by the paths of both entries: each pair is reported once. */
type Clashes = Map<string, Clash>;

function addClash(clashes: Clashes, earlier: QueryEntry, { entry: later, query, nameParts }: PlannedQuery): void {
  const key = `${earlier.path} ${later.path}`;
  if (!clashes.has(key)) {
    clashes.set(key, { earlier, later, query, nameParts });
  }
}
