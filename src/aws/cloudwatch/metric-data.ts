import type { GetMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import type { Span } from '../../model/run.ts';
import type { MonitorMetric } from '../../model/vocabulary.ts';
import { invalid, readAmount, readItems, readList, readMembers, readText, readTime } from '../response-members.ts';

/** Length of the periods of all metrics. */
export const PERIOD_MS = 60_000;

export const MOST_METRICS = 500;

/** Largest value of a point: counters can add larger ones neither exactly nor without an overflow. 9 PB per minute fit. */
const LARGEST_VALUE = Number.MAX_SAFE_INTEGER;

export interface MetricRequest {
  /** ARN of the monitor: the value of the dimension `MonitorId`. */
  readonly arn: string;
  readonly metric: MonitorMetric;
}

/** The start of a period in milliseconds since the epoch, and its value. */
export type Point = readonly [at: number, value: number];

/** The points of a metric in one page of a response. */
export interface MetricPage {
  readonly index: number;
  /** In the requested range, in any order, maybe repeated. */
  readonly points: readonly Point[];
  /** False if points may be missing, unless another page has them. */
  readonly isComplete: boolean;
}

/** Statistic of each metric over a period. HealthIndicator is documented as 0 or 1; 0 or 100 has been observed. */
const STATISTICS: Readonly<Record<MonitorMetric, string>> = {
  HealthIndicator: 'Maximum',
  RoundTripTime: 'Average',
  Retransmissions: 'Sum',
  Timeouts: 'Sum',
  DataTransferred: 'Sum',
};

/** Returns the input of GetMetricData. The range must be of whole periods. */
export function metricDataInput(
  requests: readonly MetricRequest[],
  { start, end }: Span,
  nextToken: string | undefined,
): GetMetricDataCommandInput {
  return {
    MetricDataQueries: requests.map(({ arn, metric }, index) => ({
      Id: `m${index}`,
      MetricStat: {
        Metric: {
          Namespace: 'AWS/NetworkFlowMonitor',
          MetricName: metric,
          Dimensions: [{ Name: 'MonitorId', Value: arn }],
        },
        Period: PERIOD_MS / 1_000,
        Stat: STATISTICS[metric],
      },
    })),
    StartTime: new Date(start),
    EndTime: new Date(end),
    NextToken: nextToken,
  };
}

/**
 * Reads a page of the response to `count` requests. Ignores results with unknown IDs, and points outside the range.
 * @throws InvalidResponse
 */
export function readMetricData(output: unknown, count: number, range: Span): readonly MetricPage[] {
  const results = readMembers(output, 'response')['MetricDataResults'];
  if (!Array.isArray(results)) {
    throw invalid('MetricDataResults', 'a list', results);
  }
  return readItems(results, 'MetricDataResults', (item, path): MetricPage => {
    const members = readMembers(item, path);
    const id = readText(members['Id'], `${path}.Id`) ?? '';
    return {
      index: /^m\d{1,3}$/.test(id) ? Number(id.slice(1)) : count,
      points: readPoints(members['Timestamps'], members['Values'], path, range),
      isComplete: readText(members['StatusCode'], `${path}.StatusCode`) === 'Complete',
    };
  }).filter(({ index }) => index < count);
}

function readPoints(timestamps: unknown, values: unknown, path: string, { start, end }: Span): Point[] {
  const times = readList(timestamps, `${path}.Timestamps`);
  const amounts = readList(values, `${path}.Values`);
  if (times.length !== amounts.length) {
    throw invalid(`${path}.Values`, `a list of ${times.length} values`, `${amounts.length} values`);
  }
  return times.flatMap((time, i): Point[] => {
    const at = readTime(time, `${path}.Timestamps[${i}]`);
    const value = readAmount(amounts[i], `${path}.Values[${i}]`);
    if (value !== undefined && value > LARGEST_VALUE) {
      throw invalid(`${path}.Values[${i}]`, `at most ${LARGEST_VALUE}`, value);
    }
    return at === undefined || value === undefined || at < start || at >= end
      ? []
      : [[Math.floor(at / PERIOD_MS) * PERIOD_MS, value]];
  });
}
