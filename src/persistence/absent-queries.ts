import { type Clock, monotonicOf } from '../lib/clock.ts';

/** What an earlier process has stored of queries that are not registered yet, by name. */
export class AbsentQueries<Stored extends { readonly savedAt: number }> {
  readonly #clock: Clock;
  /** With the time at which each was stored, on the monotonic clock. */
  readonly #records = new Map<string, { readonly stored: Stored; readonly since: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The wall clock counts once, here: it may jump later, and may have been ahead when the record was stored. */
  add(name: string, stored: Stored): void {
    const savedAt = Math.min(stored.savedAt, this.#clock.now());
    this.#records.set(name, { stored: { ...stored, savedAt }, since: monotonicOf(this.#clock, savedAt) });
  }

  get(name: string): Stored | undefined {
    return this.#records.get(name)?.stored;
  }

  delete(name: string): void {
    this.#records.delete(name);
  }

  names(): IterableIterator<string> {
    return this.#records.keys();
  }

  stored(): Stored[] {
    return [...this.#records.values()].map(({ stored }) => stored);
  }

  /** Names of the queries whose records are older than `age` milliseconds. */
  olderThan(age: number): string[] {
    const latest = this.#clock.monotonic() - age;
    return [...this.#records].flatMap(([name, { since }]) => (since < latest ? [name] : []));
  }
}
