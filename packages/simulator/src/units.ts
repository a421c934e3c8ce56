import type { Query } from './queries.ts';
import { Random } from './random.ts';
import type { MetricName } from './vocabulary.ts';
import type { Worlds } from './worlds.ts';

/** What an answer says of its unit: a text (maybe empty), null, or nothing at all. */
export type UnitAnswer = { unit?: string | null };

type Factors = Readonly<Record<string, number>>;

/** How many of the metric's base unit (microseconds, bytes, one) make one of each unit that fits it. */
const TIME: Factors = { Microseconds: 1, Milliseconds: 1000, Seconds: 1_000_000 };
const VOLUME: Factors = {
  Bytes: 1,
  Kilobytes: 1e3,
  Megabytes: 1e6,
  Gigabytes: 1e9,
  Terabytes: 1e12,
  Bits: 0.125,
  Kilobits: 125,
  Megabits: 125e3,
  Gigabits: 125e6,
  Terabits: 125e9,
};
const COUNT: Factors = { Count: 1 };

const FITTING: Readonly<Record<MetricName, Factors>> = {
  ROUND_TRIP_TIME: TIME,
  TIMEOUTS: COUNT,
  RETRANSMISSIONS: COUNT,
  DATA_TRANSFERRED: VOLUME,
};

/** All that the service's model can name. */
const METRIC_UNITS: readonly string[] = [
  ...['Seconds', 'Microseconds', 'Milliseconds', ...Object.keys(VOLUME), 'Percent', 'Count'],
  ...[...Object.keys(VOLUME), 'Count'].map((unit) => `${unit}/Second`),
  'None',
];

/** A unit that would leave less than this of the largest value is not drawn: rounding would level the rows. */
const LEAST_TOP_VALUE = 100;

/**
 * The unit of a query's results, of which `top` is the largest value in the metric's base unit: what its life pins, else
 * drawn. Every form of naming none is among those drawn: `None`, the empty text and, unless the model requires a unit,
 * null and absent.
 */
export function unitOf(
  { type, metricName, queryId, life }: Query,
  top: number,
  from: Worlds['units'],
  seed: string,
): UnitAnswer {
  if (life.unit !== undefined) {
    return life.unit === 'absent' ? {} : { unit: life.unit };
  }
  const fitting = Object.entries(FITTING[metricName]);
  const large = fitting.filter(([, factor]) => top / factor >= LEAST_TOP_VALUE).map(([unit]) => unit);
  const named = from === 'any' ? METRIC_UNITS : large;
  const absent: UnitAnswer[] = type === 'workload-insights-top-contributors-data' ? [] : [{ unit: null }, {}];
  const candidates = [...[...named, 'None', ''].map((unit): UnitAnswer => ({ unit })), ...absent];
  const random = new Random(`${seed}/unit/${queryId}`);
  // Most real answers name the metric's own unit, so half of the draws do.
  const usual = fitting[0]?.[0] ?? 'None';
  return from === 'fitting' && random.chance(0.5)
    ? { unit: usual }
    : (candidates[random.integer(0, candidates.length - 1)] ?? { unit: usual });
}

/** How many of the metric's base unit make one of `unit`; 1 for what does not fit it or is no unit. */
export function factorOf(metricName: MetricName, unit: string | null | undefined): number {
  return FITTING[metricName][unit ?? ''] ?? 1;
}
