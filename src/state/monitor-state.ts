import { PERIOD_MS, type Point } from '../aws/cloudwatch/metric-data.ts';
import type { Span } from '../model/run.ts';
import type { MonitorMetric } from '../model/vocabulary.ts';
import type { Target } from '../scheduler/target.ts';
import { CountedPeriods, type PeriodReading, type StoredPeriods } from './counted-periods.ts';
import { type NetworkCondition, networkCondition } from './monitor-condition.ts';

const TOTALS = [
  'observedSeconds',
  'degradedSeconds',
  'retransmissions',
  'timeouts',
  'dataTransferred',
  // Minutes with a round-trip time while the monitor has a limit, and those above it.
  'roundTripObservedSeconds',
  'roundTripSlowSeconds',
] as const;

/** Sums over the counted periods of a monitor since the start of the exporter. */
export type MonitorTotals = Readonly<Record<(typeof TOTALS)[number], number>>;

export function totalsOf(of: (total: keyof MonitorTotals) => number): MonitorTotals {
  return Object.fromEntries(TOTALS.map((total) => [total, of(total)])) as MonitorTotals; // has all of them
}

const NO_TOTALS = totalsOf(() => 0);

/** Totals of the metrics that are sums. */
const SUMS = {
  Retransmissions: 'retransmissions',
  Timeouts: 'timeouts',
  DataTransferred: 'dataTransferred',
} as const satisfies Partial<Record<MonitorMetric, keyof MonitorTotals>>;

/** Metrics of which each period is counted: RoundTripTime, if the monitor has a limit. */
export const COUNTED = ['HealthIndicator', 'Retransmissions', 'Timeouts', 'DataTransferred', 'RoundTripTime'] as const;
type CountedMetric = (typeof COUNTED)[number];

/** The metrics of a monitor. Times are in milliseconds since the epoch. */
export type MonitorState = Readonly<
  Pick<MutableMonitor, 'key' | 'arn' | 'totals' | 'roundTripTime' | 'condition' | 'newestEnd' | 'healthEnd'>
> &
  Pick<MutableMonitor, 'countOf' | 'bytesIn'>;

/** The periods of a monitor as they are stored. Can be stored as JSON. */
export interface StoredMonitor {
  readonly condition: NetworkCondition | undefined;
  readonly periods: Readonly<Partial<Record<CountedMetric, StoredPeriods>>>;
  /** The periods of limits of round-trip times other than the first. */
  readonly limits: readonly StoredLimit[];
}

/** The metrics of a monitor after a read, once they are stored. */
export interface CountedMonitor {
  readonly stored: StoredMonitor;
  readonly totals: MonitorTotals;
  /** What is counted for limits other than the first. */
  readonly others: LimitCounts;
  /** Periods that no read has covered. */
  readonly missed: number;
}

/** Minutes with a round-trip time, and those above one limit, in seconds. */
interface LimitCount {
  readonly observedSeconds: number;
  readonly slowSeconds: number;
  readonly periods: StoredPeriods | undefined;
}

/** What is counted for several limits, by limit in seconds. */
export type LimitCounts = ReadonlyMap<number, LimitCount>;

/** The counted periods of one limit, in seconds. Can be stored as JSON. */
export interface StoredLimit {
  readonly limit: number;
  readonly periods: StoredPeriods;
}

const NONE: LimitCount = { observedSeconds: 0, slowSeconds: 0, periods: undefined };
const SECONDS_PER_MICROSECOND = 1e-6;
const SECONDS_PER_PERIOD = PERIOD_MS / 1_000;

export class MutableMonitor {
  /** Identifies the monitor in all targets that list it. */
  readonly key: string;
  readonly arn: string;
  totals: MonitorTotals = NO_TOTALS;
  /** The newest round-trip time: start of its period, and seconds. */
  roundTripTime: Point | undefined;
  /** Limits of round-trip times in seconds, in the order of targets. Counts of the first one outlast its changes. */
  limits: readonly number[] = [];
  condition: NetworkCondition | undefined;
  /** The targets that list the monitor: their places in the order of addition, and limits of round-trip times in seconds. */
  readonly owners = new Map<Target, { readonly place: number; readonly limit: number | undefined }>();
  /** As the last read has shown them. */
  #periods: ReadonlyMap<CountedMetric, CountedPeriods> = new Map();
  /** What the totals show. The next read adds to it. */
  #counted: StoredMonitor = { condition: undefined, periods: {}, limits: [] };
  #others: LimitCounts = new Map();

  constructor(key: string, arn: string) {
    this.key = key;
    this.arn = arn;
  }

  /** End of the newest period of any metric. */
  get newestEnd(): number | undefined {
    const starts = [...Array.from(this.#periods.values(), ({ newest }) => newest), this.roundTripTime?.[0]];
    const known = starts.filter((at) => at !== undefined);
    return known.length === 0 ? undefined : Math.max(...known) + PERIOD_MS;
  }

  get healthEnd(): number | undefined {
    const newest = this.#periods.get('HealthIndicator')?.newest;
    return newest === undefined ? undefined : newest + PERIOD_MS;
  }

  /** Returns what is counted for one of the configured limits of round-trip times, in seconds. */
  countOf(limit: number): Omit<LimitCount, 'periods'> {
    const { roundTripObservedSeconds: observedSeconds, roundTripSlowSeconds: slowSeconds } = this.totals;
    return limit === this.limits[0] ? { observedSeconds, slowSeconds } : (this.#others.get(limit) ?? NONE);
  }

  /** Returns the bytes transferred in a range of whole periods, if all its points are known. */
  bytesIn(range: Span): number | undefined {
    return this.#periods.get('DataTransferred')?.sum(range);
  }

  /** Adds the points of a read. Only gauges show the returned result until {@link show} is called with it. */
  count(readings: ReadonlyMap<MonitorMetric, PeriodReading>): CountedMonitor {
    const totals: { -readonly [Total in keyof MonitorTotals]: number } = { ...this.totals };
    const all = restored(this.#counted);
    const [firstLimit, ...otherLimits] = this.limits;
    let others = this.#others;
    let { condition } = this.#counted;
    let missed = 0;
    for (const [metric, reading] of readings) {
      if (metric === 'RoundTripTime') {
        this.#noteRoundTripTime(reading.points);
        others = countLimits(others, otherLimits, reading);
      }
      const judgment = judgmentOf(metric, firstLimit);
      if (judgment === 'not counted') {
        continue;
      }
      const periods = all.get(metric) ?? new CountedPeriods();
      all.set(metric, periods);
      const counted = periods.add(judged(reading, judgment));
      missed += counted.missed;
      if (metric === 'HealthIndicator') {
        totals.observedSeconds += counted.periods * SECONDS_PER_PERIOD;
        totals.degradedSeconds += counted.increase * SECONDS_PER_PERIOD;
        condition = networkCondition(periods.entries(), condition);
      } else if (metric === 'RoundTripTime') {
        totals.roundTripObservedSeconds += counted.periods * SECONDS_PER_PERIOD;
        totals.roundTripSlowSeconds += counted.increase * SECONDS_PER_PERIOD;
      } else {
        totals[SUMS[metric]] += counted.increase;
      }
    }
    this.#periods = all;
    this.condition = condition;
    const periods = Array.from(all, ([metric, counted]) => [metric, counted.stored()] as const);
    const stored = { condition, periods: Object.fromEntries(periods), limits: storedLimits(others) };
    return { stored, totals, others, missed };
  }

  show({ stored, totals, others }: CountedMonitor): void {
    this.#counted = stored;
    this.#others = others;
    this.totals = totals;
  }

  /** Adds what another process has counted. `totals` are those of this process, according to the storage. */
  merge(other: StoredMonitor, totals: MonitorTotals = NO_TOTALS): void {
    const { periods: own } = this.#counted;
    const periods: { -readonly [Metric in CountedMetric]?: StoredPeriods } = { ...own };
    for (const metric of COUNTED) {
      const [a, b] = [own[metric], other.periods[metric]];
      if (b !== undefined) {
        periods[metric] = a === undefined ? b : CountedPeriods.merge(a, b);
      }
    }
    this.#others = mergeLimits(this.#others, other.limits);
    this.#counted = {
      condition: other.condition ?? this.#counted.condition,
      periods,
      limits: storedLimits(this.#others),
    };
    this.#periods = restored(this.#counted);
    this.condition = this.#counted.condition;
    const before = this.totals;
    this.totals = totalsOf((total) => Math.max(before[total], totals[total]));
  }

  #noteRoundTripTime(points: readonly Point[]): void {
    for (const [at, value] of points) {
      if (value > 0 && at >= (this.roundTripTime?.[0] ?? 0)) {
        this.roundTripTime = [at, value * SECONDS_PER_MICROSECOND];
      }
    }
  }
}

/** Returns what is counted of a point. */
type Judgment = (point: Point) => Point[];

function judged(reading: PeriodReading, judgment: Judgment): PeriodReading {
  return { ...reading, points: reading.points.flatMap(judgment) };
}

function slowerThan(limit: number): Judgment {
  return ([at, value]) => (value > 0 ? [[at, value * SECONDS_PER_MICROSECOND > limit ? 1 : 0]] : []);
}

/** Judges degraded minutes, and minutes above the limit in seconds, as 1. Omits those without a round-trip time. */
function judgmentOf(metric: MonitorMetric, limit: number | undefined): Judgment | 'not counted' {
  switch (metric) {
    case 'HealthIndicator':
      return ([at, value]) => [[at, value > 0 ? 1 : 0]];
    case 'RoundTripTime':
      return limit === undefined ? 'not counted' : slowerThan(limit);
    default:
      return (point) => [point];
  }
}

function restored({ periods }: StoredMonitor): Map<CountedMetric, CountedPeriods> {
  return new Map(
    COUNTED.flatMap((metric) => {
      const stored = periods[metric];
      return stored === undefined ? [] : [[metric, CountedPeriods.restore(stored)] as const];
    }),
  );
}

/** Returns the periods of all limits that have any. */
function storedLimits(counts: LimitCounts): readonly StoredLimit[] {
  return Array.from(counts).flatMap(([limit, { periods }]) => (periods === undefined ? [] : [{ limit, periods }]));
}

/** Adds periods that another process has counted, which are not counted again. */
function mergeLimits(before: LimitCounts, others: readonly StoredLimit[]): LimitCounts {
  const merged = new Map(before);
  for (const { limit, periods } of others) {
    const own = before.get(limit) ?? NONE;
    merged.set(limit, { ...own, periods: own.periods ? CountedPeriods.merge(own.periods, periods) : periods });
  }
  return merged;
}

/** Adds round-trip times to the counts of `limits`, and forgets others. */
function countLimits(before: LimitCounts, limits: readonly number[], reading: PeriodReading): LimitCounts {
  return new Map(
    limits.map((limit) => {
      const known = before.get(limit) ?? NONE;
      const all = known.periods ? CountedPeriods.restore(known.periods) : new CountedPeriods();
      const { periods, increase } = all.add(judged(reading, slowerThan(limit)));
      const observedSeconds = known.observedSeconds + periods * SECONDS_PER_PERIOD;
      const slowSeconds = known.slowSeconds + increase * SECONDS_PER_PERIOD;
      return [limit, { periods: all.stored(), observedSeconds, slowSeconds }];
    }),
  );
}
