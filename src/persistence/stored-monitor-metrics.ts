import { background } from '../lib/background.ts';
import { type Clock, within } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { MonitorMetrics, PeriodStore } from '../state/monitor-metrics.ts';
import type { CountedMonitor, StoredMonitor } from '../state/monitor-state.ts';
import { readStoredMonitor } from '../state/stored-monitor.ts';
import { DISK_PATIENCE_MS } from './query-records.ts';
import type { RecordDirectory, RecordKind } from './storage/record-directory.ts';
import type { Storage } from './storage/storage.ts';
import { ignoreRefusal } from './storage/storage-error.ts';

const KIND: RecordKind<StoredMonitor> = {
  directory: 'monitor-metrics',
  holds: 'the counted periods of a monitor',
  read: readStoredMonitor,
  keepTrying: true,
};

/** Stores the counted periods of monitors, so that a restart counts none of them again. */
export class StoredMonitorMetrics implements PeriodStore {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #metrics: MonitorMetrics;
  readonly #records: RecordDirectory<StoredMonitor>;

  constructor(options: {
    readonly storage: Storage;
    readonly clock: Clock;
    readonly log: Logger;
    readonly metrics: MonitorMetrics;
  }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#metrics = options.metrics;
    this.#records = options.storage.records(KIND);
  }

  /** Restores the periods of an earlier process. */
  async load(): Promise<void> {
    const restore = (records: ReadonlyMap<string, StoredMonitor>) => {
      for (const [key, stored] of records) {
        this.#metrics.merge(key, stored);
      }
    };
    restore(await this.#records.load(restore));
  }

  /** Resolves when the record is durable, or cannot be stored: the counters continue without the storage. */
  async store(key: string, { stored }: CountedMonitor): Promise<'stored'> {
    const written = this.#records.put(key, stored).catch(ignoreRefusal);
    background(this.#log, 'storing of monitor metrics', written);
    await within(this.#clock, DISK_PATIENCE_MS, written);
    return 'stored';
  }

  /** Deletes the records of forgotten monitors. */
  forget(keys: readonly string[]): void {
    for (const key of keys) {
      background(this.#log, 'removal of monitor metrics', this.#records.delete(key).catch(ignoreRefusal));
    }
  }
}
