/** How many of a query's series may be exported, by the query's name. */
type Allowances = ReadonlyMap<string, number>;

/**
 * Shares `contributors.maxSeries` among the queries. Each may have its share, an equal one for all of them; the room that
 * some leave unused goes to the others in the order of their names (of code units). Who may have how many depends only on
 * who has how many, not on what came before.
 */
export class SeriesCap {
  #limit: number;
  readonly #counts = new Map<string, number>();
  readonly #allowances = new Map<string, number>();
  /** Of `#counts`, in order; undefined after one came or left. */
  #names: readonly string[] | undefined;
  #wanted = 0;
  #exported = 0;

  /** `limit` is the number of series of all queries together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Other than before, `limit` is the number of series of all queries together. Returns the allowances that have changed. */
  setLimit(limit: number): Allowances {
    this.#limit = limit;
    return this.#share();
  }

  /** Series of all queries that may be exported. */
  get exported(): number {
    return this.#exported;
  }

  /** How many of a query's series may be exported: the first, which are the worst. 0 for a query that is not known. */
  allowance(query: string): number {
    return this.#allowances.get(query) ?? 0;
  }

  /**
   * A query has `count` series now. One with none has its share too, so that it is there when it gets some. Returns the
   * allowance of this query, be it changed or not, and those of others that have changed.
   */
  set(query: string, count: number): Allowances {
    const before = this.#counts.get(query);
    if (before === count) {
      return new Map([[query, this.allowance(query)]]);
    }
    if (before === undefined) {
      this.#names = undefined;
    }
    this.#counts.set(query, count);
    return this.#wantedBy(count - (before ?? 0), query, count).set(query, this.allowance(query));
  }

  /** A query has left, and its share with it. Returns the allowances of other queries that have changed. */
  remove(query: string): Allowances {
    const before = this.#counts.get(query);
    if (before === undefined) {
      return new Map();
    }
    this.#counts.delete(query);
    this.#names = undefined;
    this.#exported -= this.allowance(query);
    this.#allowances.delete(query);
    return this.#wantedBy(-before, query, undefined);
  }

  #wantedBy(difference: number, query: string, count: number | undefined): Map<string, number> {
    const wasEnough = this.#wanted <= this.#limit;
    this.#wanted += difference;
    if (wasEnough && this.#wanted <= this.#limit) {
      // Each has all it wants, before and after: nobody else is concerned.
      const changed = new Map<string, number>();
      if (count !== undefined) {
        this.#allow(query, count, changed);
      }
      return changed;
    }
    return this.#share();
  }

  /** Shares all there is anew. */
  #share(): Map<string, number> {
    const changed = new Map<string, number>();
    const share = Math.floor(this.#limit / this.#counts.size);
    let room = this.#limit;
    for (const wanted of this.#counts.values()) {
      room -= Math.min(wanted, share);
    }
    this.#names ??= [...this.#counts.keys()].sort();
    for (const name of this.#names) {
      const wanted = this.#counts.get(name) ?? 0;
      const extra = Math.min(Math.max(0, wanted - share), room);
      room -= extra;
      this.#allow(name, Math.min(wanted, share) + extra, changed);
    }
    return changed;
  }

  #allow(query: string, allowance: number, changed: Map<string, number>): void {
    const before = this.#allowances.get(query);
    if (before !== allowance) {
      this.#allowances.set(query, allowance);
      this.#exported += allowance - (before ?? 0);
      changed.set(query, allowance);
    }
  }
}
