import { background } from '../lib/background.ts';
import { within } from '../lib/clock.ts';
import type { MonitorMetrics, PeriodStore } from '../state/monitor-metrics.ts';
import type { StoredMonitor } from '../state/monitor-state.ts';
import { readStoredMonitor } from '../state/stored-monitor.ts';
import { DISK_PATIENCE_MS, type QueryRecordsOptions } from './query-records.ts';
import type { RecordKind } from './storage/record-directory.ts';
import { ignoreRefusal } from './storage/storage-error.ts';

const KIND: RecordKind<StoredMonitor> = {
  directory: 'monitor-metrics',
  holds: 'the counted periods of a monitor',
  read: readStoredMonitor,
  keepTrying: true,
};

type Options = Pick<QueryRecordsOptions, 'storage' | 'clock' | 'log'> & { readonly monitorMetrics: MonitorMetrics };

/** Stores the counted periods of monitors, so that a restart counts none of them again. */
export function storedMonitorMetrics({ storage, clock, log, monitorMetrics }: Options) {
  const records = storage.records(KIND);
  return {
    /** Restores the periods of an earlier process. */
    async load() {
      const restore = (read: ReadonlyMap<string, StoredMonitor>) => {
        for (const [key, stored] of read) {
          monitorMetrics.merge(key, stored);
        }
      };
      restore(await records.load(restore));
    },
    /** Resolves when the record is durable, or cannot be stored: the counters continue without the storage. */
    async store(key, { stored }) {
      const written = records.put(key, stored).catch(ignoreRefusal);
      background(log, 'storing of monitor metrics', written);
      await within(clock, DISK_PATIENCE_MS, written);
      return 'stored';
    },
    /** Deletes the records of forgotten monitors. */
    forget(keys) {
      for (const key of keys) {
        background(log, 'removal of monitor metrics', records.delete(key).catch(ignoreRefusal));
      }
    },
  } satisfies PeriodStore & { load(): Promise<void> };
}
