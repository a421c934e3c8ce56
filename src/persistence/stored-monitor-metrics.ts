import { background } from '../lib/background.ts';
import { type Clock, within } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { StoredPeriods } from '../state/counted-periods.ts';
import type { MonitorMetrics } from '../state/monitor-metrics.ts';
import { COUNTED, type StoredMonitor } from '../state/monitor-state.ts';
import { DISK_PATIENCE_MS } from './query-records.ts';
import type { RecordDirectory, RecordKind } from './storage/record-directory.ts';
import type { Storage } from './storage/storage.ts';
import { ignoreRefusal } from './storage/storage-error.ts';
import { complete, members, numberOf } from './stored-values.ts';

const KIND: RecordKind<StoredMonitor> = {
  directory: 'monitor-metrics',
  holds: 'the counted periods of a monitor',
  read: readRecord,
  keepTrying: true,
};

/** Stores the counted periods of monitors, so that a restart counts none of them again. */
export class StoredMonitorMetrics {
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
        this.#metrics.restore(key, stored);
      }
    };
    restore(await this.#records.load(restore));
  }

  /** Stores the periods of monitors. Resolves when they are durable, or cannot be stored. */
  async store(keys: readonly string[]): Promise<void> {
    const written = Promise.all(keys.map((key) => this.#store(key)));
    background(this.#log, 'storing of monitor metrics', written);
    await within(this.#clock, DISK_PATIENCE_MS, written);
  }

  /** Deletes the records of forgotten monitors. */
  forget(keys: readonly string[]): void {
    for (const key of keys) {
      background(this.#log, 'removal of monitor metrics', this.#records.delete(key).catch(ignoreRefusal));
    }
  }

  async #store(key: string): Promise<void> {
    const stored = this.#metrics.stored(key);
    if (stored !== undefined) {
      await this.#records.put(key, stored).catch(ignoreRefusal);
    }
  }
}

function readRecord(value: unknown): StoredMonitor | undefined {
  const { condition, periods } = members(value);
  const { degraded, since } = members(condition);
  const read: { -readonly [Metric in keyof StoredMonitor['periods']]: StoredPeriods } = {};
  for (const metric of COUNTED) {
    const stored = members(periods)[metric];
    const valid = stored === undefined ? undefined : readPeriods(stored);
    if (valid !== undefined) {
      read[metric] = valid;
    } else if (stored !== undefined) {
      return undefined;
    }
  }
  return {
    condition: typeof degraded === 'boolean' ? complete({ degraded, since: numberOf(since) }) : undefined,
    periods: read,
  };
}

function readPeriods(value: unknown): StoredPeriods | undefined {
  const { from, covered, settled, first, values } = members(value);
  const { start, end } = members(covered);
  const isList = (list: unknown): list is (number | null)[] =>
    Array.isArray(list) && list.every((each) => each === null || typeof each === 'number');
  const required = complete({
    from: numberOf(from),
    settled: numberOf(settled),
    first: numberOf(first),
    values: isList(values) ? values : undefined,
  });
  return required && { ...required, covered: complete({ start: numberOf(start), end: numberOf(end) }) };
}
