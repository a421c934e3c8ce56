import { inSlices } from '../lib/concurrency.ts';
import type { Candidate, RegisteredQuery } from '../model/query.ts';
import { HTTP_SOURCE, isEqual, originsOf, type SourceQueries, type Sources } from './sources.ts';

type Index = ReadonlyMap<string, RegisteredQuery>;

/** The names whose queries are other than in the queries that a source had before. */
interface Changes {
  readonly before: SourceQueries;
  readonly names: ReadonlySet<string>;
}

const NOTHING: SourceQueries = { queries: [], followers: [] };

/**
 * The queries of sources by name, and what has changed from one reading of a source to the next. Both take time in
 * proportion to the source when they are first needed, unless they were prepared.
 */
export class SourceIndexes {
  readonly #indexes = new WeakMap<SourceQueries, Index>();
  readonly #changes = new WeakMap<SourceQueries, Changes>();

  /** Does, in slices that do not hold up the event loop, what takes long when a source is another than before. */
  async prepare(before: SourceQueries | undefined, after: SourceQueries): Promise<void> {
    await this.#index(after);
    if (before !== undefined && before !== after) {
      await this.#index(before);
      const names = new Set<string>();
      await inSlices(this.#changedNames(before, after), (name) => {
        addIfAny(names, name);
      });
      this.#changes.set(after, { before, names });
    }
  }

  /** The names whose queries are other, or not there, in one of two readings of a source; undefined: the source has nothing. */
  changedNames(before: SourceQueries = NOTHING, after: SourceQueries = NOTHING): ReadonlySet<string> {
    if (before === after) {
      return new Set();
    }
    const prepared = this.#changes.get(after);
    if (prepared?.before === before) {
      return prepared.names;
    }
    const names = new Set<string>();
    for (const name of this.#changedNames(before, after)) {
      addIfAny(names, name);
    }
    return names;
  }

  /** What sources have under some names, for each name in the order in which they go before each other. */
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

  /** Yields for each query that is compared: undefined if it has not changed. */
  *#changedNames(before: SourceQueries, after: SourceQueries): Generator<string | undefined> {
    const old = this.#indexOf(before);
    const now = this.#indexOf(after);
    for (const query of after.queries) {
      const other = old.get(query.name);
      yield other !== undefined && isEqual(other, query) ? undefined : query.name;
    }
    for (const { name } of before.queries) {
      yield now.has(name) ? undefined : name;
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

function addIfAny(names: Set<string>, name: string | undefined): void {
  if (name !== undefined) {
    names.add(name);
  }
}
