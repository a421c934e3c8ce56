import { inSlices } from '../lib/concurrency.ts';
import type { Candidate, RegisteredQuery } from '../model/query.ts';
import { HTTP_SOURCE, isEqual, originsOf, type SourceQueries, type Sources } from './sources.ts';

type Index = ReadonlyMap<string, RegisteredQuery>;

/** The names of changed queries since an earlier reading of the source. */
interface Changes {
  readonly before: SourceQueries;
  readonly names: ReadonlySet<string>;
}

const NOTHING: SourceQueries = { queries: [], followers: [] };

/**
 * Indexes the queries of sources by name, and compares two readings of a source. Unless prepared, the first use takes time in
 * proportion to the source.
 */
export class SourceIndexes {
  readonly #indexes = new WeakMap<SourceQueries, Index>();
  readonly #changes = new WeakMap<SourceQueries, Changes>();

  /** Prepares the index and the comparison of a changed source, in slices that do not block the event loop. */
  async prepare(before: SourceQueries | undefined, after: SourceQueries): Promise<void> {
    await this.#index(after);
    if (before !== undefined && before !== after) {
      await this.#index(before);
      const names = new Set<string>();
      await inSlices(this.#comparisons(before, after), ({ name, hasChanged }) => {
        if (hasChanged) {
          names.add(name);
        }
      });
      this.#changes.set(after, { before, names });
    }
  }

  /** Returns the names of queries that differ between two readings of a source. Undefined is an empty source. */
  changedNames(before: SourceQueries = NOTHING, after: SourceQueries = NOTHING): ReadonlySet<string> {
    if (before === after) {
      return new Set();
    }
    const prepared = this.#changes.get(after);
    const compare = () => [...this.#comparisons(before, after)].filter(({ hasChanged }) => hasChanged);
    return prepared?.before === before ? prepared.names : new Set(compare().map(({ name }) => name));
  }

  /** Yields the candidates for some names. For each name, they are in order of precedence. */
  *candidates(sources: Sources, names: ReadonlySet<string>): Generator<Candidate> {
    const origins = originsOf(sources).map(({ source, from }) => ({ index: this.#indexOf(source), from }));
    for (const name of names) {
      for (const { index, from } of origins) {
        const query = index.get(name);
        if (query !== undefined) {
          yield { query, from };
        }
      }
      const registered = sources.http.get(name);
      if (registered !== undefined) {
        yield { query: registered, from: HTTP_SOURCE };
      }
    }
  }

  /** Yields once for each compared query. */
  *#comparisons(before: SourceQueries, after: SourceQueries): Generator<{ name: string; hasChanged: boolean }> {
    const old = this.#indexOf(before);
    const now = this.#indexOf(after);
    for (const query of after.queries) {
      const other = old.get(query.name);
      yield { name: query.name, hasChanged: other === undefined || !isEqual(other, query) };
    }
    for (const { name } of before.queries) {
      yield { name, hasChanged: !now.has(name) };
    }
  }

  async #index(source: SourceQueries): Promise<void> {
    if (!this.#indexes.has(source)) {
      const index = new Map<string, RegisteredQuery>();
      await inSlices(source.queries, (query) => {
        index.set(query.name, query);
      });
      this.#indexes.set(source, index);
    }
  }

  #indexOf(source: SourceQueries): Index {
    const index = this.#indexes.get(source) ?? new Map(source.queries.map((query) => [query.name, query]));
    this.#indexes.set(source, index);
    return index;
  }
}
