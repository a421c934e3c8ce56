import { mapInTurns } from '../../lib/concurrency.ts';
import type { QueryView } from '../../registry/query-view.ts';
import { CONDITIONS, type Condition, conditionOf } from './page-parts.ts';
import type { PageRequest } from './page-request.ts';
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
  /** In the order in which they are shown: see `inOrder`. */
  readonly shown: readonly RatedQuery[];
}

/** Selects what a page shows. */
export async function selectPage(
  queries: Iterable<QueryView>,
  { search, status, page }: PageRequest,
): Promise<PageSelection> {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const rated = await mapInTurns(queries, (query) => {
    const condition = conditionOf(query);
    return { query, condition, fits: (status === '' || condition.text === status) && hasAll(query, words) };
  });
  const fitting = await inOrder(rated.filter(({ fits }) => fits));
  const pages = Math.max(1, Math.ceil(fitting.length / PAGE_SIZE));
  const actual = Math.min(page, pages);
  return {
    counts: countConditions(rated),
    total: rated.length,
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
  const { name, type, account, region, queryId, labels, lastError, metricName, destinationCategory } = query;
  const text = [
    name,
    type,
    account,
    region,
    subjectOf(query),
    queryId ?? '',
    lastError?.error ?? '',
    metricName ?? '',
    destinationCategory ?? '',
    ...Object.entries(labels).map(([label, value]) => `${label}=${value}`),
  ]
    .join('\n')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

/**
 * By account, region, subject and name, so that queries stay where they are while their statuses change; but what needs
 * a person goes first: of accounts, regions, subjects and queries those with the worst condition.
 */
async function inOrder(rated: readonly RatedQuery[]): Promise<RatedQuery[]> {
  const worst = new Map<string, number>();
  for (const entry of rated) {
    const rank = rankOf(entry);
    if (rank < CALM) {
      for (const group of groupsOf(entry)) {
        worst.set(group, Math.min(rank, worst.get(group) ?? rank));
      }
    }
  }
  // One text for each to compare by: 10,000 entries are compared more than 100,000 times.
  const keyed = await mapInTurns(rated, (entry) => {
    const [account, region, subject] = groupsOf(entry).map((group) => `${worst.get(group) ?? CALM}${group}`);
    return { entry, key: [account, region, subject, rankOf(entry), entry.query.name].join(SEPARATOR) };
  });
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ entry }) => entry);
}

/** Goes before all that names consist of, so that a name goes before those that it begins. */
const SEPARATOR = '\0';

/** What tells the account, the region and the subject of a query from others. */
function groupsOf({ query }: RatedQuery): readonly [account: string, region: string, subject: string] {
  const region = query.account + SEPARATOR + query.region;
  return [query.account, region, region + SEPARATOR + subjectOf(query)];
}

/** Conditions from here on need nobody, and are no reason to move a query. */
const CALM = CONDITIONS.findIndex(({ tone }) => tone !== 'bad' && tone !== 'warn');

function rankOf({ condition }: RatedQuery): number {
  return Math.min(CONDITIONS.indexOf(condition), CALM);
}
