/** A query's number of series, and how many of them may be exported as of the last settlement. */
interface LimitedQuery {
  wanted: number;
  allowance: number;
}

/**
 * Divides `contributors.maxSeries` among the queries. All queries have equal shares. Unused series of a share are given to the
 * other queries in the order of their names (by code units). Over the limit, one change can affect every query, so thousands
 * of changes are settled together.
 */
export class SeriesLimit {
  #limit: number;
  readonly #queries = new Map<string, LimitedQuery>();
  /** Sorted names of `#queries`. Undefined after a query was added or removed. */
  #names: readonly string[] | undefined;
  /** Queries whose number of series was set since the last settlement. */
  readonly #touched = new Set<string>();
  /** Whether all series were within the limit at the last settlement. */
  #wasEnough = true;
  #isSettled = true;
  #wanted = 0;
  #exported = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  setLimit(limit: number): void {
    this.#limit = limit;
    this.#isSettled = false;
  }

  /** Exported series of all queries as of the last settlement, without queries that were removed since then. */
  get exported(): number {
    return this.#exported;
  }

  /** Returns how many of a query's series may be exported as of the last settlement. 0 for an unknown query. */
  allowance(query: string): number {
    return this.#queries.get(query)?.allowance ?? 0;
  }

  /** Sets the number of a query's series. A query without series has a share, too. */
  set(query: string, count: number): void {
    let capped = this.#queries.get(query);
    if (capped === undefined) {
      capped = { wanted: 0, allowance: 0 };
      this.#queries.set(query, capped);
      this.#names = undefined;
    }
    this.#touched.add(query);
    this.#wanted += count - capped.wanted;
    capped.wanted = count;
    this.#isSettled = false;
  }

  remove(query: string): void {
    const capped = this.#queries.get(query);
    if (capped !== undefined) {
      this.#queries.delete(query);
      this.#names = undefined;
      this.#exported -= capped.allowance;
      this.#touched.delete(query);
      this.#wanted -= capped.wanted;
      this.#isSettled = false;
    }
  }

  /** Applies all changes. Returns the changed allowances, and those of queries whose number of series was set. */
  settle(): ReadonlyMap<string, number> {
    const changed = new Map<string, number>();
    if (!this.#isSettled) {
      const isEnough = this.#wanted <= this.#limit;
      if (!isEnough || !this.#wasEnough) {
        this.#share(changed);
      }
      for (const query of this.#touched) {
        if (isEnough) {
          this.#allow(query, this.#queries.get(query)?.wanted ?? 0, changed);
        }
        changed.set(query, this.allowance(query));
      }
      this.#touched.clear();
      this.#wasEnough = isEnough;
      this.#isSettled = true;
    }
    return changed;
  }

  #share(changed: Map<string, number>): void {
    const share = Math.floor(this.#limit / this.#queries.size);
    let unused = this.#limit;
    for (const { wanted } of this.#queries.values()) {
      unused -= Math.min(wanted, share);
    }
    this.#names ??= [...this.#queries.keys()].sort();
    for (const name of this.#names) {
      const wanted = this.#queries.get(name)?.wanted ?? 0;
      const extra = Math.min(Math.max(0, wanted - share), unused);
      unused -= extra;
      this.#allow(name, Math.min(wanted, share) + extra, changed);
    }
  }

  #allow(query: string, allowance: number, changed: Map<string, number>): void {
    const capped = this.#queries.get(query);
    if (capped !== undefined && capped.allowance !== allowance) {
      this.#exported += allowance - capped.allowance;
      capped.allowance = allowance;
      changed.set(query, allowance);
    }
  }
}
