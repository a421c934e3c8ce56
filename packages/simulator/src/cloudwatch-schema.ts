import * as field from './fields.ts';
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
  match: field.defaulted(field.objectOf(MATCH), {}),
  /** Start and end in milliseconds after the start of the simulator. The default is always. */
  from: field.optional(field.duration),
  until: field.optional(field.duration),
  /** Share of the matching points (or metrics of a response), from 0 to 1, distributed by the seed; all by default. */
  rate: field.defaulted(field.number(0, 1, 'number'), 1),
};

const KINDS = {
  /** The point appears later by `by` milliseconds. */
  late: { by: field.required(field.duration) },
  /** The point never appears. */
  missing: {},
  /** The point is listed twice in each response. */
  repeated: {},
  /** The point first has `factor` times its value, rounded, and its value `after` milliseconds later. */
  corrected: { factor: field.required(field.number(0, 1000, 'number')), after: field.required(field.duration) },
  /** A response lacks the metric. */
  idMissing: {},
  /** A response lists the metric twice, with equal points. */
  idRepeated: {},
  /** A response has only the older half of the metric's points, and its status is PartialData. */
  partial: {},
};
export type MetricFault = field.Kinds<typeof BASE, typeof KINDS>;
export type ResultFault = Extract<MetricFault, { kind: 'idMissing' | 'idRepeated' | 'partial' }>;
export type PointFault = Exclude<MetricFault, ResultFault>;

const RESULT_KINDS: ReadonlySet<string> = new Set<ResultFault['kind']>(['idMissing', 'idRepeated', 'partial']);

/** Returns whether a fault affects points, in all responses alike. The others affect the results of single responses. */
export function isPointFault(fault: MetricFault): fault is PointFault {
  return !RESULT_KINDS.has(fault.kind);
}

/** Monitor metrics in CloudWatch. All times are in milliseconds. */
const CLOUDWATCH = {
  /** Time from the end of a minute until its points appear. */
  delay: field.defaulted(field.duration, 60_000),
  /** Value of HealthIndicator while AWS's network is degraded: documented as 1, observed as 100. */
  degradedValue: field.defaulted(field.number(1, 100, 'integer'), 1),
  /** Maximum number of points per response, independent of MaxDatapoints. */
  pageSize: field.defaulted(field.number(1, 100_800, 'integer'), 100_800),
  faults: field.defaulted(field.listOf(field.kindsOf(BASE, KINDS)), []),
};
export type CloudWatch = field.Shape<typeof CLOUDWATCH>;

export const defaultCloudWatch: CloudWatch = field.defaultsOf(CLOUDWATCH);
export const readCloudWatch: field.Reader<CloudWatch> = field.objectOf(CLOUDWATCH);
