/** How many of a query's series may be exported, by the query's name. */
type Allowances = ReadonlyMap<string, number>;

/** A query's series: how many it has, and how many of them may be exported as of the last settlement. */
interface CappedQuery {
  wanted: number;
  allowance: number;
}

/**
 * Shares `contributors.maxSeries` among the queries. Each may have its share, an equal one for all of them; the room that
 * some leave unused goes to the others in the order of their names (of code units). Who may have how many depends only on
 * who has how many, not on what came before.
 *
 * Changes are recorded at once and take effect with {@link SeriesCap.settle}: beyond the limit one change can concern
 * every query, so that thousands of changes are shared out once.
 */
export class SeriesCap {
  #limit: number;
  readonly #queries = new Map<string, CappedQuery>();
  /** Of `#queries`, in order; undefined after a query was added or removed. */
  #names: readonly string[] | undefined;
  /** Queries whose number of series was set since the last settlement. */
  readonly #touched = new Set<string>();
  /** Whether the last settlement gave each query all that it wants. */
  #wasEnough = true;
  #isSettled = true;
  #wanted = 0;
  #exported = 0;

  /** @param limit number of series of all queries together */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Replaces the number of series of all queries together. */
  setLimit(limit: number): void {
    this.#limit = limit;
    this.#isSettled = false;
  }

  /** Series of all queries that may be exported, as of the last settlement, without those of queries removed since. */
  get exported(): number {
    return this.#exported;
  }

  /**
   * How many of a query's series may be exported, as of the last settlement: the first, which are the worst. 0 for a query
   * that is not known.
   */
  allowance(query: string): number {
    return this.#queries.get(query)?.allowance ?? 0;
  }

  /** A query has `count` series now. One with none has its share too, so that it is there when it gets some. */
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

  /** Removes a query, and its share with it. */
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

  /**
   * Applies what has changed since the last settlement. Returns the allowances that are other than before, and those of
   * queries whose number of series was set, be they changed or not.
   */
  settle(): Allowances {
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

  /** Shares out everything again. */
  #share(changed: Map<string, number>): void {
    const share = Math.floor(this.#limit / this.#queries.size);
    let room = this.#limit;
    for (const { wanted } of this.#queries.values()) {
      room -= Math.min(wanted, share);
    }
    this.#names ??= [...this.#queries.keys()].sort();
    for (const name of this.#names) {
      const wanted = this.#queries.get(name)?.wanted ?? 0;
      const extra = Math.min(Math.max(0, wanted - share), room);
      room -= extra;
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
