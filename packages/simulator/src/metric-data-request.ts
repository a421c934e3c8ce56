import { isMapping, parsedJson } from './fields.ts';
import { ServiceError } from './service-error.ts';

const STATS = ['Sum', 'Average', 'Maximum', 'Minimum', 'SampleCount'] as const;
export type Stat = (typeof STATS)[number];

/** One entry of MetricDataQueries. */
export interface DataQuery {
  id: string;
  label: string;
  namespace: string;
  metricName: string;
  dimensions: readonly { name: string; value: string }[];
  /** Seconds, a multiple of 60. */
  period: number;
  stat: Stat;
  returnsData: boolean;
}

/** A valid GetMetricData request. Times are in milliseconds since the Unix epoch. */
export interface MetricDataRequest {
  queries: readonly DataQuery[];
  start: number;
  end: number;
  ascending: boolean;
  maxDatapoints: number;
  nextToken: string | undefined;
  /** Equal for requests that differ in the token only. */
  identity: string;
}

const MOST_QUERIES = 500;
const MOST_POINTS = 100_800;

/** Reads and validates the body of a GetMetricData request. @throws ServiceError */
export function parseMetricData(body: Buffer): MetricDataRequest {
  const { NextToken: nextToken, ...input } = parseObject(body);
  const start = timeOf(input, 'StartTime');
  const end = timeOf(input, 'EndTime');
  if (start === end) {
    throw validation('The parameter StartTime must not equal parameter EndTime.');
  }
  if (start > end) {
    throw validation('The parameter StartTime must be less than the parameter EndTime.');
  }
  const { ScanBy: scanBy = 'TimestampDescending', MaxDatapoints: maxDatapoints = MOST_POINTS } = input;
  if (scanBy !== 'TimestampDescending' && scanBy !== 'TimestampAscending') {
    throw validation('The value for parameter ScanBy must be TimestampDescending or TimestampAscending.');
  }
  if (!isInteger(maxDatapoints) || maxDatapoints < 1 || maxDatapoints > MOST_POINTS) {
    throw validation(`The value for parameter MaxDatapoints must be from 1 to ${MOST_POINTS}.`);
  }
  return {
    queries: queriesOf(input['MetricDataQueries']),
    start,
    end,
    ascending: scanBy === 'TimestampAscending',
    maxDatapoints,
    nextToken: nextToken === undefined || nextToken === null ? undefined : String(nextToken),
    identity: JSON.stringify(input),
  };
}

function parseObject(body: Buffer): Record<string, unknown> {
  const value = parsedJson(body);
  if (isMapping(value)) {
    return value;
  }
  throw new ServiceError('SerializationException', 400, 'The body is not a JSON object.');
}

function timeOf(input: Record<string, unknown>, member: string): number {
  const value = input[member];
  if (value === undefined || value === null) {
    throw missing(member);
  }
  if (typeof value !== 'number') {
    throw new ServiceError('SerializationException', 400, `${member} is not a number of seconds.`);
  }
  return value * 1000;
}

function queriesOf(value: unknown): DataQuery[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw missing('MetricDataQueries');
  }
  if (value.length > MOST_QUERIES) {
    throw validation(`The collection MetricDataQueries must not have a size greater than ${MOST_QUERIES}.`);
  }
  const queries = value.map((entry: unknown, i) => queryOf(entry, `MetricDataQueries.member.${i + 1}`));
  const ids = queries.map(({ id }) => id);
  const repeated = ids.find((id, i) => ids.indexOf(id) !== i);
  if (repeated !== undefined) {
    throw validation(`The values for parameter id in MetricDataQueries are not unique: ${repeated}.`);
  }
  return queries;
}

function queryOf(entry: unknown, path: string): DataQuery {
  const query = isMapping(entry) ? entry : {};
  const id = textOf(query, 'Id', path);
  if (!/^[a-z]\w{0,254}$/.test(id)) {
    const pattern = '^[a-z][a-zA-Z0-9_]*$';
    throw validation(`The value ${id} for parameter ${path}.Id is not matching the expected pattern ${pattern}.`);
  }
  if (query['Expression'] !== undefined) {
    throw validation(`The simulator does not support ${path}.Expression.`);
  }
  const metricStat = membersOf(query['MetricStat'], `${path}.MetricStat`);
  const metric = membersOf(metricStat['Metric'], `${path}.MetricStat.Metric`);
  const { Period: period, Stat: statName } = metricStat;
  if (!isInteger(period) || period < 60 || period % 60 !== 0) {
    throw validation(`The parameter ${path}.MetricStat.Period must be a multiple of 60: ${JSON.stringify(period)}.`);
  }
  const stat = STATS.find((known) => known === statName);
  if (!stat) {
    throw validation(`The value ${JSON.stringify(statName)} for parameter ${path}.MetricStat.Stat is not supported.`);
  }
  const metricName = textOf(metric, 'MetricName', `${path}.MetricStat.Metric`);
  return {
    id,
    label: typeof query['Label'] === 'string' ? query['Label'] : metricName,
    namespace: textOf(metric, 'Namespace', `${path}.MetricStat.Metric`),
    metricName,
    dimensions: dimensionsOf(metric['Dimensions'], `${path}.MetricStat.Metric.Dimensions`),
    period,
    stat,
    returnsData: query['ReturnData'] !== false,
  };
}

function dimensionsOf(value: unknown, path: string): DataQuery['dimensions'] {
  const dimensions = Array.isArray(value) ? value : [];
  return dimensions.map((entry: unknown, i) => {
    const place = `${path}.member.${i + 1}`;
    const members = membersOf(entry, place);
    return { name: textOf(members, 'Name', place), value: textOf(members, 'Value', place) };
  });
}

function membersOf(value: unknown, path: string): Record<string, unknown> {
  if (isMapping(value)) {
    return value;
  }
  throw missing(path);
}

function textOf(members: Record<string, unknown>, member: string, path: string): string {
  const value = members[member];
  if (typeof value !== 'string' || value === '') {
    throw missing(`${path}.${member}`);
  }
  return value;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function missing(member: string): ServiceError {
  return validation(`The parameter ${member} is required.`);
}

function validation(message: string): ServiceError {
  return new ServiceError('ValidationException', 400, message);
}
