import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Candidate, RegisteredQuery } from '../../src/model/query.ts';
import { diffQueries, mergeQueries, namedCandidates, type Sources } from '../../src/queries/sources.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { watchedQuery } from '../support/watched-query.ts';

const HOUR = 3_600_000;
const NEVER = () => false;

/** Few names and values, so that queries often clash and change. */
const query: fc.Arbitrary<RegisteredQuery> = fc.oneof(
  fc
    .record({
      name: fc.constantFrom('a', 'b', 'c'),
      queryId: fc.constantFrom('1', '2'),
      account: fc.constantFrom('x', 'y'),
      interval: fc.constantFrom(30_000, 60_000),
      labels: fc.constantFrom({}, { team: 't' }),
    })
    .map(watchedQuery),
  fc
    .record({ name: fc.constantFrom('a', 'b', 'c'), limit: fc.constantFrom(1, 2), account: fc.constantFrom('x', 'y') })
    .map(scheduledQuery),
);
const queries = fc.uniqueArray(query, { selector: ({ name }) => name });
const files = fc.array(fc.tuple(fc.constantFrom('p', 'q', 'r'), queries));
const sources: fc.Arbitrary<Sources> = fc.record({ config: queries, files, http: queries }).map((each) => ({
  config: { queries: each.config, followers: [] },
  files: new Map(each.files.map(([path, ofFile]) => [path, { queries: ofFile, followers: [] }])),
  http: new Map(each.http.map((ofHttp) => [ofHttp.name, ofHttp])),
}));

function winnersOf(all: Sources): ReadonlyMap<string, Candidate> {
  return mergeQueries(namedCandidates(all), [], NEVER).winners;
}

describe('sources', () => {
  test('orders sources by precedence: config, files by path, HTTP', () => {
    fc.assert(
      fc.property(sources, (all) => {
        const { winners, losers } = mergeQueries(namedCandidates(all), [], NEVER);
        for (const name of ['a', 'b', 'c']) {
          const named = ({ queries: some }: { readonly queries: readonly RegisteredQuery[] }) =>
            some.find((each) => each.name === name);
          const [file] = [...all.files.keys()].sort().filter((path) => named(all.files.get(path) ?? all.config));
          const ofFile = file === undefined ? undefined : named(all.files.get(file) ?? all.config);
          expect(winners.get(name)?.query).toBe(named(all.config) ?? ofFile ?? all.http.get(name));
        }
        const count = [all.config, ...all.files.values()].reduce((sum, each) => sum + each.queries.length, 0);
        expect(winners.size + losers.length).toBe(count + all.http.size);
        expect(losers.every(({ loser, winner }) => winners.get(loser.query.name) === winner)).toBe(true);
        const reversed = { ...all, files: new Map([...all.files].reverse()) };
        expect([...winnersOf(reversed)]).toEqual([...winners]);
      }),
    );
  });

  test('gives sources precedence over discovered queries, and keeps registered ones of those', () => {
    const found = ['queries[0]', 'queries[1]'].map((from) => ({ query: scheduledQuery({ name: 'a' }), from }));
    const [first, second] = found;
    const named = [{ query: watchedQuery({ name: 'a' }), from: 'HTTP' }];
    expect(mergeQueries(named, found, NEVER).winners.get('a')).toBe(named[0]);
    expect(mergeQueries([], found, NEVER).winners.get('a')).toBe(first);
    const kept = mergeQueries([], found, (each) => each === second);
    expect(kept.winners.get('a')).toBe(second);
    expect(kept.losers).toEqual([{ loser: first, winner: second }]);
  });
});

describe('diffQueries', () => {
  test('returns the difference of two sets, which is empty for equal ones', () => {
    fc.assert(
      fc.property(queries, queries, fc.boolean(), (before, after, moved) => {
        const byName = (some: readonly RegisteredQuery[]) => new Map(some.map((each) => [each.name, each]));
        const isMoved = (account: string) => moved && account === 'x';
        const { removed, replaced, changed, added } = diffQueries(byName(before), byName(after), isMoved);
        const now = byName(before);
        for (const { name } of [...removed, ...replaced.map((each) => each.before)]) {
          expect(now.delete(name)).toBe(true);
        }
        for (const { before: old, after: other } of changed) {
          expect(now.get(old.name)).toBe(old);
          expect(other).toMatchObject({ kind: old.kind, name: old.name, account: old.account });
          now.set(other.name, other);
        }
        for (const each of [...replaced.map(({ after: other }) => other), ...added]) {
          expect(now.has(each.name)).toBe(false);
          now.set(each.name, each);
        }
        expect([...now.values()].sort(byNameOrder)).toEqual([...after].sort(byNameOrder));
        const copy = after.map((each) => ({ ...each }));
        expect(diffQueries(byName(after), byName(copy), NEVER)).toEqual({
          removed: [],
          replaced: [],
          changed: [],
          added: [],
        });
      }),
    );
  });

  const schedule = { every: HOUR / 4, lookback: HOUR / 4, delay: 0, timeout: 60_000 };
  const asked = scheduledQuery({ schedule });

  test.for<[what: string, query: RegisteredQuery]>([
    ['labels', { ...asked, labels: { team: 'a' } }],
    ['group', { ...asked, group: 'other' }],
    ['source', { ...asked, source: 'file' }],
    ['staleAfter', { ...asked, staleAfter: 1 }],
    ['contributorLabels', { ...asked, contributorLabels: [] }],
    ['delay', { ...asked, schedule: { ...schedule, delay: 1 } }],
    ['timeout', { ...asked, schedule: { ...schedule, timeout: 1 } }],
    ['every, and lookback with it', { ...asked, schedule: { ...schedule, every: HOUR / 2, lookback: HOUR / 2 } }],
    ['every beyond the longest lookback', { ...asked, schedule: { ...schedule, every: 2 * HOUR, lookback: HOUR } }],
  ])('reports a change of %s as changed', ([, other]) => {
    const { changed, replaced } = diffQueries(new Map([['q', asked]]), new Map([['q', other]]), NEVER);
    expect({ changed: changed.length, replaced: replaced.length }).toEqual({ changed: 1, replaced: 0 });
  });

  test.for<[what: string, query: RegisteredQuery]>([
    ['kind', watchedQuery({ monitorName: asked.monitorName })],
    ['type', { ...asked, type: 'workload-insights-top-contributors' }],
    ['account', { ...asked, account: 'other' }],
    ['region', { ...asked, region: 'us-east-1' }],
    ['monitorName', { ...asked, monitorName: 'other' }],
    ['scopeId', { ...asked, scopeId: 'other' }],
    ['metricName', { ...asked, metricName: 'TIMEOUTS' }],
    ['destinationCategory', { ...asked, destinationCategory: 'INTER_VPC' }],
    ['limit', { ...asked, limit: 7 }],
    ['lookback', { ...asked, schedule: { ...schedule, lookback: HOUR / 8 } }],
    ['every, so that windows overlap', { ...asked, schedule: { ...schedule, every: HOUR / 8 } }],
  ])('reports a change of %s as replaced', ([, other]) => {
    const { changed, replaced } = diffQueries(new Map([['q', asked]]), new Map([['q', other]]), NEVER);
    expect({ changed: changed.length, replaced: replaced.length }).toEqual({ changed: 0, replaced: 1 });
  });
});

function byNameOrder(a: RegisteredQuery, b: RegisteredQuery): number {
  return a.name < b.name ? -1 : 1;
}
