import type { Candidate, RegisteredQuery } from '../model/query.ts';

/** The registered query of each name, as defined by its source. */
export class RegisteredCandidates {
  readonly #byName = new Map<string, Candidate>();

  /** Returns the queries of some names, or all, as defined by their sources. */
  queries(names: ReadonlySet<string> | undefined): ReadonlyMap<string, RegisteredQuery> {
    const given = new Map<string, RegisteredQuery>();
    for (const name of names ?? this.#byName.keys()) {
      const candidate = this.#byName.get(name);
      if (candidate !== undefined) {
        given.set(name, candidate.query);
      }
    }
    return given;
  }

  /** Returns whether the registered query of the name is this candidate. */
  includes({ query, from }: Candidate): boolean {
    const candidate = this.#byName.get(query.name);
    return (
      candidate?.from === from && candidate.query.account === query.account && candidate.query.region === query.region
    );
  }

  /** Sets the candidates of some names. */
  set(candidates: ReadonlyMap<string, Candidate>): void {
    for (const [name, candidate] of candidates) {
      this.#byName.set(name, candidate);
    }
  }

  delete(name: string): void {
    this.#byName.delete(name);
  }
}
