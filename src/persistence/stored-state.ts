import { background } from '../lib/background.ts';
import { members } from '../lib/json-values.ts';
import { isScheduled, type Registration, type ScheduledQuery } from '../model/query.ts';
import { questionOf } from '../model/question.ts';
import { type Definition, NotStoredError, type RegistrationStore } from '../registry/registration.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import type { MonitorMetrics } from '../state/monitor-metrics.ts';
import type { RecordKind } from './storage/record-directory.ts';
import { Storage } from './storage/storage.ts';
import { StorageError } from './storage/storage-error.ts';
import { storedMonitorMetrics } from './stored-monitor-metrics.ts';
import { StoredResults, type StoredResultsOptions } from './stored-results.ts';
import { StoredRuns } from './stored-runs.ts';
import { StoredStatuses } from './stored-statuses.ts';

export interface StoredStateOptions extends Omit<StoredResultsOptions, 'storage' | 'questionOf'> {
  /** The directory: `storage.path`. */
  readonly path: string;
  readonly monitorMetrics: MonitorMetrics;
  /** Endpoint and identity that an account uses. Records are valid for these only. */
  readonly placeOf: (account: string) => string;
}

/** Interval at which records of queries that no longer exist are looked for, and how long these are kept. */
const CLEANUP_EVERY_MS = 3_600_000;
const KEEP_ABSENT_MS = 24 * 3_600_000;

const QUERIES: RecordKind<Definition> = {
  directory: 'queries',
  holds: 'a query that was registered over HTTP',
  read: (value) => (typeof value === 'object' && value !== null ? members(value) : undefined),
  // The client has already received 507.
  keepTrying: false,
};

/** The state that survives a restart, in `storage.path`. */
export class StoredState {
  readonly runs: StoredRuns;
  readonly results: StoredResults;
  readonly statuses: StoredStatuses;
  readonly monitorMetrics: ReturnType<typeof storedMonitorMetrics>;
  readonly registrations: RegistrationStore;
  readonly storage: Storage;
  readonly #options: StoredStateOptions;
  readonly #restoring = new Set<Promise<void>>();
  #cancelCleanup: () => void = () => undefined;

  private constructor(options: StoredStateOptions, storage: Storage) {
    this.#options = options;
    this.storage = storage;
    const common = {
      ...options,
      storage,
      questionOf: (query: Registration['query']) => {
        const question = questionOf(query);
        return { ...question, asked: `${options.placeOf(query.account)} ${question.asked}` };
      },
    };
    this.runs = new StoredRuns(common);
    this.results = new StoredResults(common);
    this.statuses = new StoredStatuses(common);
    this.monitorMetrics = storedMonitorMetrics(common);
    this.registrations = storedRegistrations(storage);
  }

  /** Locks the directory and reads its records, except results. @throws StorageError */
  static async open(options: StoredStateOptions): Promise<StoredState> {
    const { states, runStates } = options;
    const stored = new StoredState(options, await Storage.open(options));
    try {
      await stored.runs.load();
      await stored.statuses.load();
      await stored.monitorMetrics.load();
      await stored.#removeOrphans();
      stored.#cleanUpLater();
    } catch (error) {
      await stored.close();
      throw error;
    }
    states.changed.on((registration, fields) => stored.#changed(registration, fields));
    runStates.newResults.on((registration, series, from) => {
      if (from === 'read') {
        stored.results.store(registration, series);
      }
    });
    return stored;
  }

  /** Restores the state of a query that was just registered. Its results follow asynchronously. */
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

  async restored(): Promise<void> {
    await Promise.all(this.#restoring);
  }

  /** Writes pending changes and unlocks the directory. */
  async close(): Promise<void> {
    this.#cancelCleanup();
    await this.statuses.save();
    await this.storage.close();
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
      this.#options.log.error('stored results not restored', { query: registration.name, error: String(error) });
    }
  }

  #cleanUpLater(): void {
    this.#cancelCleanup = this.#options.clock.setTimer(CLEANUP_EVERY_MS, () => {
      if (this.storage.isComplete) {
        this.runs.forgetAbsent(KEEP_ABSENT_MS);
        this.statuses.forgetAbsent(KEEP_ABSENT_MS);
        this.monitorMetrics.forget(this.#options.monitorMetrics.forgetUnlisted());
      }
      background(this.#options.log, 'cleanup of the storage', this.#removeOrphans());
      this.#cleanUpLater();
    });
  }

  /** Deletes results without runs, unless runs may exist that could not be read. */
  async #removeOrphans(): Promise<void> {
    if (this.storage.isComplete) {
      await this.results.keepOnly(this.runs.names);
    }
  }
}

/** Stores the queries that are registered over HTTP. A change is durable once it is acknowledged. */
function storedRegistrations(storage: Storage): RegistrationStore {
  const records = storage.records(QUERIES);
  return {
    load: (late) => records.load(late),
    // The directory belongs to this process.
    changed: async () => undefined,
    put: (name, definition) =>
      acknowledged(definition === undefined ? records.delete(name) : records.put(name, definition)),
  };
}

async function acknowledged(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    throw error instanceof StorageError ? new NotStoredError(error.message, 'not stored', { cause: error }) : error;
  }
}
