import { createRandom } from './random.ts';
import { METRIC_UNITS, type MetricName } from './vocabulary.ts';

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

/** A unit that would leave less than this of the largest value is not drawn: rounding would level the rows. */
const LEAST_TOP_VALUE = 100;

export interface UnitChoice {
  metricName: MetricName;
  /** The largest value of the results, in the metric's base unit. */
  top: number;
  /** `fitting`: what fits the metric, or none; `any`: all that the service can name, or none. */
  from: 'fitting' | 'any';
  /** Whether the model requires a unit, so that null and absent are not drawn. */
  required: boolean;
  /** Decides the draw. */
  seed: string;
}

/** Draws the unit of an answer. Every form of naming none is among them: `None`, the empty text, null and absent. */
export function drawUnit(choice: UnitChoice): UnitAnswer {
  const named =
    choice.from === 'any'
      ? METRIC_UNITS
      : Object.entries(FITTING[choice.metricName])
          .filter(([, factor]) => choice.top / factor >= LEAST_TOP_VALUE)
          .map(([unit]) => unit);
  const unnamed: UnitAnswer[] = [{ unit: 'None' }, { unit: '' }];
  const absent: UnitAnswer[] = choice.required ? [] : [{ unit: null }, {}];
  const candidates = [...named.map((unit): UnitAnswer => ({ unit })), ...unnamed, ...absent];
  const random = createRandom(choice.seed);
  // Most real answers name the metric's own unit, so half of the draws do.
  const usual = Object.keys(FITTING[choice.metricName])[0] ?? 'None';
  return choice.from === 'fitting' && random.chance(0.5)
    ? { unit: usual }
    : (candidates[random.integer(0, candidates.length - 1)] ?? { unit: usual });
}

/** How many of the metric's base unit make one of `unit`; 1 for what does not fit it or is no unit. */
export function factorOf(metricName: MetricName, unit: string | null | undefined): number {
  return FITTING[metricName][unit ?? ''] ?? 1;
}
