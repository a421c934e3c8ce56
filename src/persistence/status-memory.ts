import { background } from '../lib/background.ts';
import { isWatched, type Registration } from '../model/query.ts';
import { isSameQuestion, type Question } from '../model/question.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import { members, numberOf, readSavedStatus, type SavedStatus, savedStatus, textOf } from '../state/saved.ts';
import { AbsentQueries } from './absent-queries.ts';
import type { RecordMemoryOptions } from './record-memory.ts';
import type { RecordFolder, RecordKind } from './storage/record-folder.ts';
import { ignoreRefusal } from './storage/storage-error.ts';
import { readQuestion } from './stored-question.ts';

/** What is stored of a watched query. */
interface StoredStatus {
  readonly name: string;
  readonly question: Question;
  /** In milliseconds since the epoch. */
  readonly savedAt: number;
  readonly status: SavedStatus;
}

const KIND: RecordKind<readonly StoredStatus[]> = {
  folder: 'statuses',
  holds: 'the last statuses of watched queries',
  read: (value) => (Array.isArray(value) ? value.flatMap((each) => readStoredStatus(each) ?? []) : undefined),
  keepTrying: true,
};
/** All are in one record: there may be thousands, and what is lost with it the next polls bring again. */
const KEY = 'watched';

/** A status that has changed is stored at once, but not more often than this. */
const SHORTEST_WAIT_MS = 1_000;
/** When only the time of the last good answer is newer. */
const LONGEST_WAIT_MS = 30_000;

export type StatusMemoryOptions = RecordMemoryOptions<readonly StoredStatus[]>;

/** Keeps the last statuses of watched queries, with their times. */
export class StatusMemory {
  readonly #options: StatusMemoryOptions;
  readonly #records: RecordFolder<readonly StoredStatus[]>;
  /** Of queries that have not come yet. */
  readonly #earlier: AbsentQueries<StoredStatus>;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => undefined;

  constructor(options: StatusMemoryOptions) {
    this.#options = options;
    this.#earlier = new AbsentQueries(options.clock);
    this.#records = options.records(KIND);
  }

  /** Reads what an earlier process has left. */
  async load(): Promise<void> {
    this.#addEarlier(await this.#records.load((late) => this.#addEarlier(late)));
  }

  /** A query that is there already goes on without: the next poll tells its status. */
  #addEarlier(records: ReadonlyMap<string, readonly StoredStatus[]>): void {
    for (const each of records.get(KEY) ?? []) {
      if (!this.#options.isRegistered(each.name)) {
        this.#earlier.add(each.name, each);
      }
    }
  }

  /** Shows what is known of a query that was just registered. */
  restore(registration: Registration): void {
    const { states, questionOf } = this.#options;
    const { name, query } = registration;
    const earlier = this.#earlier.get(name);
    this.#earlier.delete(name);
    if (earlier !== undefined && isSameQuestion(earlier.question, questionOf(query))) {
      states.restore(registration, earlier.status);
    }
  }

  /** What is known of a query has changed. */
  changed(fields: readonly ChangedField[]): void {
    const isNew = fields.includes('status') || fields.includes('up');
    this.#writeAt(this.#writtenAt + (isNew ? SHORTEST_WAIT_MS : LONGEST_WAIT_MS));
  }

  /** A query is removed. */
  forget({ name }: Registration): void {
    this.#earlier.delete(name);
    this.#writeAt(this.#writtenAt + SHORTEST_WAIT_MS);
  }

  /** Forgets queries that have not come, if what is stored of them is older than `age` milliseconds. */
  forgetAbsent(age: number): void {
    for (const name of this.#earlier.olderThan(age)) {
      this.#earlier.delete(name);
    }
  }

  /** Stores what has changed, now. */
  async save(): Promise<void> {
    const isDue = this.#dueAt !== Number.POSITIVE_INFINITY;
    this.#cancelTimer();
    if (isDue) {
      await this.#write();
    }
  }

  #writeAt(time: number): void {
    const { clock, log } = this.#options;
    if (time < this.#dueAt) {
      this.#cancelTimer();
      this.#dueAt = time;
      this.#cancelTimer = clock.setTimer(Math.max(0, time - clock.monotonic()), () =>
        background(log, 'writing of statuses', this.#write()),
      );
    }
  }

  async #write(): Promise<void> {
    const { clock, states, questionOf } = this.#options;
    const savedAt = clock.now();
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#writtenAt = clock.monotonic();
    const stored = this.#earlier.stored();
    for (const state of states.all()) {
      const { registration, up } = state;
      if (isWatched(registration) && up !== undefined) {
        const { name, query } = registration;
        stored.push({ name, question: questionOf(query), savedAt, status: savedStatus(state) });
      }
    }
    await this.#records.put(KEY, stored).catch(ignoreRefusal);
  }
}

function readStoredStatus(value: unknown): StoredStatus | undefined {
  const stored = members(value);
  const name = textOf(stored['name']);
  const question = readQuestion(stored['question']);
  const savedAt = numberOf(stored['savedAt']);
  return name === undefined || question === undefined || savedAt === undefined
    ? undefined
    : { name, question, savedAt, status: readSavedStatus(stored['status']) };
}
