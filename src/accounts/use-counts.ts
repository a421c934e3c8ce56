import type { Use } from './targets-in-use.ts';

interface CountedUse {
  readonly use: Use;
  count: number;
}

/** What is called where, with the number of queries and entries that need it. */
export class UseCounts {
  /** In the order of their first use. */
  readonly #counted = new Map<string, CountedUse>();

  /** Each use once. */
  all(): readonly Use[] {
    return Array.from(this.#counted.values(), ({ use }) => use);
  }

  /** Replaces one use by another; undefined stands for none. Returns whether {@link all} has changed. */
  replace(before: Use | undefined, after: Use | undefined): boolean {
    const isNew = after !== undefined && this.#add(after);
    const isLast = before !== undefined && this.#remove(before);
    return isNew || isLast;
  }

  /** Returns whether it is the first of its kind. */
  #add(use: Use): boolean {
    const counted = this.#counted.get(keyOf(use));
    if (counted === undefined) {
      this.#counted.set(keyOf(use), { use, count: 1 });
      return true;
    }
    counted.count += 1;
    return false;
  }

  /** Returns whether it was the last of its kind. */
  #remove(use: Use): boolean {
    const counted = this.#counted.get(keyOf(use));
    if (counted !== undefined && counted.count > 1) {
      counted.count -= 1;
      return false;
    }
    return this.#counted.delete(keyOf(use));
  }
}

/** Only an account's name may hold spaces. */
function keyOf({ kind, type, region, account }: Use): string {
  return `${kind} ${type} ${region} ${account}`;
}
