import { CONDITIONS, type Condition, conditionOf } from './condition.ts';
import type { PageRequest } from './page-request.ts';
import type { QueryView } from './query-view.ts';

/** Queries on one page: what a browser lays out at once, and the exporter renders in some milliseconds. */
export const PAGE_SIZE = 100;

export interface RatedQuery {
  readonly query: QueryView;
  readonly condition: Condition;
}

export interface ConditionCount {
  readonly condition: Condition;
  readonly count: number;
}

/** What one page of the list shows of all queries. */
export interface PageSelection {
  /** Of all queries. */
  readonly counts: readonly ConditionCount[];
  readonly total: number;
  /** Of those, how many fit search and status. */
  readonly fitting: number;
  /** Which page this is: the last one where a later one was asked for. */
  readonly page: number;
  readonly pages: number;
  /** In the order in which they are shown: see `compareQueries`. */
  readonly shown: readonly RatedQuery[];
}

/** Selects what a page shows. */
export function selectPage(queries: readonly QueryView[], { search, status, page }: PageRequest): PageSelection {
  const rated = queries.map((query) => ({ query, condition: conditionOf(query) }));
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fitting = rated.filter(
    ({ query, condition }) => (status === '' || condition.text === status) && hasAll(query, words),
  );
  fitting.sort(compareQueries(fitting));
  const pages = Math.max(1, Math.ceil(fitting.length / PAGE_SIZE));
  const actual = Math.min(page, pages);
  return {
    counts: countConditions(rated),
    total: queries.length,
    fitting: fitting.length,
    page: actual,
    pages,
    shown: fitting.slice((actual - 1) * PAGE_SIZE, actual * PAGE_SIZE),
  };
}

/** The monitor or scope that a query is about. */
export function subjectOf({ monitorName, scopeId }: QueryView): string {
  return monitorName === undefined ? `scope ${scopeId ?? ''}` : `monitor ${monitorName}`;
}

/** How many are in each condition, the worst first; none with 0. */
export function countConditions(rated: readonly RatedQuery[]): ConditionCount[] {
  const counts = new Map<Condition, number>();
  for (const { condition } of rated) {
    counts.set(condition, (counts.get(condition) ?? 0) + 1);
  }
  return CONDITIONS.flatMap((condition) => {
    const count = counts.get(condition);
    return count === undefined ? [] : { condition, count };
  });
}

function hasAll(query: QueryView, words: readonly string[]): boolean {
  if (words.length === 0) {
    return true;
  }
  const { name, type, account, region, queryId, labels, lastError, scheduled } = query;
  const text = [
    name,
    type,
    account,
    region,
    subjectOf(query),
    queryId ?? '',
    lastError?.error ?? '',
    scheduled?.metricName ?? '',
    scheduled?.destinationCategory ?? '',
    ...Object.entries(labels).map(([label, value]) => `${label}=${value}`),
  ]
    .join('\n')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

/**
 * By account, region, subject and name, so that queries stay where they are while their statuses change; but what needs
 * a person goes first: accounts, regions and subjects with such a query before others, and in each the worst before others.
 */
function compareQueries(rated: readonly RatedQuery[]): (a: RatedQuery, b: RatedQuery) => number {
  const troubled = new Set<string>();
  const keys = new Map<RatedQuery, readonly [account: string, region: string, subject: string]>();
  for (const entry of rated) {
    const { account, region } = entry.query;
    const inRegion = JSON.stringify([account, region]);
    const key = [JSON.stringify(account), inRegion, `${inRegion}${subjectOf(entry.query)}`] as const;
    keys.set(entry, key);
    if (rank(entry) < CALM) {
      for (const group of key) {
        troubled.add(group);
      }
    }
  }
  return (a, b) => {
    const ofA = keys.get(a) ?? [];
    const ofB = keys.get(b) ?? [];
    for (const [level, groupOfA] of ofA.entries()) {
      const groupOfB = ofB[level] ?? '';
      if (groupOfA !== groupOfB) {
        return Number(troubled.has(groupOfB)) - Number(troubled.has(groupOfA)) || (groupOfA < groupOfB ? -1 : 1);
      }
    }
    return rank(a) - rank(b) || (a.query.name < b.query.name ? -1 : 1);
  };
}

/** Conditions from here on need nobody, and are no reason to move a query. */
const CALM = CONDITIONS.findIndex(({ tone }) => tone !== 'bad' && tone !== 'warn');

function rank({ condition }: RatedQuery): number {
  return Math.min(CONDITIONS.indexOf(condition), CALM);
}
