import { background } from '../lib/background.ts';
import { numberOf, textOf } from '../lib/json-values.ts';
import { isWatched, type Registration } from '../model/query.ts';
import { isSameQuestion } from '../model/question.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import { AbsentQueries, type QueryRecordsOptions } from './query-records.ts';
import type { RecordDirectory, RecordKind } from './storage/record-directory.ts';
import { ignoreRefusal } from './storage/storage-error.ts';
import { readComplete, readQuestion, readStatus, storedStatus } from './stored-values.ts';

/** Reads the status of one watched query. `savedAt`: in milliseconds since the epoch. */
const readRecord = (value: unknown) =>
  readComplete({ name: textOf, question: readQuestion, savedAt: numberOf, status: readStatus }, value);
type StatusRecord = NonNullable<ReturnType<typeof readRecord>>;

const KIND: RecordKind<readonly StatusRecord[]> = {
  directory: 'statuses',
  holds: 'the last statuses of watched queries',
  read: (value) => (Array.isArray(value) ? value.flatMap((each) => readRecord(each) ?? []) : undefined),
  keepTrying: true,
};
/** One record holds all statuses: there may be thousands, and if it is lost, the next polls return them again. */
const KEY = 'watched';

/** Shortest time between two writes; a changed status is written as soon as this allows. */
const SHORTEST_WAIT_MS = 1_000;
/** Time between two writes if only the time of the last successful call has changed. */
const LONGEST_WAIT_MS = 30_000;

/** Stores the last statuses of watched queries, with their times. */
export class StoredStatuses {
  readonly #options: QueryRecordsOptions;
  readonly #records: RecordDirectory<readonly StatusRecord[]>;
  readonly #absent: AbsentQueries<StatusRecord>;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => undefined;

  constructor(options: QueryRecordsOptions) {
    this.#options = options;
    this.#absent = new AbsentQueries(options);
    this.#records = options.storage.records(KIND);
  }

  /** Reads the records of an earlier process. */
  async load(): Promise<void> {
    const add = (records: ReadonlyMap<string, readonly StatusRecord[]>) =>
      this.#absent.add((records.get(KEY) ?? []).map((each) => [each.name, each]));
    add(await this.#records.load(add));
  }

  restore(registration: Registration): void {
    const { states, questionOf } = this.#options;
    const { name, query } = registration;
    const stored = this.#absent.get(name);
    this.#absent.delete(name);
    if (stored !== undefined && isSameQuestion(stored.question, questionOf(query))) {
      states.restore(registration, stored.status);
    }
  }

  /** Schedules a write after a change of a query's state. */
  changed(fields: readonly ChangedField[]): void {
    const isNew = fields.includes('status') || fields.includes('up');
    this.#writeAt(this.#writtenAt + (isNew ? SHORTEST_WAIT_MS : LONGEST_WAIT_MS));
  }

  forget({ name }: Registration): void {
    this.#absent.delete(name);
    this.#writeAt(this.#writtenAt + SHORTEST_WAIT_MS);
  }

  /** Deletes statuses of queries that are not registered if they are older than `age` milliseconds. */
  forgetAbsent(age: number): void {
    for (const name of this.#absent.olderThan(age)) {
      this.#absent.delete(name);
    }
  }

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
        background(log, 'storing of statuses', this.#write()),
      );
    }
  }

  async #write(): Promise<void> {
    const { clock, states, questionOf } = this.#options;
    const savedAt = clock.now();
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#writtenAt = clock.monotonic();
    const records = [...this.#absent.values()];
    for (const state of states.all()) {
      const { registration, up } = state;
      if (isWatched(registration) && up !== undefined) {
        const { name, query } = registration;
        records.push({ name, question: questionOf(query), savedAt, status: storedStatus(state) });
      }
    }
    await this.#records.put(KEY, records).catch(ignoreRefusal);
  }
}
