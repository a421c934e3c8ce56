import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METRIC_UNITS } from '../../packages/simulator/test/api-facts.ts';
import { InvalidResponse } from '../../src/aws/errors.ts';
import { METRIC_NAMES, type MetricName, ROUND_TRIP_TIME_UNITS } from '../../src/model/vocabulary.ts';
import { unitConversion } from '../../src/results/units.ts';

/** The value of 3 of each unit in the base unit of its metrics. */
const TIMES: Readonly<Record<string, number>> = { Seconds: 3, Milliseconds: 0.003, Microseconds: 0.000003 };
const VOLUMES: Readonly<Record<string, number>> = {
  Bytes: 3,
  Kilobytes: 3_000,
  Megabytes: 3_000_000,
  Gigabytes: 3_000_000_000,
  Terabytes: 3_000_000_000_000,
  Bits: 0.375,
  Kilobits: 375,
  Megabits: 375_000,
  Gigabits: 375_000_000,
  Terabits: 375_000_000_000,
};
const COUNTS: Readonly<Record<string, number>> = { Count: 3 };
const METRICS = {
  ROUND_TRIP_TIME: { baseUnit: 'seconds', fitting: TIMES, unnamed: 0.000003 },
  TIMEOUTS: { baseUnit: 'count', fitting: COUNTS, unnamed: 3 },
  RETRANSMISSIONS: { baseUnit: 'count', fitting: COUNTS, unnamed: 3 },
  DATA_TRANSFERRED: { baseUnit: 'bytes', fitting: VOLUMES, unnamed: 3 },
} as const;

const combinations = METRIC_NAMES.flatMap((metricName) =>
  METRIC_UNITS.map((unit): [MetricName, string, number | undefined] => [
    metricName,
    unit,
    unit === 'None' ? METRICS[metricName].unnamed : METRICS[metricName].fitting[unit],
  ]),
);

describe('the 27 units of the model', () => {
  it('are tested with each metric', () => {
    expect(combinations).toHaveLength(4 * 27);
  });

  it.each(combinations.filter(([, , converted]) => converted !== undefined))(
    'converts for %s: 3 %s are %d',
    (name, unit, base) => {
      for (const spelling of [unit, unit.toLowerCase(), unit.toUpperCase()]) {
        const conversion = unitConversion(name, spelling, 'MICROSECONDS');
        expect(conversion.toBase(3)).toBe(base);
        expect(conversion.toBase(0)).toBe(0);
        expect(conversion.baseUnit).toBe(METRICS[name].baseUnit);
        expect(conversion.assumed).toBe(unit === 'None');
      }
    },
  );

  it.each(combinations.filter(([, , converted]) => converted === undefined))('rejects %s in %s', (name, unit) => {
    for (const spelling of [unit, unit.toLowerCase(), unit.toUpperCase()]) {
      expect(() => unitConversion(name, spelling, 'MICROSECONDS')).toThrow(InvalidResponse);
    }
  });
});

describe('unitConversion without a unit', () => {
  it.each([undefined, '', 'None', 'none', 'NONE'])(
    'assumes bytes, counts, and the configured time unit for %j',
    (unit) => {
      for (const [roundTripTimeUnit, seconds] of [
        ['SECONDS', 3],
        ['MILLISECONDS', 0.003],
        ['MICROSECONDS', 0.000003],
      ] as const) {
        const time = unitConversion('ROUND_TRIP_TIME', unit, roundTripTimeUnit);
        expect(time).toMatchObject({ assumed: true, unit: roundTripTimeUnit.toLowerCase(), baseUnit: 'seconds' });
        expect(time.toBase(3)).toBe(seconds);
        const bytes = unitConversion('DATA_TRANSFERRED', unit, roundTripTimeUnit);
        expect(bytes).toMatchObject({ assumed: true, unit: 'bytes' });
        expect(bytes.toBase(3)).toBe(3);
        for (const metricName of ['TIMEOUTS', 'RETRANSMISSIONS'] as const) {
          const count = unitConversion(metricName, unit, roundTripTimeUnit);
          expect(count).toMatchObject({ assumed: true, unit: 'count' });
          expect(count.toBase(3)).toBe(3);
        }
      }
    },
  );

  it('ignores the configured unit if the response has a unit', () => {
    for (const roundTripTimeUnit of ROUND_TRIP_TIME_UNITS) {
      expect(unitConversion('ROUND_TRIP_TIME', 'Milliseconds', roundTripTimeUnit).toBase(3)).toBe(0.003);
    }
  });
});

it.each(['furlongs', ' Bytes', 'Byte', 'KiB', 'Bytes/second', 'undefined', 'constructor', '__proto__'])(
  'rejects the unknown unit %j',
  (unit) => {
    for (const metricName of METRIC_NAMES) {
      expect(() => unitConversion(metricName, unit, 'MICROSECONDS')).toThrow(InvalidResponse);
    }
  },
);

it('lists the accepted units in the error', () => {
  expect(() => unitConversion('ROUND_TRIP_TIME', 'Percent', 'MICROSECONDS')).toThrow(
    new InvalidResponse(
      'expected unit of ROUND_TRIP_TIME to be one of seconds, milliseconds, microseconds, or none, got "Percent"',
    ),
  );
});

it('shows the beginning of a long unit', () => {
  expect(() => unitConversion('TIMEOUTS', 'x'.repeat(100_000), 'MICROSECONDS')).toThrow(/^.{1,150}x$/);
});

it('converts to the nearest number', () => {
  // A decimal text with an exponent is parsed to the nearest number independently.
  const exponents = { Microseconds: -6, Milliseconds: -3, Kilobytes: 3, Megabytes: 6, Gigabytes: 9, Terabytes: 12 };
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.entries(exponents)),
      fc.oneof(fc.nat(1_000), fc.maxSafeNat()),
      ([unit, exponent], value) => {
        const metricName = exponent < 0 ? 'ROUND_TRIP_TIME' : 'DATA_TRANSFERRED';
        expect(unitConversion(metricName, unit, 'SECONDS').toBase(value)).toBe(Number(`${value}e${exponent}`));
      },
    ),
  );
});

it.each([Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
  'rejects %d Terabytes, which is not a finite number of bytes',
  (value) => {
    expect(() => unitConversion('DATA_TRANSFERRED', 'Terabytes', 'SECONDS').toBase(value)).toThrow(InvalidResponse);
  },
);
