import { background } from '../lib/background.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { isScheduled, type RegisteredQuery, type Registration, type ScheduledQuery } from '../model/query.ts';
import { questionOf as askedBy, type Question } from '../model/question.ts';
import type { RegistrationStore } from '../registry/registration.ts';
import type { EarlierRuns } from '../scheduler/run-journal.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import type { QueryStates } from '../state/query-state.ts';
import type { RunStates } from '../state/run-state.ts';
import { registrationMemory } from './registration-memory.ts';
import { ResultMemory } from './result-memory.ts';
import { RunMemory } from './run-memory.ts';
import { StatusMemory } from './status-memory.ts';
import { Storage } from './storage/storage.ts';
import type { StorageInUseError } from './storage/storage-error.ts';

export interface MemoryOptions {
  /** The folder. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly states: QueryStates;
  readonly runStates: RunStates;
  readonly isRegistered: (name: string) => boolean;
  /** Where an account is called, and as whom: the answers to a query are of that place. */
  readonly placeOf: (account: string) => string;
  /** What decides, beside the query itself, which series rows make. Can be stored as JSON. */
  readonly making: () => unknown;
}

/** How often it is looked for what is stored of queries that do not exist any more, and how long that is kept. */
const LOOK_EVERY_MS = 3_600_000;
const KEEP_ABSENT_MS = 24 * 3_600_000;

/** What outlives the process: `storage.path`. */
export class Memory {
  readonly runs: RunMemory;
  readonly results: ResultMemory;
  readonly statuses: StatusMemory;
  readonly registrations: RegistrationStore;
  readonly #options: MemoryOptions;
  readonly #storage: Storage;
  /** Results that are being read. */
  readonly #restoring = new Set<Promise<void>>();
  #cancelLook: () => void = () => undefined;

  private constructor(options: MemoryOptions, storage: Storage) {
    const { clock, log, states, isRegistered, runStates, placeOf, making } = options;
    this.#options = options;
    this.#storage = storage;
    const questionOf = (query: RegisteredQuery): Question => {
      const question = askedBy(query);
      return { ...question, asked: `${placeOf(query.account)} ${question.asked}` };
    };
    const common = { clock, log, states, isRegistered, questionOf };
    this.runs = new RunMemory({ ...common, records: (kind) => storage.records(kind), runStates });
    this.results = new ResultMemory({ ...common, records: (kind) => storage.records(kind), runStates, making });
    this.statuses = new StatusMemory({ ...common, records: (kind) => storage.records(kind) });
    this.registrations = registrationMemory((kind) => storage.records(kind));
  }

  /**
   * Takes the folder and reads what is there, all but results.
   *
   * @throws StorageError
   */
  static async open(options: MemoryOptions): Promise<Memory> {
    const { path, clock, log, states, runStates } = options;
    const memory = new Memory(options, await Storage.open({ path, clock, log }));
    try {
      await memory.runs.load();
      await memory.statuses.load();
      await memory.#removeSuperfluous();
      memory.#lookLater();
    } catch (error) {
      await memory.close();
      throw error;
    }
    states.changed.on((registration, fields) => memory.#changed(registration, fields));
    runStates.newResults.on((registration, series, from) => {
      if (from === 'read') {
        memory.results.read(registration, series);
      }
    });
    return memory;
  }

  /** Resolves when another exporter has taken the folder over. */
  get lost(): Promise<StorageInUseError> {
    return this.#storage.lost;
  }

  /** Whether the last try to write went well. */
  get writable(): boolean {
    return this.#storage.writable;
  }

  /** Shows what is known of a query that was just registered; of results, soon. */
  restore(registration: Registration): void {
    if (!isScheduled(registration)) {
      this.statuses.restore(registration);
    } else if (this.runs.restore(registration)) {
      const restoring = this.#restoreResults(registration).then(() => {
        this.#restoring.delete(restoring);
      });
      this.#restoring.add(restoring);
    }
  }

  /** Resolves when all that was to be shown is. */
  async restored(): Promise<void> {
    await Promise.all(this.#restoring);
  }

  /** What an earlier process has left of the runs of a query that begins to be run now. */
  resume(registration: Registration<ScheduledQuery>): EarlierRuns | undefined {
    return this.runs.resume(registration);
  }

  /** Stores what has changed and was not stored yet. */
  async save(): Promise<void> {
    await this.statuses.save();
  }

  /** Stores what has changed and leaves the folder to others. */
  async close(): Promise<void> {
    this.#cancelLook();
    await this.statuses.save();
    await this.#storage.close();
  }

  #changed(registration: Registration, fields: readonly ChangedField[]): void {
    if (fields.includes('registered')) {
      return;
    }
    const isRemoved = fields.includes('removed');
    if (!isScheduled(registration)) {
      if (isRemoved) {
        this.statuses.forget(registration);
      } else {
        this.statuses.changed(fields);
      }
    } else if (isRemoved) {
      this.runs.forget(registration);
      this.results.forget(registration.name);
    } else {
      this.runs.changed(registration, fields);
    }
  }

  async #restoreResults(registration: Registration<ScheduledQuery>): Promise<void> {
    try {
      await this.results.restore(registration);
    } catch (error) {
      const { name } = registration;
      this.#options.log.error('stored results of a query cannot be shown', { query: name, error: String(error) });
    }
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.clock.setTimer(LOOK_EVERY_MS, () => {
      if (this.#storage.isComplete) {
        this.runs.forgetAbsent(KEEP_ABSENT_MS);
        this.statuses.forgetAbsent(KEEP_ABSENT_MS);
      }
      background(this.#options.log, 'cleanup of the storage', this.#removeSuperfluous());
      this.#lookLater();
    });
  }

  /** Removes results without runs, unless the runs may be there and could not be read. */
  async #removeSuperfluous(): Promise<void> {
    if (this.#storage.isComplete) {
      await this.results.keepOnly(this.runs.names);
    }
  }
}
