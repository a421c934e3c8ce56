import type { Candidate } from '../model/query.ts';
import { changedCandidates } from '../queries/sources.ts';
import type { Target } from '../scheduler/target.ts';

type Found = ReadonlyMap<Target, readonly Candidate[]>;

/** What followers have found in each target, by name. */
export class FoundCandidates {
  #found: Found = new Map();
  #byName: ReadonlyMap<string, readonly Candidate[]> = new Map();

  /** This is all that was found. Returns the names for which anything is other than before. */
  replace(found: Found): ReadonlySet<string> {
    const changed = new Set<string>();
    for (const target of new Set([...this.#found.keys(), ...found.keys()])) {
      for (const name of changedCandidates(this.#found.get(target) ?? [], found.get(target) ?? [])) {
        changed.add(name);
      }
    }
    this.#set(found);
    return changed;
  }

  /** This is what was found in one target. Returns the names for which anything is other than before. */
  replaceIn(target: Target, found: readonly Candidate[]): ReadonlySet<string> {
    const changed = changedCandidates(this.#found.get(target) ?? [], found);
    if (changed.size > 0) {
      this.#set(new Map(this.#found).set(target, found));
    }
    return changed;
  }

  /** What was found under some names; undefined: under all. */
  named(names: ReadonlySet<string> | undefined): readonly Candidate[] {
    return names === undefined
      ? [...this.#found.values()].flat()
      : [...names].flatMap((name) => this.#byName.get(name) ?? []);
  }

  #set(found: Found): void {
    this.#found = found;
    const byName = new Map<string, Candidate[]>();
    for (const candidate of [...found.values()].flat()) {
      const known = byName.get(candidate.query.name);
      if (known === undefined) {
        byName.set(candidate.query.name, [candidate]);
      } else {
        known.push(candidate);
      }
    }
    this.#byName = byName;
  }
}
