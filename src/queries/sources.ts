import { isDeepStrictEqual } from 'node:util';
import { groupBy } from '../lib/group-by.ts';
import type { Candidate, RegisteredQuery } from '../model/query.ts';
import { isSameQuestion, questionOf } from '../model/question.ts';
import type { Follower } from './following.ts';

/** What one place has: the config file, or a discovery file. */
export interface SourceQueries {
  /** Names unique. */
  readonly queries: readonly RegisteredQuery[];
  /** Entries whose queries come and go as monitors or scopes do. */
  readonly followers: readonly Follower[];
}

/** All places that queries are from, but for what followers find. */
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
  /** Those that are left out, each with the one that has its name, in the order of the candidates. */
  readonly losers: readonly { readonly loser: Candidate; readonly winner: Candidate }[];
}

/** What a query that is registered over HTTP is from, for messages. */
export const HTTP_SOURCE = 'HTTP';

/** The queries that sources name, those first that go before others: config, files in the order of their paths, HTTP. */
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

/** The config file and discovery files, those first that go before others, with what messages call them. */
export function originsOf({ config, files }: Pick<Sources, 'config' | 'files'>): readonly Origin[] {
  return [
    { source: config, from: 'the config file' },
    ...inPathOrder(files).map(([from, source]) => ({ source, from })),
  ];
}

interface Origin {
  readonly source: SourceQueries;
  readonly from: string;
}

/** The followers of all sources, in the same order. */
export function followersOfSources({ config, files }: Sources): readonly Follower[] {
  return [config, ...inPathOrder(files).map(([, file]) => file)].flatMap(({ followers }) => followers);
}

function inPathOrder(files: Sources['files']): readonly (readonly [string, SourceQueries])[] {
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Lets each name have one query: the first that is named, else the first that a follower has found, unless another one
 * that was found is registered already.
 *
 * @param isRegistered whether this very candidate has its name now
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

/** The names of candidates that are in one of two lists only, or are others there. */
export function changedCandidates(before: readonly Candidate[], after: readonly Candidate[]): ReadonlySet<string> {
  if (before.length === after.length && before.every((each, n) => isSameCandidate(each, after[n]))) {
    return new Set();
  }
  const byName = (candidates: readonly Candidate[]) => groupBy(candidates, ({ query }) => query.name);
  const [old, now] = [byName(before), byName(after)];
  return new Set([...old.keys(), ...now.keys()].filter((name) => !areSameCandidates(old.get(name), now.get(name))));
}

function areSameCandidates(a: readonly Candidate[] = [], b: readonly Candidate[] = []): boolean {
  return a.length === b.length && a.every((each, n) => isSameCandidate(each, b[n]));
}

function isSameCandidate(a: Candidate, b: Candidate | undefined): boolean {
  return b !== undefined && a.from === b.from && isEqual(a.query, b.query);
}

/** What it takes to have other queries registered than now. Queries of which nothing has changed are in none of these. */
export interface QueryDiff {
  readonly removed: readonly RegisteredQuery[];
  /** They ask something else, or elsewhere: new queries under the old name. */
  readonly replaced: readonly QueryChange[];
  /** They ask the same: their counters and state stay. */
  readonly changed: readonly QueryChange[];
  readonly added: readonly RegisteredQuery[];
}

export interface QueryChange {
  readonly before: RegisteredQuery;
  readonly after: RegisteredQuery;
}

/** @param isMoved whether an account of this name is another one than before */
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

/** Whether two queries are the same in all. */
export function isEqual(a: RegisteredQuery, b: RegisteredQuery): boolean {
  return a === b || (a.kind === b.kind && haveSameValues(a, b));
}

/** Whether two objects with the same keys are equal. Most values are single ones, whose comparison costs little. */
function haveSameValues<T extends object>(a: T, b: T): boolean {
  for (const key in a) {
    const value = a[key];
    if (value !== b[key] && (typeof value !== 'object' || !isDeepStrictEqual(value, b[key]))) {
      return false;
    }
  }
  return true;
}
