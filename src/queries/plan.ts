import type { Config, QueryEntry, ScheduledEntry, WatchedEntry } from '../config/config.ts';
import { inSlices } from '../lib/concurrency.ts';
import type { RegisteredQuery, ScheduledQuery, WatchedQuery } from '../model/query.ts';
import { questionOf } from '../model/question.ts';

export interface QueryPlan {
  /** In the order of the file, each name once: of two queries of one name the first stays. */
  readonly queries: readonly RegisteredQuery[];
  /** Entries that make a query whose name an earlier entry made already. */
  readonly clashes: readonly Clash[];
  /** Entries that ask the service for the very same as an earlier entry, under another name. */
  readonly twins: readonly Clash[];
}

/** Two entries that come into each other's way. */
export interface Clash {
  readonly earlier: QueryEntry;
  readonly later: QueryEntry;
  /** The first query of the later entry that does. */
  readonly query: RegisteredQuery;
  /** What its name is made of. */
  readonly nameParts: readonly string[];
}

/** Entries, and the accounts that they may be in. */
export type Entries = Pick<Config, 'queries' | 'accounts'>;

/** Fans entries out, as far as they name what they ask about: selectors find nothing here. Yields to the event loop. */
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
    // The status of the same query, or the same starts.
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

/** A query with the entry that makes it. */
interface PlannedQuery<Query extends RegisteredQuery = RegisteredQuery> {
  readonly entry: QueryEntry;
  readonly query: Query;
  /** The entry's name, then the values that are listed. */
  readonly nameParts: readonly string[];
}

/** An account and a region that an entry fans out to. */
export interface Place {
  readonly account: string;
  readonly region: string;
  /** The entry's name, then the values that are listed. */
  readonly nameParts: readonly string[];
}

/** Where an entry's queries are. */
export function* placesOf(entry: QueryEntry, { accounts }: Pick<Entries, 'accounts'>): Generator<Place> {
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
    for (const place of placesOf(entry, entries)) {
      if (entry.kind === 'watched') {
        yield { entry, query: createWatchedQuery(entry, place), nameParts: place.nameParts };
      } else {
        yield* planScheduledQueries(entry, place, entry.subjects.values);
      }
    }
  }
}

/** What a value adds to a query's name. */
function partOf(value: string, listed: boolean): readonly string[] {
  return listed ? [value] : [];
}

/** What queries of both kinds have from their entry and place. */
function identityOf({ name: group, type, source, labels }: QueryEntry, { account, region, nameParts }: Place) {
  return { name: nameParts.join(':'), group, type, source, account, region, labels };
}

function createWatchedQuery(entry: WatchedEntry, place: Place): WatchedQuery {
  return Object.freeze({
    kind: 'watched',
    ...identityOf(entry, place),
    monitorName: entry.monitorName,
    scopeId: entry.scopeId,
    queryId: entry.queryId,
    interval: entry.interval,
    staleAfter: entry.staleAfter,
  });
}

/** A scheduled query for each of some monitors' names, or scopes' ids, with each of the entry's metrics and categories. */
export function* planScheduledQueries(
  entry: ScheduledEntry,
  place: Place,
  subjects: readonly string[],
): Generator<PlannedQuery<ScheduledQuery>> {
  const isOfMonitor = entry.type === 'monitor-top-contributors';
  for (const subject of subjects) {
    for (const metricName of entry.metricNames.values) {
      for (const destinationCategory of entry.destinationCategories.values) {
        const nameParts = [
          ...place.nameParts,
          ...partOf(subject, entry.subjects.listed),
          ...partOf(metricName, entry.metricNames.listed),
          ...partOf(destinationCategory, entry.destinationCategories.listed),
        ];
        const query: ScheduledQuery = Object.freeze({
          kind: 'scheduled',
          ...identityOf(entry, { ...place, nameParts }),
          monitorName: isOfMonitor ? subject : undefined,
          scopeId: isOfMonitor ? undefined : subject,
          metricName,
          destinationCategory,
          limit: entry.limit,
          schedule: entry.schedule,
          contributorLabels: entry.contributorLabels,
          staleAfter: entry.staleAfter,
        });
        yield { entry, query, nameParts };
      }
    }
  }
}

/** Clashes by the paths of their entries: each pair once, however many of their queries meet. */
type Clashes = Map<string, Clash>;

function addClash(clashes: Clashes, earlier: QueryEntry, { entry: later, query, nameParts }: PlannedQuery): void {
  const key = `${earlier.path} ${later.path}`;
  if (!clashes.has(key)) {
    clashes.set(key, { earlier, later, query, nameParts });
  }
}
