import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate, RegisteredQuery } from '../../src/model/query.ts';
import { SourceIndexes } from '../../src/queries/source-indexes.ts';
import { changedCandidates, namedCandidates, type SourceQueries } from '../../src/queries/sources.ts';
import { watchedQuery } from '../support/watched-query.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const name = fc.constantFrom(...NAMES);
const query: fc.Arbitrary<RegisteredQuery> = fc
  .record({ name, queryId: fc.constantFrom('1', '2'), labels: fc.constantFrom({}, { team: 't' }) })
  .map(watchedQuery);
const queries = fc.uniqueArray(query, { selector: (each) => each.name });
const source: fc.Arbitrary<SourceQueries> = queries.map((each) => ({ queries: each, followers: [] }));
const files = fc.dictionary(fc.constantFrom('p', 'q', 'r'), source).map((each) => new Map(Object.entries(each)));
const http = queries.map((each) => new Map(each.map((one) => [one.name, one])));

describe('SourceIndexes', () => {
  it('finds changed names with and without preparation', async () => {
    const property = fc.asyncProperty(source, source, fc.boolean(), async (before, after, isPrepared) => {
      const indexes = new SourceIndexes();
      if (isPrepared) {
        await indexes.prepare(before, after);
      }

      const expected = NAMES.filter((each) => JSON.stringify(of(before, each)) !== JSON.stringify(of(after, each)));
      expect([...indexes.changedNames(before, after)].sort()).toEqual(expected);
    });
    await fc.assert(property);
  });

  it('ignores a comparison that was prepared with another source', async () => {
    const sourceOf = (queryId: string) => ({ queries: [watchedQuery({ queryId })], followers: [] });
    const [a, b, c] = [sourceOf('1'), sourceOf('2'), sourceOf('1')];
    const indexes = new SourceIndexes();
    await indexes.prepare(a, c);

    expect(indexes.changedNames(a, c).size).toBe(0);
    expect(indexes.changedNames(b, c).size).toBe(1);
    expect(indexes.changedNames(undefined, c).size).toBe(1);
    expect(indexes.changedNames(c, undefined).size).toBe(1);
  });

  it('yields candidates in the order of precedence of their sources', () => {
    const property = fc.property(source, files, http, fc.uniqueArray(name), (config, ofFiles, ofHttp, names) => {
      const sources = { config, files: ofFiles, http: ofHttp };

      const found = [...new SourceIndexes().candidates(sources, new Set(names))];

      expect(found).toEqual(names.flatMap((each) => [...namedCandidates(sources)].filter(isNamed(each))));
    });
    fc.assert(property);
  });
});

describe('changedCandidates', () => {
  const candidates = fc.array(fc.record({ query, from: fc.constantFrom('queries[0]', 'queries[1]') }));

  it('returns the names with any difference', () => {
    const property = fc.property(candidates, candidates, (before, after) => {
      const under = (all: readonly Candidate[], each: string) => JSON.stringify(all.filter(isNamed(each)));

      const expected = NAMES.filter((each) => under(before, each) !== under(after, each));

      expect([...changedCandidates(before, after)].sort()).toEqual(expected);
      expect(changedCandidates(after, structuredClone(after)).size).toBe(0);
    });
    fc.assert(property);
  });
});

function of(source: SourceQueries, named: string): RegisteredQuery | undefined {
  return source.queries.find((each) => each.name === named);
}

function isNamed(named: string): (candidate: Candidate) => boolean {
  return (candidate) => candidate.query.name === named;
}
