import {
  defaulted,
  defaultsOf,
  duration,
  listOf,
  number,
  objectOf,
  oneOf,
  optional,
  type Reader,
  required,
  type Shape,
  taggedOf,
} from './fields.ts';
import { glob } from './vocabulary.ts';

/** Selects metrics of monitors: each pattern must match. */
const MATCH = {
  account: glob,
  region: glob,
  monitorName: glob,
  /** For example, HealthIndicator. */
  metricName: glob,
};

const BASE = {
  /** All metrics by default. */
  match: defaulted(objectOf(MATCH), {}),
  /** Start and end in milliseconds after the start of the simulator. The default is always. */
  from: optional(duration),
  until: optional(duration),
  /** Share of the matching points (or metrics of a response), from 0 to 1, distributed by the seed; all by default. */
  rate: defaulted(number(0, 1, 'number'), 1),
};

/** The point appears later by `by` milliseconds. */
const LATE = { ...BASE, kind: required(oneOf('late')), by: required(duration) };
/** The point never appears. */
const MISSING = { ...BASE, kind: required(oneOf('missing')) };
/** The point is listed twice in each response. */
const REPEATED = { ...BASE, kind: required(oneOf('repeated')) };
/** The point first has `factor` times its value, rounded, and its value `after` milliseconds later. */
const CORRECTED = {
  ...BASE,
  kind: required(oneOf('corrected')),
  factor: required(number(0, 1000, 'number')),
  after: required(duration),
};
/** A response lacks the metric. */
const ID_MISSING = { ...BASE, kind: required(oneOf('idMissing')) };
/** A response lists the metric twice, with equal points. */
const ID_REPEATED = { ...BASE, kind: required(oneOf('idRepeated')) };
/** A response has only the older half of the metric's points, and its status is PartialData. */
const PARTIAL = { ...BASE, kind: required(oneOf('partial')) };

export type PointFault = Shape<typeof LATE> | Shape<typeof MISSING> | Shape<typeof REPEATED> | Shape<typeof CORRECTED>;
export type ResultFault = Shape<typeof ID_MISSING> | Shape<typeof ID_REPEATED> | Shape<typeof PARTIAL>;
export type MetricFault = PointFault | ResultFault;

const RESULT_KINDS: ReadonlySet<string> = new Set<ResultFault['kind']>(['idMissing', 'idRepeated', 'partial']);

/** Returns whether a fault affects points, in all responses alike. The others affect the results of single responses. */
export function isPointFault(fault: MetricFault): fault is PointFault {
  return !RESULT_KINDS.has(fault.kind);
}

const readMetricFaults = listOf(
  taggedOf<MetricFault>('kind', {
    late: objectOf(LATE),
    missing: objectOf(MISSING),
    repeated: objectOf(REPEATED),
    corrected: objectOf(CORRECTED),
    idMissing: objectOf(ID_MISSING),
    idRepeated: objectOf(ID_REPEATED),
    partial: objectOf(PARTIAL),
  }),
);

/** Monitor metrics in CloudWatch. All times are in milliseconds. */
const CLOUDWATCH = {
  /** Time from the end of a minute until its points appear. */
  delay: defaulted(duration, 60_000),
  /** Value of HealthIndicator while AWS's network is degraded: documented as 1, observed as 100. */
  degradedValue: defaulted(number(1, 100, 'integer'), 1),
  /** Maximum number of points per response, independent of MaxDatapoints. */
  pageSize: defaulted(number(1, 100_800, 'integer'), 100_800),
  faults: defaulted(readMetricFaults, []),
};
export type CloudWatch = Shape<typeof CLOUDWATCH>;

export const defaultCloudWatch: CloudWatch = defaultsOf(CLOUDWATCH);
export const readCloudWatch: Reader<CloudWatch> = objectOf(CLOUDWATCH);
