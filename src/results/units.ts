import { InvalidResponse } from '../aws/errors.ts';
import type { MetricName, RoundTripTimeUnit } from '../model/vocabulary.ts';

/** What a metric is exported in. */
export type BaseUnit = 'seconds' | 'bytes' | 'count';

const BASE_UNITS: Readonly<Record<MetricName, BaseUnit>> = {
  ROUND_TRIP_TIME: 'seconds',
  TIMEOUTS: 'count',
  RETRANSMISSIONS: 'count',
  DATA_TRANSFERRED: 'bytes',
};

/** How the values of one answer become values in the metric's base unit. */
export interface UnitConversion {
  /** The unit the values are taken to be in: the answer's own, or the assumed one where it names none. */
  readonly unit: string;
  /** The answer names no unit. */
  readonly assumed: boolean;
  readonly baseUnit: BaseUnit;
  /**
   * A value of the answer in the base unit, correctly rounded: 3 Milliseconds are 0.003.
   *
   * @throws InvalidResponse for what no finite number can hold.
   */
  toBase(value: number): number;
}

/**
 * One of a unit is `times` / `per` of the base unit. Both are whole and one of them is 1, so that a conversion is one
 * multiplication or one division by an exact number.
 */
interface Factor {
  readonly times: number;
  readonly per: number;
}

const times = (factor: number): Factor => ({ times: factor, per: 1 });
const per = (divisor: number): Factor => ({ times: 1, per: divisor });

/**
 * Of the 27 units that the service's model takes over from CloudWatch, in lower case, those that are an amount of each
 * base unit. Prefixes are decimal. Percent and all that is per second are an amount of none.
 */
const FACTORS: Readonly<Record<BaseUnit, ReadonlyMap<string, Factor>>> = {
  seconds: new Map([
    ['seconds', times(1)],
    ['milliseconds', per(1e3)],
    ['microseconds', per(1e6)],
  ]),
  bytes: new Map([
    ['bytes', times(1)],
    ['kilobytes', times(1e3)],
    ['megabytes', times(1e6)],
    ['gigabytes', times(1e9)],
    ['terabytes', times(1e12)],
    ['bits', per(8)],
    ['kilobits', times(125)],
    ['megabits', times(125e3)],
    ['gigabits', times(125e6)],
    ['terabits', times(125e9)],
  ]),
  count: new Map([['count', times(1)]]),
};

/**
 * How to convert an answer about a metric whose unit is named `unit`, in any case. `None`, the empty text and undefined
 * name none: bytes, counts and `roundTripTimeUnit` are assumed then.
 *
 * @throws InvalidResponse for a unit that is no amount of what the metric measures.
 */
export function unitConversion(
  metricName: MetricName,
  unit: string | undefined,
  roundTripTimeUnit: RoundTripTimeUnit,
): UnitConversion {
  const baseUnit = BASE_UNITS[metricName];
  const assumed = unit === undefined || unit === '' || unit.toLowerCase() === 'none';
  const taken = assumed ? (baseUnit === 'seconds' ? roundTripTimeUnit.toLowerCase() : baseUnit) : unit;
  const factor = FACTORS[baseUnit].get(taken.toLowerCase());
  if (factor === undefined) {
    const fitting = [...FACTORS[baseUnit].keys()].join(', ');
    throw new InvalidResponse(
      `expected unit of ${metricName} to be one of ${fitting}, or none, got ${JSON.stringify(taken).slice(0, 60)}`,
    );
  }
  return {
    unit: taken,
    assumed,
    baseUnit,
    toBase(value) {
      const converted = (value * factor.times) / factor.per;
      if (!Number.isFinite(converted)) {
        throw new InvalidResponse(`expected values of ${metricName} to be finite, got ${value} ${taken}`);
      }
      return converted;
    },
  };
}
