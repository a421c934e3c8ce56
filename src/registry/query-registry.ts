import type { RegisteredQuery, Registration } from '../model/query.ts';
import { QUERY_SOURCES, type QuerySource } from '../model/vocabulary.ts';

/** Follows the registration of queries. */
export interface Participant {
  /** A query was registered under a free name. It becomes visible. */
  add?(registration: Registration): void;
  /** Polls and runs of added queries start. */
  begin?(registrations: readonly Registration[]): void;
  /** A query has a new definition of the same calls: its counters, state, and runs are kept. */
  change?(registration: Registration): void;
  /** A query was removed: its series are removed, its run is stopped at the service. */
  remove?(registration: Registration): void;
}

/** The registered queries by name. Only the registry creates and changes their handles. */
export class QueryRegistry {
  readonly #registrations = new Map<string, { -readonly [Member in keyof Registration]: Registration[Member] }>();
  #participant: Participant = {};

  join(participant: Participant): void {
    this.#participant = participant;
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
      this.#participant.add?.(registration);
      return registration;
    });
  }

  begin(registrations: readonly Registration[]): void {
    this.#participant.begin?.(registrations);
  }

  /** Replaces the definition of a registered query by one with the same calls. */
  change(query: RegisteredQuery): void {
    const registration = this.#registrations.get(query.name);
    if (registration !== undefined) {
      registration.query = query;
      this.#participant.change?.(registration);
    }
  }

  remove(name: string): void {
    const registration = this.#registrations.get(name);
    if (registration !== undefined) {
      this.#registrations.delete(name);
      registration.removed = true;
      this.#participant.remove?.(registration);
    }
  }

  countBySource(): ReadonlyMap<QuerySource, number> {
    const counts = new Map<QuerySource, number>(QUERY_SOURCES.map((source) => [source, 0]));
    for (const { query } of this.#registrations.values()) {
      counts.set(query.source, (counts.get(query.source) ?? 0) + 1);
    }
    return counts;
  }
}
