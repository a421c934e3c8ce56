import type { RegisteredQuery } from '../model/query.ts';
import type { QuerySource } from '../model/vocabulary.ts';

/** A part of the exporter that holds something of each registered query. It implements what concerns it. */
export interface Participant {
  /** A query is registered under a free name, as an object that was never registered before. It is shown from now on. */
  add?(query: RegisteredQuery): void;
  /** Queries that were added are polled and run from now on. */
  begin?(queries: readonly RegisteredQuery[]): void;
  /** A query replaces the registered one of its name and asks the same: counters, state, and runs stay. */
  change?(query: RegisteredQuery): void;
  /** A query is removed, with every one of its series; a run of it is stopped at the service. */
  remove?(query: RegisteredQuery): void;
}

/** The queries that are registered. */
export class QueryRegistry {
  readonly #participants: readonly Participant[];
  readonly #reversed: readonly Participant[];
  readonly #queries = new Map<string, RegisteredQuery>();

  /** `participants` in the order in which they are called for `add`, `begin`, and `change`; `remove` is called in reverse. */
  constructor(participants: readonly Participant[]) {
    this.#participants = participants;
    this.#reversed = participants.toReversed();
  }

  add(queries: readonly RegisteredQuery[]): void {
    for (const query of queries) {
      this.#queries.set(query.name, query);
      for (const participant of this.#participants) {
        participant.add?.(query);
      }
    }
  }

  begin(queries: readonly RegisteredQuery[]): void {
    for (const participant of this.#participants) {
      participant.begin?.(queries);
    }
  }

  change(query: RegisteredQuery): void {
    this.#queries.set(query.name, query);
    for (const participant of this.#participants) {
      participant.change?.(query);
    }
  }

  remove(query: RegisteredQuery): void {
    this.#queries.delete(query.name);
    for (const participant of this.#reversed) {
      participant.remove?.(query);
    }
  }

  /** Number of registered queries, by source. */
  countBySource(): ReadonlyMap<QuerySource, number> {
    const counts = new Map<QuerySource, number>([
      ['config', 0],
      ['file', 0],
      ['http', 0],
    ]);
    for (const { source } of this.#queries.values()) {
      counts.set(source, (counts.get(source) ?? 0) + 1);
    }
    return counts;
  }
}
