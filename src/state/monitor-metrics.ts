import { PERIOD_MS } from '../aws/cloudwatch/metric-data.ts';
import type { Clock } from '../lib/clock.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Logger } from '../lib/log.ts';
import type { MonitorMetric } from '../model/vocabulary.ts';
import type { Target } from '../scheduler/target.ts';
import type { PeriodReading } from './counted-periods.ts';
import { type CountedMonitor, type MonitorState, MutableMonitor, type StoredMonitor } from './monitor-state.ts';

/** A monitor that a target exports. */
export interface SelectedMonitor {
  readonly name: string;
  readonly monitor: MonitorState;
}

/** A monitor that was deleted keeps its periods for this long: a new one of the same name has the same ARN. */
const KEPT_UNLISTED_MS = 90 * PERIOD_MS;

/** The metrics of the monitors in all targets. Targets that list the same monitor share its metrics. */
export class MonitorMetrics {
  /** Emitted when the selection of a target or the metrics of its monitors have changed. */
  readonly changed: Emitter<[target: Target]>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #monitors = new Map<string, MutableMonitor>();
  /** Monitors of each target by name. Targets are in the order in which they were added. */
  readonly #selected = new Map<Target, ReadonlyMap<string, MutableMonitor>>();
  /** Targets of each monitor. */
  #owners: ReadonlyMap<MutableMonitor, ReadonlySet<Target>> = new Map();
  /** Targets whose last read failed: other targets read their monitors, if they list them. */
  readonly #failing = new WeakSet<Target>();

  constructor(clock: Pick<Clock, 'monotonic'>, log: Pick<Logger, 'error'>) {
    this.#clock = clock;
    this.changed = new Emitter(log, 'change of monitor metrics');
  }

  /**
   * Sets the monitors that a target exports: the ARN of each name. Those with equal ARNs at the same place are one monitor.
   *
   * @param place of the service, for example its endpoint
   * @param limitOf the limit of a monitor's round-trip times, in seconds
   */
  select(
    target: Target,
    place: string,
    arns: ReadonlyMap<string, string>,
    limitOf: (name: string) => number | undefined,
  ): void {
    const selected = new Map(Array.from(arns, ([name, arn]) => [name, this.#monitor(JSON.stringify([place, arn]))]));
    this.#selected.set(target, selected);
    for (const [name, monitor] of selected) {
      monitor.roundTripTimeLimit = limitOf(name);
    }
    this.#noteOwners();
    this.changed.emit(target);
  }

  /** Removes a target. */
  remove(target: Target): void {
    if (this.#selected.delete(target)) {
      this.#noteOwners();
      this.changed.emit(target);
    }
  }

  /** Returns the monitors that a target exports, in the order of the listing. */
  of(target: Target): readonly SelectedMonitor[] {
    return Array.from(this.#selected.get(target) ?? [], ([name, monitor]) => ({ name, monitor }));
  }

  /** Returns the monitor of a name that a target exports. */
  find(target: Target, name: string): MonitorState | undefined {
    return this.#selected.get(target)?.get(name);
  }

  /** Returns the monitors that a target reads: of several targets with a monitor, the first whose last read succeeded. */
  readBy(target: Target): readonly MonitorState[] {
    return [...new Set(this.#selected.get(target)?.values())].filter((monitor) => {
      const owners = [...(this.#owners.get(monitor) ?? [])];
      return (owners.find((owner) => !this.#failing.has(owner)) ?? owners[0]) === target;
    });
  }

  /** Notes whether the last read of a target failed. */
  setFailing(target: Target, isFailing: boolean): void {
    if (isFailing) {
      this.#failing.add(target);
    } else {
      this.#failing.delete(target);
    }
  }

  /** Adds the points of a read to the periods of a monitor. Its totals show them with {@link show} only. */
  count({ key }: MonitorState, readings: ReadonlyMap<MonitorMetric, PeriodReading>): CountedMonitor | undefined {
    return this.#monitors.get(key)?.count(readings);
  }

  /** Adds what was counted to the totals of monitors, after it was stored. */
  show(counted: ReadonlyMap<MonitorState, CountedMonitor>): void {
    const targets = new Set<Target>();
    for (const [{ key }, each] of counted) {
      const monitor = this.#monitors.get(key);
      monitor?.show(each);
      for (const target of (monitor && this.#owners.get(monitor)) ?? []) {
        targets.add(target);
      }
    }
    for (const target of targets) {
      this.changed.emit(target);
    }
  }

  /** Continues with the periods of an earlier process, for metrics of which nothing was read yet. */
  restore(key: string, stored: StoredMonitor): void {
    this.#monitor(key).restore(stored);
    this.#noteOwners();
  }

  /** Returns what must be stored of a monitor; undefined if it was forgotten. */
  stored(key: string): StoredMonitor | undefined {
    return this.#monitors.get(key)?.stored();
  }

  /** Forgets monitors that no target has listed for 90 minutes. Returns their keys. */
  forgetUnlisted(): readonly string[] {
    const latest = this.#clock.monotonic() - KEPT_UNLISTED_MS;
    const old = [...this.#monitors.values()].filter(({ unlistedSince = latest + 1 }) => unlistedSince <= latest);
    for (const { key } of old) {
      this.#monitors.delete(key);
    }
    return old.map(({ key }) => key);
  }

  #monitor(key: string): MutableMonitor {
    const [, arn]: readonly unknown[] = JSON.parse(key);
    const monitor = this.#monitors.get(key) ?? new MutableMonitor(key, String(arn));
    this.#monitors.set(key, monitor);
    return monitor;
  }

  #noteOwners(): void {
    const owners = new Map<MutableMonitor, Set<Target>>();
    for (const [target, monitors] of this.#selected) {
      for (const monitor of monitors.values()) {
        const targets = owners.get(monitor) ?? new Set();
        owners.set(monitor, targets.add(target));
      }
    }
    this.#owners = owners;
    const now = this.#clock.monotonic();
    for (const monitor of this.#monitors.values()) {
      monitor.unlistedSince = owners.has(monitor) ? undefined : (monitor.unlistedSince ?? now);
    }
  }
}
