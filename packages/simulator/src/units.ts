import type { Query } from './queries.ts';
import { Random } from './random.ts';
import type { MetricName } from './vocabulary.ts';
import type { Worlds } from './worlds.ts';

/** The unit in a response: a text (possibly empty), null, or absent. */
export type UnitMember = { unit?: string | null };

type Factors = Readonly<Record<string, number>>;

/** Factors to the metric's base unit (microseconds, bytes, or one) by unit. */
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

/** All units of the service's model. */
const METRIC_UNITS: readonly string[] = [
  ...['Seconds', 'Microseconds', 'Milliseconds', ...Object.keys(VOLUME), 'Percent', 'Count'],
  ...[...Object.keys(VOLUME), 'Count'].map((unit) => `${unit}/Second`),
  'None',
];

/** Lowest maximum in a drawn unit: with smaller values, rounding would make rows equal. */
const LEAST_TOP_VALUE = 100;

/**
 * The unit of a query's results: set by its life, or drawn. `top` is the largest value in the metric's base unit. All forms of
 * a missing unit may be drawn: `None`, the empty text, and, unless the model requires a unit, null and absent.
 */
export function unitOf(
  { type, metricName, queryId, life }: Query,
  top: number,
  from: Worlds['units'],
  seed: string,
): UnitMember {
  if (life.unit !== undefined) {
    return life.unit === 'absent' ? {} : { unit: life.unit };
  }
  const fitting = Object.entries(FITTING[metricName]);
  const large = fitting.filter(([, factor]) => top / factor >= LEAST_TOP_VALUE).map(([unit]) => unit);
  const named = from === 'any' ? METRIC_UNITS : large;
  const absent: UnitMember[] = type === 'workload-insights-top-contributors-data' ? [] : [{ unit: null }, {}];
  const candidates = [...[...named, 'None', ''].map((unit): UnitMember => ({ unit })), ...absent];
  const random = new Random(`${seed}/unit/${queryId}`);
  // Most real responses have the metric's own unit, so half of the draws do.
  const usual = fitting[0]?.[0] ?? 'None';
  return from === 'fitting' && random.chance(0.5)
    ? { unit: usual }
    : (candidates[random.integer(0, candidates.length - 1)] ?? { unit: usual });
}

/** The factor from `unit` to the metric's base unit; 1 for any other text. */
export function factorOf(metricName: MetricName, unit: string | null | undefined): number {
  return FITTING[metricName][unit ?? ''] ?? 1;
}
