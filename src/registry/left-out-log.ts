import type { LogFields, Logger } from '../lib/log.ts';
import type { MergedQueries } from '../queries/sources.ts';

type Loser = MergedQueries['losers'][number];

/** Tells of queries that cannot be registered, for others have their names. */
export class LeftOutLog {
  readonly #log: Logger;
  /** What is left out, by name. */
  readonly #losers = new Map<string, readonly Loser[]>();
  /** What was left out last, by where it is from and its name. */
  #told: ReadonlySet<string> = new Set();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * These are left out now under some names, or under all: a line for each place that they are from. What was told is told
   * again only after it was free.
   */
  tell(names: ReadonlySet<string> | undefined, losers: readonly Loser[]): void {
    for (const name of names ?? [...this.#losers.keys()]) {
      this.#losers.delete(name);
    }
    for (const each of losers) {
      const { name } = each.loser.query;
      this.#losers.set(name, [...(this.#losers.get(name) ?? []), each]);
    }
    this.#tellAll([...this.#losers.values()].flat());
  }

  #tellAll(losers: readonly Loser[]): void {
    const told = new Set<string>();
    const fresh = new Set<string>();
    const groups = new Map<string, { readonly fields: LogFields; queries: number }>();
    for (const { loser, winner } of losers) {
      const { query, from } = loser;
      const { account, region, name, source } = query;
      const place = [source, account, region].join(' ');
      const key = [place, from, name].join(' ');
      told.add(key);
      const group = groups.get(place);
      if (!this.#told.has(key)) {
        fresh.add(place);
      }
      if (group === undefined) {
        const fields = { account, aws_region: region, query: name, entry: from, holder: winner.from };
        groups.set(place, { fields, queries: 1 });
      } else {
        group.queries += 1;
      }
    }
    this.#told = told;
    for (const [place, { fields, queries }] of groups) {
      if (fresh.has(place)) {
        this.#log.warn('queries with taken names excluded', { ...fields, queries });
      }
    }
  }
}
