import { InvalidResponse } from '../aws/errors.ts';
import type { MetricName, RoundTripTimeUnit } from '../model/vocabulary.ts';

export type BaseUnit = 'seconds' | 'bytes' | 'count';

export const BASE_UNITS: Readonly<Record<MetricName, BaseUnit>> = {
  ROUND_TRIP_TIME: 'seconds',
  TIMEOUTS: 'count',
  RETRANSMISSIONS: 'count',
  DATA_TRANSFERRED: 'bytes',
};

/** Conversion of the values of one response to the metric's base unit. */
export interface UnitConversion {
  /** The unit of the response, or the assumed unit without one. */
  readonly unit: string;
  /** Whether the response has no unit. */
  readonly assumed: boolean;
  readonly baseUnit: BaseUnit;
  /** Converts to the base unit, correctly rounded: 3 Milliseconds are 0.003. @throws InvalidResponse if not finite */
  toBase(value: number): number;
}

/** A conversion to the base unit is one multiplication or division by a whole number, which is exact. */
type Conversion = (value: number) => number;

const times =
  (factor: number): Conversion =>
  (value) =>
    value * factor;
const per =
  (divisor: number): Conversion =>
  (value) =>
    value / divisor;

/** Units by base unit in lower case, of CloudWatch's 27. Percent and units per second belong to no base unit. */
const CONVERSIONS: Readonly<Record<BaseUnit, ReadonlyMap<string, Conversion>>> = {
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
 * Returns the conversion from `unit`, in any letter case, for a metric. `None`, the empty text, and undefined are not units:
 * then bytes, counts, or `roundTripTimeUnit` are assumed.
 *
 * @throws InvalidResponse if the unit does not fit the metric
 */
export function unitConversion(
  metricName: MetricName,
  unit: string | undefined,
  roundTripTimeUnit: RoundTripTimeUnit,
): UnitConversion {
  const baseUnit = BASE_UNITS[metricName];
  const assumed = unit === undefined || unit === '' || unit.toLowerCase() === 'none';
  const taken = assumed ? (baseUnit === 'seconds' ? roundTripTimeUnit.toLowerCase() : baseUnit) : unit;
  const convert = CONVERSIONS[baseUnit].get(taken.toLowerCase());
  if (convert === undefined) {
    const fitting = [...CONVERSIONS[baseUnit].keys()].join(', ');
    throw new InvalidResponse(
      `expected unit of ${metricName} to be one of ${fitting}, or none, got ${JSON.stringify(taken).slice(0, 60)}`,
    );
  }
  return {
    unit: taken,
    assumed,
    baseUnit,
    toBase(value) {
      const converted = convert(value);
      if (!Number.isFinite(converted)) {
        throw new InvalidResponse(`expected values of ${metricName} to be finite, got ${value} ${taken}`);
      }
      return converted;
    },
  };
}
