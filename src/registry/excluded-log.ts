import { groupBy } from '../lib/group-by.ts';
import type { Logger } from '../lib/log.ts';
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
    for (const [name, group] of groupBy(losers, ({ loser }) => loser.query.name)) {
      this.#losers.set(name, group);
    }
    const current = [...this.#losers.values()].flat();
    const before = this.#logged;
    this.#logged = new Set(current.map(keyOf));
    for (const group of groupBy(current, originOf).values()) {
      if (group.some((each) => !before.has(keyOf(each)))) {
        const [{ loser, winner }] = group;
        const { account, region: aws_region, name: query } = loser.query;
        const fields = { account, aws_region, query, entry: loser.from, holder: winner.from, queries: group.length };
        this.#log.warn('queries with taken names excluded', fields);
      }
    }
  }
}

function originOf({ loser: { query } }: Loser): string {
  return [query.source, query.account, query.region].join(' ');
}

function keyOf(each: Loser): string {
  return [originOf(each), each.loser.from, each.loser.query.name].join(' ');
}
