import type { Use } from './targets-in-use.ts';

interface CountedUse {
  readonly use: Use;
  count: number;
}

export class UseCounts {
  /** In the order of their first use. */
  readonly #counted = new Map<string, CountedUse>();

  /** Returns each use once. */
  all(): readonly Use[] {
    return Array.from(this.#counted.values(), ({ use }) => use);
  }

  /** Replaces one use by another; undefined: none. Returns whether {@link all} has changed. */
  replace(before: Use | undefined, after: Use | undefined): boolean {
    const isNew = after !== undefined && this.#add(after, 1);
    const isLast = before !== undefined && this.#add(before, -1);
    return isNew || isLast;
  }

  /** Returns whether the use is new, or no longer needed. */
  #add(use: Use, by: 1 | -1): boolean {
    const key = keyOf(use);
    const counted = this.#counted.get(key) ?? { use, count: 0 };
    counted.count += by;
    if (counted.count <= 0) {
      return this.#counted.delete(key);
    }
    this.#counted.set(key, counted);
    return by === 1 && counted.count === 1;
  }
}

/** Only the name of an account can contain spaces. */
function keyOf({ kind, type, region, account }: Use): string {
  return `${kind} ${type} ${region} ${account}`;
}
