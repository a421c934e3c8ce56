/** Lets pieces of work on the same thing go on one after another, in the order in which they came. */
export class TurnsByKey {
  /** The last piece of work for each key. */
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const done = before.then(work, work);
    this.#last.set(key, done);
    try {
      return await done;
    } finally {
      if (this.#last.get(key) === done) {
        this.#last.delete(key);
      }
    }
  }

  /** Whether there is work for a key that is not done. */
  isBusy(key: string): boolean {
    return this.#last.has(key);
  }

  /** Resolves when all work so far is done, well or not. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
