import { isDeepStrictEqual } from 'node:util';
import { groupBy } from '../lib/group-by.ts';
import type { Candidate, RegisteredQuery } from '../model/query.ts';
import { isSameQuestion, questionOf } from '../model/question.ts';
import type { IsOwnTarget } from '../model/shard.ts';
import type { Follower } from './following.ts';

/** The queries of the config file, or of a discovery file. */
export interface SourceQueries {
  /** With unique names. */
  readonly queries: readonly RegisteredQuery[];
  readonly followers: readonly Follower[];
}

/** Returns the queries and followers of the targets that a shard has. */
export function ownOf({ queries, followers }: SourceQueries, isOwn: IsOwnTarget): SourceQueries {
  return { queries: queries.filter(isOwn), followers: followers.filter(({ target }) => isOwn(target)) };
}

/** All sources of queries, except those that followers discover. */
export interface Sources {
  readonly config: SourceQueries;
  /** By path. */
  readonly files: ReadonlyMap<string, SourceQueries>;
  /** By name. */
  readonly http: ReadonlyMap<string, RegisteredQuery>;
}

export interface MergedQueries {
  /** By name. */
  readonly winners: ReadonlyMap<string, Candidate>;
  /** Omitted candidates with the winner of their name, in the order of the candidates. */
  readonly losers: readonly { readonly loser: Candidate; readonly winner: Candidate }[];
}

/** Source of a query that is registered over HTTP, for messages. */
export const HTTP_SOURCE = 'HTTP';

/** Yields the queries of sources in order of precedence: config, files in the order of paths, HTTP. */
export function* namedCandidates(sources: Sources): Generator<Candidate> {
  for (const { source, from } of originsOf(sources)) {
    for (const query of source.queries) {
      yield { query, from };
    }
  }
  for (const query of sources.http.values()) {
    yield { query, from: HTTP_SOURCE };
  }
}

/** Returns the config file and the discovery files in order of precedence, with names for messages. */
export function originsOf({ config, files }: Omit<Sources, 'http'>): { source: SourceQueries; from: string }[] {
  const inPathOrder = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return [{ source: config, from: 'the config file' }, ...inPathOrder.map(([from, source]) => ({ source, from }))];
}

/** Returns the followers of all sources in order of precedence. */
export function followersOfSources(sources: Sources): readonly Follower[] {
  return originsOf(sources).flatMap(({ source }) => source.followers);
}

/**
 * Selects one query for each name: the first of a source, otherwise a discovered one. A discovered query that is
 * registered has precedence over other discovered ones.
 * @param isRegistered returns true if the candidate is registered under its name
 */
export function mergeQueries(
  named: Iterable<Candidate>,
  found: readonly Candidate[],
  isRegistered: (candidate: Candidate) => boolean,
): MergedQueries {
  const winners = new Map<string, Candidate>();
  const candidates = [...named, ...found.filter(isRegistered), ...found];
  const losers = new Map<Candidate, Candidate>();
  for (const candidate of candidates) {
    const winner = winners.get(candidate.query.name);
    if (winner === undefined) {
      winners.set(candidate.query.name, candidate);
    } else if (winner !== candidate) {
      losers.set(candidate, winner);
    }
  }
  return { winners, losers: Array.from(losers, ([loser, winner]) => ({ loser, winner })) };
}

/** Returns the names of candidates that differ between two lists. */
export function changedCandidates(before: readonly Candidate[], after: readonly Candidate[]): ReadonlySet<string> {
  if (areSameCandidates(before, after)) {
    return new Set();
  }
  const byName = (candidates: readonly Candidate[]) => groupBy(candidates, ({ query }) => query.name);
  const [old, now] = [byName(before), byName(after)];
  return new Set([...old.keys(), ...now.keys()].filter((name) => !areSameCandidates(old.get(name), now.get(name))));
}

function areSameCandidates(a: readonly Candidate[] = [], b: readonly Candidate[] = []): boolean {
  const isSame = (each: Candidate, other?: Candidate) => each.from === other?.from && isEqual(each.query, other.query);
  return a.length === b.length && a.every((each, n) => isSame(each, b[n]));
}

/** Changes from one set of queries to another. Unchanged queries are in none of the lists. */
export interface QueryDiff {
  readonly removed: readonly RegisteredQuery[];
  /** Queries with other calls or another target: new queries under an existing name. */
  readonly replaced: readonly QueryChange[];
  /** Queries with the same calls: their counters and state are kept. */
  readonly changed: readonly QueryChange[];
  readonly added: readonly RegisteredQuery[];
}

export interface QueryChange {
  readonly before: RegisteredQuery;
  readonly after: RegisteredQuery;
}

/** @param isMoved returns true if an account name now refers to a different account */
export function diffQueries(
  before: ReadonlyMap<string, RegisteredQuery>,
  after: ReadonlyMap<string, RegisteredQuery>,
  isMoved: (account: string) => boolean,
): QueryDiff {
  const replaced: QueryChange[] = [];
  const changed: QueryChange[] = [];
  const added: RegisteredQuery[] = [];
  for (const [name, query] of after) {
    const old = before.get(name);
    if (old === undefined) {
      added.push(query);
    } else if (isMoved(query.account)) {
      replaced.push({ before: old, after: query });
    } else if (!isEqual(old, query)) {
      (isSameQuestion(questionOf(old), questionOf(query)) ? changed : replaced).push({ before: old, after: query });
    }
  }
  return { removed: [...before.values()].filter(({ name }) => !after.has(name)), replaced, changed, added };
}

export function isEqual(a: RegisteredQuery, b: RegisteredQuery): boolean {
  return a === b || (a.kind === b.kind && haveSameValues(a, b));
}

/** Returns true if two objects with the same keys are equal. Quick, because most values are primitive. */
function haveSameValues<T extends object>(a: T, b: T): boolean {
  for (const key in a) {
    const value = a[key];
    if (value !== b[key] && (typeof value !== 'object' || !isDeepStrictEqual(value, b[key]))) {
      return false;
    }
  }
  return true;
}
