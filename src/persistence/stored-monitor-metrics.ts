import { background } from '../lib/background.ts';
import { within } from '../lib/clock.ts';
import type { MonitorMetrics, PeriodStore } from '../state/monitor-metrics.ts';
import type { CountedMonitor, StoredMonitor } from '../state/monitor-state.ts';
import { readStoredMonitor } from '../state/stored-monitor.ts';
import { DISK_PATIENCE_MS, type QueryRecordsOptions } from './query-records.ts';
import type { RecordDirectory, RecordKind } from './storage/record-directory.ts';
import { ignoreRefusal } from './storage/storage-error.ts';

const KIND: RecordKind<StoredMonitor> = {
  directory: 'monitor-metrics',
  holds: 'the counted periods of a monitor',
  read: readStoredMonitor,
  keepTrying: true,
};

export interface StoredMonitorMetricsOptions extends Pick<QueryRecordsOptions, 'storage' | 'clock' | 'log'> {
  readonly monitorMetrics: MonitorMetrics;
}

/** Stores the counted periods of monitors, so that a restart counts none of them again. */
export class StoredMonitorMetrics implements PeriodStore {
  readonly #options: StoredMonitorMetricsOptions;
  readonly #records: RecordDirectory<StoredMonitor>;

  constructor(options: StoredMonitorMetricsOptions) {
    this.#options = options;
    this.#records = options.storage.records(KIND);
  }

  /** Restores the periods of an earlier process. */
  async load(): Promise<void> {
    const restore = (records: ReadonlyMap<string, StoredMonitor>) => {
      for (const [key, stored] of records) {
        this.#options.monitorMetrics.merge(key, stored);
      }
    };
    restore(await this.#records.load(restore));
  }

  /** Resolves when the record is durable, or cannot be stored: the counters continue without the storage. */
  async store(key: string, { stored }: CountedMonitor): Promise<'stored'> {
    const written = this.#records.put(key, stored).catch(ignoreRefusal);
    background(this.#options.log, 'storing of monitor metrics', written);
    await within(this.#options.clock, DISK_PATIENCE_MS, written);
    return 'stored';
  }

  /** Deletes the records of forgotten monitors. */
  forget(keys: readonly string[]): void {
    for (const key of keys) {
      background(this.#options.log, 'removal of monitor metrics', this.#records.delete(key).catch(ignoreRefusal));
    }
  }
}
