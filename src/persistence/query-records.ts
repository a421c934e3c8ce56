import { monotonicOf } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import type { RegisteredQuery } from '../model/query.ts';
import type { Question } from '../model/question.ts';
import type { QueryStates } from '../state/query-state.ts';
import type { RunStates } from '../state/run-state.ts';
import type { Storage } from './storage/storage.ts';

/** Longest time that a run waits for an unresponsive disk before it continues without a stored record, in milliseconds. */
export const DISK_PATIENCE_MS = 10_000;

export interface QueryRecordsOptions extends Omit<Context, 'shutdown'> {
  readonly storage: Storage;
  /** What a query requests, in which target, and with which identity. */
  readonly questionOf: (query: RegisteredQuery) => Question;
  readonly states: QueryStates;
  readonly runStates: RunStates;
  readonly isRegistered: (name: string) => boolean;
}

/** Records of an earlier process for queries that are not registered yet, by name. */
export class AbsentQueries<Stored extends { readonly savedAt: number }> extends Map<string, Stored> {
  readonly #options: Pick<QueryRecordsOptions, 'clock' | 'isRegistered'>;
  /** Time at which each was stored, on the monotonic clock. */
  readonly #since = new WeakMap<Stored, number>();

  constructor(options: Pick<QueryRecordsOptions, 'clock' | 'isRegistered'>) {
    super();
    this.#options = options;
  }

  /**
   * Adds records, except those of queries that are registered already: their state is newer. The wall clock is read once,
   * here: it may jump later, and may have been ahead when the record was stored.
   */
  add(records: Iterable<readonly [name: string, Stored]>): void {
    const { clock, isRegistered } = this.#options;
    for (const [name, stored] of records) {
      if (!isRegistered(name)) {
        const record = { ...stored, savedAt: Math.min(stored.savedAt, clock.now()) };
        this.set(name, record);
        this.#since.set(record, monotonicOf(clock, record.savedAt));
      }
    }
  }

  /** Names of the queries whose records are older than `age` milliseconds. */
  olderThan(age: number): string[] {
    const latest = this.#options.clock.monotonic() - age;
    return [...this].flatMap(([name, stored]) => ((this.#since.get(stored) ?? latest) < latest ? [name] : []));
  }
}
