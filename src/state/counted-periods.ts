import { PERIOD_MS, type Point } from '../aws/cloudwatch/metric-data.ts';
import { complete, members, numberOf } from '../lib/json-values.ts';
import type { Span } from '../model/run.ts';

/** Age, counted from the newest period, up to which values are kept. Reads cover at most 60 minutes. */
const KEPT_PERIODS = 90;
const KEPT_MS = KEPT_PERIODS * PERIOD_MS;

/** What is known of one metric of a monitor. Can be stored as JSON. Times are in milliseconds since the epoch. */
export interface StoredPeriods {
  /** Start of the first period that is counted. */
  readonly from: number;
  /** The periods that complete reads have covered, without a gap. */
  readonly covered: Span | undefined;
  /** End of the periods that were covered when late points could be expected no more. */
  readonly settled: number;
  /** Start of the first period with a value. */
  readonly first: number;
  /** Values of this and the following periods, at most 90; null for a period without a value. */
  readonly values: readonly (number | null)[];
}

export interface PeriodReading {
  readonly points: readonly Point[];
  readonly range: Span;
  /** False if the response says that points are missing. */
  readonly isComplete: boolean;
  /** End of the periods whose points cannot be late anymore. */
  readonly settled: number;
}

export interface CountedReading {
  /** Periods that had no value before. */
  readonly periods: number;
  readonly increase: number;
  /** Periods between this read and the last one that neither has covered. */
  readonly missed: number;
}

/**
 * Counts the points of a metric: each period once, in any order. Of several values of a period, the largest counts, so
 * corrections downward are ignored. The first read counts from its newest period on; later reads count older periods, too.
 */
export class CountedPeriods {
  #values = new Map<number, number>();
  #from: number | undefined;
  #covered: Span | undefined;
  #settled = 0;

  static restore({ from, covered, settled, first, values }: StoredPeriods): CountedPeriods {
    const periods = new CountedPeriods();
    periods.#from = from;
    periods.#covered = covered;
    periods.#settled = settled;
    for (const [i, value] of values.entries()) {
      if (value !== null) {
        periods.#values.set(first + i * PERIOD_MS, value);
      }
    }
    return periods;
  }

  /** Returns what both know: of two values of a period, the larger one. */
  static merge(a: StoredPeriods, b: StoredPeriods): StoredPeriods {
    const [newer, older] = (a.covered?.end ?? 0) >= (b.covered?.end ?? 0) ? [a, b] : [b, a];
    const merged = CountedPeriods.restore(newer);
    for (const [at, value] of CountedPeriods.restore(older).entries()) {
      merged.#values.set(at, Math.max(value, merged.#values.get(at) ?? value));
    }
    merged.#from = Math.max(a.from, b.from);
    merged.#forgetUntil((merged.newest ?? Number.NEGATIVE_INFINITY) - KEPT_MS);
    return merged.stored() ?? newer;
  }

  /** Returns the value of each known period, in the order of time. */
  entries(): readonly Point[] {
    return [...this.#values].sort(([a], [b]) => a - b);
  }

  /** Start of the newest period with a value. */
  get newest(): number | undefined {
    return this.#values.size === 0 ? undefined : Math.max(...this.#values.keys());
  }

  add({ points, range, isComplete, settled }: PeriodReading): CountedReading {
    const newest = Math.max(this.newest ?? Number.NEGATIVE_INFINITY, ...points.map(([at]) => at));
    if (this.#from === undefined) {
      if (newest === Number.NEGATIVE_INFINITY && !isComplete) {
        return { periods: 0, increase: 0, missed: 0 };
      }
      this.#from = newest === Number.NEGATIVE_INFINITY ? range.end : newest;
    }
    const oldest = newest - KEPT_MS;
    let periods = 0;
    let increase = 0;
    for (const [at, value] of points) {
      const before = this.#values.get(at);
      if (at <= oldest || (before !== undefined && before >= value)) {
        continue;
      }
      this.#values.set(at, value);
      if (at >= this.#from) {
        periods += before === undefined ? 1 : 0;
        increase += value - (before ?? 0);
      }
    }
    this.#forgetUntil(oldest);
    return { periods, increase, missed: isComplete ? this.#cover(range, settled) : 0 };
  }

  /** Returns the sum of the values of whole periods, if all their points are known. */
  sum({ start, end }: Span): number | undefined {
    const oldest = (this.newest ?? Number.NEGATIVE_INFINITY) - KEPT_MS;
    const isKnown =
      this.#covered !== undefined && start >= this.#covered.start && start > oldest && end <= this.#settled;
    if (!isKnown || start % PERIOD_MS !== 0 || end % PERIOD_MS !== 0) {
      return undefined;
    }
    let sum = 0;
    for (let at = start; at < end; at += PERIOD_MS) {
      sum += this.#values.get(at) ?? 0;
    }
    return sum;
  }

  /** Undefined before the first read. */
  stored(): StoredPeriods | undefined {
    if (this.#from === undefined) {
      return undefined;
    }
    const newest = this.newest;
    const first = newest === undefined ? this.#from : Math.min(...this.#values.keys());
    const count = newest === undefined ? 0 : (newest - first) / PERIOD_MS + 1;
    return {
      from: this.#from,
      covered: this.#covered,
      settled: this.#settled,
      first,
      values: Array.from({ length: count }, (_, i) => this.#values.get(first + i * PERIOD_MS) ?? null),
    };
  }

  /** Old periods are never counted again, even if the wall clock is set back. */
  #forgetUntil(oldest: number): void {
    for (const at of this.#values.keys()) {
      if (at <= oldest) {
        this.#values.delete(at);
      }
    }
    this.#from = Math.max(this.#from ?? oldest, oldest + PERIOD_MS);
  }

  /** Returns the number of periods between the covered range and a new one. */
  #cover({ start, end }: Span, settled: number): number {
    const { start: first, end: last } = this.#covered ?? { start, end: start };
    const isConnected = start <= last && end >= first;
    this.#covered = isConnected ? { start: Math.min(first, start), end: Math.max(last, end) } : { start, end };
    this.#settled = Math.max(isConnected ? this.#settled : 0, Math.min(end, settled));
    return Math.max(0, start - last) / PERIOD_MS;
  }
}

/** Reads periods as they were stored. Undefined if the value is none. */
export function readPeriods(value: unknown): StoredPeriods | undefined {
  const { from, covered, settled, first, values } = members(value);
  const { start, end } = members(covered);
  const isList = (list: unknown): list is (number | null)[] =>
    Array.isArray(list) &&
    list.length <= KEPT_PERIODS &&
    list.every((each) => each === null || typeof each === 'number');
  const required = complete({
    from: numberOf(from),
    settled: numberOf(settled),
    first: numberOf(first),
    values: isList(values) ? values : undefined,
  });
  return required && { ...required, covered: complete({ start: numberOf(start), end: numberOf(end) }) };
}
