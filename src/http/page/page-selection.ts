import { mapInTurns, sortInTurns } from '../../lib/concurrency.ts';
import type { QueryView } from '../../registry/query-view.ts';
import { CONDITIONS, type Condition, conditionOf } from './page-parts.ts';
import type { PageRequest } from './page-request.ts';

/** Queries per page: few enough to render in some milliseconds, and for browsers to lay out quickly. */
export const PAGE_SIZE = 100;

export interface RatedQuery {
  readonly query: QueryView;
  readonly condition: Condition;
}

/** The part of all queries that one page of the list shows. */
export interface PageSelection {
  readonly counts: ReturnType<typeof countConditions>;
  readonly total: number;
  /** Number of queries that match search and status. */
  readonly matching: number;
  /** Number of this page: the last one if a later one was requested. */
  readonly page: number;
  readonly pages: number;
  /** Sorted: see `inOrder`. */
  readonly shown: readonly RatedQuery[];
}

export async function selectPage(
  queries: Iterable<QueryView>,
  { search, status, page }: PageRequest,
): Promise<PageSelection> {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const rated = await mapInTurns(queries, (query) => {
    const condition = conditionOf(query);
    return { query, condition, matches: (status === '' || condition.text === status) && hasAll(query, words) };
  });
  const matching = await inOrder(rated.filter(({ matches }) => matches));
  const pages = Math.max(1, Math.ceil(matching.length / PAGE_SIZE));
  const actual = Math.min(page, pages);
  return {
    counts: countConditions(rated),
    total: rated.length,
    matching: matching.length,
    page: actual,
    pages,
    shown: matching.slice((actual - 1) * PAGE_SIZE, actual * PAGE_SIZE),
  };
}

export function subjectOf({ monitorName, scopeId }: QueryView): string {
  return monitorName === undefined ? `scope ${scopeId ?? ''}` : `monitor ${monitorName}`;
}

/** Counts queries by condition, the most urgent first, without zeros. */
export function countConditions(
  rated: readonly RatedQuery[],
): readonly { readonly condition: Condition; readonly count: number }[] {
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
  const fields = [
    ...[name, type, account, region, subjectOf(query), queryId, lastError?.error, metricName, destinationCategory],
    ...Object.entries(labels).map(([label, value]) => `${label}=${value}`),
  ];
  // `join` treats undefined and null as empty.
  const text = fields.join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

/**
 * Sorts by account, region, subject, and name, so that queries keep their place while their statuses change. Urgent ones are
 * first: accounts, regions, subjects, and queries with the worst condition.
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
  // One sort key each: 10,000 entries need more than 100,000 comparisons.
  const keyed = await mapInTurns(rated, (entry) => {
    const [account, region, subject] = groupsOf(entry).map((group) => `${worst.get(group) ?? CALM}${group}`);
    return { entry, key: [account, region, subject, rankOf(entry), entry.query.name].join(SEPARATOR) };
  });
  const sorted = await sortInTurns(keyed, (a, b) => (a.key < b.key ? -1 : 1));
  return sorted.map(({ entry }) => entry);
}

/** Sorts before all characters of names, so that a name precedes those that it is a prefix of. */
const SEPARATOR = '\0';

/** Returns unique keys of the account, the region, and the subject of a query. */
function groupsOf({ query }: RatedQuery): readonly [account: string, region: string, subject: string] {
  const region = query.account + SEPARATOR + query.region;
  return [query.account, region, region + SEPARATOR + subjectOf(query)];
}

/** Conditions from this index on are not urgent, and do not move a query. */
const CALM = CONDITIONS.findIndex(({ tone }) => tone !== 'bad' && tone !== 'warn');

function rankOf({ condition }: RatedQuery): number {
  return Math.min(CONDITIONS.indexOf(condition), CALM);
}
