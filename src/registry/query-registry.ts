import type { RegisteredQuery, Registration } from '../model/query.ts';
import { QUERY_SOURCES, type QuerySource } from '../model/vocabulary.ts';

/** A part of the exporter that holds something of each registered query. It implements what concerns it. */
export interface Participant {
  /** A query is registered under a free name. It is shown from now on. */
  add?(registration: Registration): void;
  /** Queries that were added are polled and run from now on. */
  begin?(registrations: readonly Registration[]): void;
  /** A query has another definition and asks the same: counters, state, and runs stay. */
  change?(registration: Registration): void;
  /** A query is removed, with every one of its series; a run of it is stopped at the service. */
  remove?(registration: Registration): void;
}

/** The queries that are registered: the one place that knows them by name, and that makes and changes their handles. */
export class QueryRegistry {
  readonly #registrations = new Map<string, { -readonly [Member in keyof Registration]: Registration[Member] }>();
  #participants: readonly Participant[] = [];
  #reversed: readonly Participant[] = [];

  /** `participants` in the order in which they are called for `add`, `begin`, and `change`; `remove` is called in reverse. */
  join(participants: readonly Participant[]): void {
    this.#participants = participants;
    this.#reversed = participants.toReversed();
  }

  get(name: string): Registration | undefined {
    return this.#registrations.get(name);
  }

  /** In the order of registration. */
  all(): readonly Registration[] {
    return [...this.#registrations.values()];
  }

  /** Registers queries under free names. */
  add(queries: readonly RegisteredQuery[]): readonly Registration[] {
    return queries.map((query) => {
      const registration = { name: query.name, query, removed: false };
      this.#registrations.set(query.name, registration);
      for (const participant of this.#participants) {
        participant.add?.(registration);
      }
      return registration;
    });
  }

  begin(registrations: readonly Registration[]): void {
    for (const participant of this.#participants) {
      participant.begin?.(registrations);
    }
  }

  /** Replaces the definition of the registered query of this name by one that asks the same. */
  change(query: RegisteredQuery): void {
    const registration = this.#registrations.get(query.name);
    if (registration !== undefined) {
      registration.query = query;
      for (const participant of this.#participants) {
        participant.change?.(registration);
      }
    }
  }

  remove(name: string): void {
    const registration = this.#registrations.get(name);
    if (registration !== undefined) {
      this.#registrations.delete(name);
      registration.removed = true;
      for (const participant of this.#reversed) {
        participant.remove?.(registration);
      }
    }
  }

  /** Number of registered queries, by source. */
  countBySource(): ReadonlyMap<QuerySource, number> {
    const counts = new Map<QuerySource, number>(QUERY_SOURCES.map((source) => [source, 0]));
    for (const { query } of this.#registrations.values()) {
      counts.set(query.source, (counts.get(query.source) ?? 0) + 1);
    }
    return counts;
  }
}
