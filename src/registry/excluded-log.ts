import type { LogFields, Logger } from '../lib/log.ts';
import type { MergedQueries } from '../queries/sources.ts';

type Loser = MergedQueries['losers'][number];

/**
 * Logs queries that cannot be registered because other queries have their names. Unlike a lasting
 * condition, this is an effect of a change of the sources: it is logged once, without reminders or an end.
 */
export class ExcludedLog {
  readonly #log: Logger;
  /** Excluded queries, by name. */
  readonly #losers = new Map<string, readonly Loser[]>();
  /** Queries that were excluded last, by source, target, and name. */
  #logged: ReadonlySet<string> = new Set();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Sets the excluded queries of some names, or of all. Logs a line for each source and target. A query is logged again only
   * after it was registered in the meantime.
   */
  update(names: ReadonlySet<string> | undefined, losers: readonly Loser[]): void {
    for (const name of names ?? [...this.#losers.keys()]) {
      this.#losers.delete(name);
    }
    for (const each of losers) {
      const { name } = each.loser.query;
      this.#losers.set(name, [...(this.#losers.get(name) ?? []), each]);
    }
    const logged = new Set<string>();
    const fresh = new Set<string>();
    const groups = new Map<string, { readonly fields: LogFields; queries: number }>();
    for (const { loser, winner } of [...this.#losers.values()].flat()) {
      const { query, from } = loser;
      const { account, region, name, source } = query;
      const origin = [source, account, region].join(' ');
      const key = [origin, from, name].join(' ');
      logged.add(key);
      const group = groups.get(origin);
      if (!this.#logged.has(key)) {
        fresh.add(origin);
      }
      if (group === undefined) {
        const fields = { account, aws_region: region, query: name, entry: from, holder: winner.from };
        groups.set(origin, { fields, queries: 1 });
      } else {
        group.queries += 1;
      }
    }
    this.#logged = logged;
    for (const [origin, { fields, queries }] of groups) {
      if (fresh.has(origin)) {
        this.#log.warn('queries with taken names excluded', { ...fields, queries });
      }
    }
  }
}
