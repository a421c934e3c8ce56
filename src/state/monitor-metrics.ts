import { PERIOD_MS } from '../aws/cloudwatch/metric-data.ts';
import type { Clock } from '../lib/clock.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Logger } from '../lib/log.ts';
import type { MonitorMetric } from '../model/vocabulary.ts';
import type { Target } from '../scheduler/target.ts';
import type { PeriodReading } from './counted-periods.ts';
import {
  type CountedMonitor,
  type MonitorState,
  type MonitorTotals,
  MutableMonitor,
  type StoredMonitor,
} from './monitor-state.ts';

export interface SelectedMonitor {
  readonly name: string;
  readonly monitor: MonitorState;
  /** The limit of round-trip times that the target's account has for the monitor, in seconds. */
  readonly roundTripTimeLimit: number | undefined;
}

/** A monitor that was deleted keeps its periods for this long: a new one of the same name has the same ARN. */
const KEPT_UNLISTED_MS = 90 * PERIOD_MS;

/** `stored`: counters may show it. `changed`: to be counted again, after another replica. `later`: it counts nothing. */
export type PeriodsStored = 'stored' | 'changed' | 'later';

/** Stores what was counted of monitors, so that no other process counts it again. */
export interface PeriodStore {
  store(key: string, counted: CountedMonitor): Promise<PeriodsStored>;
  forget(keys: readonly string[]): void;
}

/** Without a storage, counting starts with the newest period after each start. */
export const NO_PERIOD_STORE: PeriodStore = { store: async () => 'stored', forget: () => undefined };

/** Returns the limit of a monitor's round-trip times, in seconds. */
type LimitOf = (name: string) => number | undefined;

export interface ReadCounts {
  /** Metrics requested: the billed unit. */
  readonly requested: number;
  /** Periods of metrics that no read has covered. */
  readonly missed: number;
}

const NONE: ReadCounts = { requested: 0, missed: 0 };

/** Counts the reads from CloudWatch in each target. */
export class CloudwatchStats {
  readonly #counts = new Map<Target, ReadCounts>();

  of(target: Target): ReadCounts {
    return this.#counts.get(target) ?? NONE;
  }

  add(target: Target, more: Partial<ReadCounts>): void {
    const { requested, missed } = this.of(target);
    const counts = { requested: requested + (more.requested ?? 0), missed: missed + (more.missed ?? 0) };
    this.#counts.set(target, counts);
  }

  remove(target: Target): void {
    this.#counts.delete(target);
  }
}

/** The metrics of the monitors in all targets. Targets that list the same monitor share its metrics. */
export class MonitorMetrics {
  /** Emitted when the selection of a target or the metrics of its monitors have changed. */
  readonly changed: Emitter<[target: Target]>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #monitors = new Map<string, MutableMonitor>();
  readonly #selected = new Map<Target, ReadonlyMap<string, MutableMonitor>>();
  /** Time on the monotonic clock since which no target lists each of the other monitors. */
  readonly #unlisted = new Map<MutableMonitor, number>();
  /** Places of the targets in the order in which they were added. */
  readonly #places = new Map<Target, number>();
  #lastPlace = 0;
  /** Targets whose last read failed: other targets read their monitors, if they list them. */
  readonly #failing = new WeakSet<Target>();

  constructor(clock: Pick<Clock, 'monotonic'>, log: Pick<Logger, 'error'>) {
    this.#clock = clock;
    this.changed = new Emitter(log, 'change of monitor metrics');
  }

  /**
   * Sets the monitors that a target exports: the ARN of each name. Equal ARNs at the same `place`, for example the endpoint
   * of the service, are one monitor.
   */
  select(target: Target, place: string, arns: ReadonlyMap<string, string>, limitOf: LimitOf): void {
    const selected = new Map(Array.from(arns, ([name, arn]) => [name, this.#monitor(JSON.stringify([place, arn]))]));
    this.#disown(target);
    this.#selected.set(target, selected);
    this.#own(target, limitOf);
    this.changed.emit(target);
  }

  remove(target: Target): void {
    this.#disown(target);
    this.#places.delete(target);
    if (this.#selected.delete(target)) {
      this.changed.emit(target);
    }
  }

  /** Returns the monitors that a target exports, in the order of the listing. */
  of(target: Target): readonly SelectedMonitor[] {
    return Array.from(this.#selected.get(target) ?? [], ([name, monitor]) => {
      return { name, monitor, roundTripTimeLimit: monitor.owners.get(target)?.limit };
    });
  }

  find(target: Target, name: string): MonitorState | undefined {
    return this.#selected.get(target)?.get(name);
  }

  /** Returns the monitors that a target reads: of several targets with a monitor, the first whose last read succeeded. */
  readBy(target: Target): readonly MonitorState[] {
    return [...new Set(this.#selected.get(target)?.values())].filter((monitor) => {
      const owners = inOrder(monitor.owners).map(([owner]) => owner);
      return (owners.find((owner) => !this.#failing.has(owner)) ?? owners[0]) === target;
    });
  }

  setFailing(target: Target, isFailing: boolean): void {
    if (isFailing) {
      this.#failing.add(target);
    } else {
      this.#failing.delete(target);
    }
  }

  /** Adds the points of a read to a monitor, as {@link MutableMonitor.count}. Undefined if the monitor was forgotten. */
  count({ key }: MonitorState, readings: ReadonlyMap<MonitorMetric, PeriodReading>): CountedMonitor | undefined {
    const monitor = this.#monitors.get(key);
    if (monitor !== undefined && monitor.owners.size > 0) {
      // A limit of a removed target may remain.
      monitor.limits = limitsOf(monitor);
    }
    const counted = monitor?.count(readings);
    this.#emit(key);
    return counted;
  }

  /** Shows what was counted of a monitor, after it was stored. */
  show({ key }: MonitorState, counted: CountedMonitor): void {
    this.#monitors.get(key)?.show(counted);
    this.#emit(key);
  }

  /** Adds what another process has counted, as {@link MutableMonitor.merge}. */
  merge(key: string, stored: StoredMonitor, totals?: MonitorTotals): void {
    this.#monitor(key).merge(stored, totals);
    this.#emit(key);
  }

  /** Forgets monitors that no target has listed for 90 minutes. Returns their keys. */
  forgetUnlisted(): readonly string[] {
    const latest = this.#clock.monotonic() - KEPT_UNLISTED_MS;
    const old = [...this.#unlisted].filter(([, since]) => since <= latest).map(([monitor]) => monitor);
    for (const monitor of old) {
      this.#unlisted.delete(monitor);
      this.#monitors.delete(monitor.key);
    }
    return old.map(({ key }) => key);
  }

  #emit(key: string): void {
    for (const target of this.#monitors.get(key)?.owners.keys() ?? []) {
      this.changed.emit(target);
    }
  }

  #monitor(key: string): MutableMonitor {
    const known = this.#monitors.get(key);
    if (known !== undefined) {
      return known;
    }
    const [, arn]: readonly unknown[] = JSON.parse(key);
    const monitor = new MutableMonitor(key, String(arn));
    this.#monitors.set(key, monitor);
    this.#unlisted.set(monitor, this.#clock.monotonic());
    return monitor;
  }

  /** Makes a target an owner of its monitors. Takes time in proportion to their number. */
  #own(target: Target, limitOf: LimitOf): void {
    const place = this.#places.get(target) ?? this.#lastPlace + 1;
    this.#lastPlace = Math.max(place, this.#lastPlace);
    this.#places.set(target, place);
    for (const [name, monitor] of this.#selected.get(target) ?? []) {
      const limit = limitOf(name);
      monitor.owners.set(target, { place, limit });
      const [first, ...others] = monitor.limits;
      // Many targets may list a monitor, usually with the same limit.
      if (limit !== undefined && (first !== limit || others.length > 0)) {
        monitor.limits = limitsOf(monitor);
      }
      this.#unlisted.delete(monitor);
    }
  }

  #disown(target: Target): void {
    const now = this.#clock.monotonic();
    for (const monitor of this.#selected.get(target)?.values() ?? []) {
      const { owners } = monitor;
      const wasOwner = owners.delete(target);
      if (wasOwner && monitor.limits.length > 1) {
        monitor.limits = limitsOf(monitor);
      }
      if (wasOwner && owners.size === 0) {
        this.#unlisted.set(monitor, now);
      }
    }
  }
}

function inOrder(owners: MutableMonitor['owners']) {
  return [...owners].sort(([, a], [, b]) => a.place - b.place);
}

/** Returns each limit once, in the order of the targets. */
function limitsOf({ owners }: MutableMonitor): readonly number[] {
  return [...new Set(inOrder(owners).flatMap(([, { limit }]) => limit ?? []))];
}
