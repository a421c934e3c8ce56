import { createHash } from 'node:crypto';
import { background } from '../lib/background.ts';
import type { Clock } from '../lib/clock.ts';
import type { MonitorMetrics, PeriodStore, PeriodsStored } from '../state/monitor-metrics.ts';
import type { CountedMonitor } from '../state/monitor-state.ts';
import { EXPIRY_MS } from './own-register.ts';
import { Conflict, expectRegisterError, type Register } from './registers.ts';
import { type PeriodsValue, readAll, readCounted, readOrRefuse, type SharedRegisters } from './values.ts';

export interface ReplicaPeriodsOptions extends SharedRegisters {
  readonly clock: Clock;
}

/** A register as it was last read or written. Without a version, it does not exist. */
type Known = Pick<PeriodsValue, 'counted'> & { readonly version: string | undefined };

/** Processes whose totals a register has: those that may not know yet that their last write was in effect. */
const MOST_COUNTED = 3;
/** Time after which a write without a reply does not arrive anymore, in milliseconds. */
const IN_FLIGHT_MS = 600_000;

/**
 * The counted periods of monitors in shared registers, one for each monitor. A process writes what it has counted before its
 * counters show it. If another process has counted in the meantime, the write fails: then this one adds what the register has, and
 * counts the rest. A register also has the totals of the last writers, so that a process whose write had no reply finds out
 * what it has counted, even if another process has counted since.
 */
export class ReplicaPeriods implements PeriodStore {
  readonly #options: ReplicaPeriodsOptions;
  readonly #partition: string;
  readonly #known = new Map<string, Known>();
  /** Monitors with a write that may be in effect, with the time at which it failed on the monotonic clock. */
  readonly #unsettled = new Map<string, number>();
  #metrics: Pick<MonitorMetrics, 'merge'> | undefined;

  constructor(options: ReplicaPeriodsOptions) {
    this.#options = options;
    this.#partition = `${options.group}/periods`;
  }

  /** Sets the monitors that follow the registers. Called once, before the first call of other methods. */
  attach(metrics: Pick<MonitorMetrics, 'merge'>): void {
    this.#metrics = metrics;
  }

  /** Reads all registers, before this process leads. @throws RegisterError */
  async load(): Promise<void> {
    const latest = this.#options.clock.monotonic() - IN_FLIGHT_MS;
    const values = await readAll(this.#options, this.#partition, readCounted);
    for (const { value, version } of values.values()) {
      this.#see(value, version);
    }
    for (const [key, since] of this.#unsettled) {
      if (since <= latest) {
        this.#unsettled.delete(key);
      }
    }
  }

  /** Finds out if writes without a reply are in effect. Called after each heartbeat. Never rejects. */
  async tick(): Promise<void> {
    if (this.#unsettled.size > 0) {
      await this.load().catch(expectRegisterError);
    }
  }

  async store(key: string, { stored, totals }: CountedMonitor): Promise<PeriodsStored> {
    const { boot } = this.#options;
    const counted = this.#known.get(key)?.counted ?? [];
    const others = counted.filter(({ by }) => by !== boot).slice(0, MOST_COUNTED - 1);
    return this.#put({ monitor: key, ...stored, counted: [{ by: boot, totals }, ...others] });
  }

  /** A monitor of the same ARN begins with its newest period. */
  forget(keys: readonly string[]): void {
    for (const key of keys) {
      const known = this.#known.get(key);
      if (known?.version !== undefined) {
        const { counted } = known;
        const removal = this.#put({ monitor: key, condition: undefined, periods: {}, limits: [], counted });
        background(this.#options.log, 'removal of monitor metrics', removal);
      }
    }
  }

  async #put(value: PeriodsValue): Promise<PeriodsStored> {
    const { registers, clock, now } = this.#options;
    const { monitor: key } = value;
    const options = { expiresAt: now() + EXPIRY_MS, ifVersion: this.#known.get(key)?.version };
    try {
      const version = await registers.put(this.#keyOf(key), textOf(value), options);
      this.#note(key, version, value.counted);
      return 'stored';
    } catch (error) {
      if (error instanceof Conflict) {
        this.#conflicted(key, error.current);
        return 'changed';
      }
      expectRegisterError(error);
      this.#unsettled.set(key, clock.monotonic());
      return 'later';
    }
  }

  /** Adds what the register has instead of what this process knew. */
  #conflicted(key: string, current: Register | undefined): void {
    const read = current && readOrRefuse(readCounted, this.#keyOf(key), current.value, this.#options.refused);
    if (current !== undefined && read !== undefined) {
      this.#see(read.value, current.version);
    } else {
      this.#note(key, current?.version, []);
    }
  }

  #see({ monitor: key, counted, ...stored }: PeriodsValue, version: string): void {
    this.#note(key, version, counted);
    if (Object.keys(stored.periods).length > 0) {
      const own = counted.find(({ by }) => by === this.#options.boot);
      this.#metrics?.merge(key, stored, own?.totals);
    }
  }

  /** A write that expected an earlier version cannot be in effect anymore. */
  #note(key: string, version: string | undefined, counted: PeriodsValue['counted']): void {
    if (this.#known.get(key)?.version !== version) {
      this.#unsettled.delete(key);
    }
    this.#known.set(key, { version, counted });
  }

  #keyOf(key: string) {
    return { partition: this.#partition, name: createHash('sha256').update(key).digest('base64url') };
  }
}

/** Omits totals of 0: a register of `HealthIndicator` alone is smaller than 1 KB. */
function textOf({ counted, ...value }: PeriodsValue): string {
  const short = counted.map(({ by, totals }) => ({
    by,
    totals: Object.fromEntries(Object.entries(totals).filter(([, total]) => total !== 0)),
  }));
  return JSON.stringify({ ...value, counted: short });
}
