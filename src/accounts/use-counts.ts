import type { Use } from './targets-in-use.ts';

interface CountedUse {
  readonly use: Use;
  count: number;
}

/** Counts the queries and entries per use. */
export class UseCounts {
  /** In the order of their first use. */
  readonly #counted = new Map<string, CountedUse>();

  /** Returns each use once. */
  all(): readonly Use[] {
    return Array.from(this.#counted.values(), ({ use }) => use);
  }

  /** Replaces one use by another; undefined: none. Returns whether {@link all} has changed. */
  replace(before: Use | undefined, after: Use | undefined): boolean {
    const isNew = after !== undefined && this.#add(after);
    const isLast = before !== undefined && this.#remove(before);
    return isNew || isLast;
  }

  /** Returns whether the use is new. */
  #add(use: Use): boolean {
    const counted = this.#counted.get(keyOf(use));
    if (counted === undefined) {
      this.#counted.set(keyOf(use), { use, count: 1 });
      return true;
    }
    counted.count += 1;
    return false;
  }

  /** Returns whether the use is no longer needed. */
  #remove(use: Use): boolean {
    const counted = this.#counted.get(keyOf(use));
    if (counted !== undefined && counted.count > 1) {
      counted.count -= 1;
      return false;
    }
    return this.#counted.delete(keyOf(use));
  }
}

/** Only the name of an account can contain spaces. */
function keyOf({ kind, type, region, account }: Use): string {
  return `${kind} ${type} ${region} ${account}`;
}
