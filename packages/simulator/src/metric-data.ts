import { isPointFault, type ResultFault } from './cloudwatch-schema.ts';
import { isActive } from './incidents.ts';
import { type DataQuery, type MetricDataRequest, parseMetricData, type Stat } from './metric-data-request.ts';
import { concerns, isDrawn, type MetricSubject, type VisiblePoint, visiblePoints } from './metric-points.ts';
import { MONITOR_METRICS } from './monitor-minutes.ts';
import type { Body } from './operation.ts';
import { hash32 } from './random.ts';
import { ServiceError } from './service-error.ts';
import type { Simulation } from './simulation.ts';

const NAMESPACE = 'AWS/NetworkFlowMonitor';

/** The points of a metric in a response, before they are divided into pages. */
interface Series {
  query: DataQuery;
  /** Timestamps in milliseconds since the Unix epoch, and values. */
  points: readonly (readonly [number, number])[];
  status: 'Complete' | 'PartialData';
}

/** Returns the body of a GetMetricData response. @throws ServiceError */
export function getMetricData(
  simulation: Simulation,
  { account, region, body }: { account: string; region: string; body: Buffer },
): Body {
  const request = parseMetricData(body);
  const page = pageOf(request, simulation.now().wall);
  simulation.billed.set(account, (simulation.billed.get(account) ?? 0) + request.queries.length);
  const series = request.queries
    .filter(({ returnsData }) => returnsData)
    .flatMap((query) => seriesOf(simulation, { account, region }, request, query, page.now));
  return bodyOf(series, page, Math.min(request.maxDatapoints, simulation.cloudwatch.pageSize));
}

function seriesOf(
  simulation: Simulation,
  { account, region }: { account: string; region: string },
  request: MetricDataRequest,
  query: DataQuery,
  now: number,
): Series[] {
  const subject = subjectOf(simulation, account, region, query);
  if (!subject) {
    return [{ query, points: [], status: 'Complete' }];
  }
  const points = pointsOf(simulation, subject, request, query, now);
  const elapsed = now - simulation.startedAt;
  const fault = simulation.cloudwatch.faults.find(
    (each, i): each is ResultFault =>
      !isPointFault(each) &&
      isActive(each, elapsed) &&
      concerns(each, subject) &&
      isDrawn(each, `${simulation.seed}/result/${i}/${request.identity}/${query.id}`),
  );
  const series: Series = { query, points, status: 'Complete' };
  switch (fault?.kind) {
    case undefined:
      return [series];
    case 'idMissing':
      return [];
    case 'idRepeated':
      return [series, series];
    case 'partial': {
      const older = points.toSorted(([a], [b]) => a - b).slice(0, Math.floor(points.length / 2));
      return [{ query, points: inOrder(older, request), status: 'PartialData' }];
    }
  }
}

/** Returns the metric of an active monitor; `undefined` for other metrics, which have no points, as in the service. */
function subjectOf(
  { inventory }: Simulation,
  account: string,
  region: string,
  { namespace, metricName, dimensions }: DataQuery,
): MetricSubject | undefined {
  const [dimension] = dimensions;
  const known = MONITOR_METRICS.find((each) => each === metricName);
  if (namespace !== NAMESPACE || known === undefined || dimensions.length !== 1 || dimension?.name !== 'MonitorId') {
    return undefined;
  }
  const monitor = [...inventory.of(account, region).monitors.values()].find(
    ({ monitorArn, monitorStatus }) => monitorArn === dimension.value && monitorStatus === 'ACTIVE',
  );
  return monitor && { account, region, monitorName: monitor.monitorName, metricName: known };
}

/** The statistic of each period that has a visible point. The start is rounded down to the period. */
function pointsOf(
  simulation: Simulation,
  subject: MetricSubject,
  request: MetricDataRequest,
  { period, stat }: DataQuery,
  now: number,
): Series['points'] {
  const length = period * 1000;
  const from = Math.floor(request.start / length) * length;
  const to = from + Math.ceil((request.end - from) / length) * length;
  const periods = new Map<number, VisiblePoint[]>();
  for (const point of visiblePoints(simulation, subject, from, to, now)) {
    const at = Math.floor(point.at / length) * length;
    periods.set(at, [...(periods.get(at) ?? []), point]);
  }
  const points = [...periods].flatMap(([at, minutes]) => {
    const entry = [at, STATISTICS[stat](minutes.map(({ value }) => value))] as const;
    return minutes.some(({ isRepeated }) => isRepeated) ? [entry, entry] : [entry];
  });
  return inOrder(points, request);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const STATISTICS: Readonly<Record<Stat, (values: readonly number[]) => number>> = {
  Sum: sum,
  Average: (values) => sum(values) / values.length,
  Maximum: (values) => Math.max(...values),
  Minimum: (values) => Math.min(...values),
  SampleCount: (values) => values.length,
};

/** Sorts points, newest first unless the request has another order. */
function inOrder(points: Series['points'], { ascending }: MetricDataRequest): Series['points'] {
  return points.toSorted(([a], [b]) => (ascending ? a - b : b - a));
}

/** A page of a response: the offset of its first point, and the time of the first page, which determines the points. */
interface Page {
  from: number;
  /** Milliseconds since the Unix epoch. */
  now: number;
  /** Returns the token of the page that starts at an offset. It belongs to one request. */
  tokenOf(from: number): string;
}

/** @throws ServiceError if the token belongs to another request */
function pageOf({ nextToken, identity }: MetricDataRequest, now: number): Page {
  const text = (from: number, at: number) => `${from}.${at}.${hash32(`${identity}/${from}/${at}`)}`;
  const decoded = Buffer.from(nextToken ?? '', 'base64url').toString('latin1');
  const [from = 0, at = now] = nextToken === undefined ? [] : decoded.split('.').map(Number);
  if (nextToken !== undefined && decoded !== text(from, at)) {
    throw new ServiceError('InvalidNextToken', 400, 'The value of the parameter NextToken is invalid.');
  }
  return { from, now: at, tokenOf: (next) => Buffer.from(text(next, at)).toString('base64url') };
}

/** Returns a page of at most `size` points. A series that continues on the next page has the status PartialData. */
function bodyOf(all: readonly Series[], { from, tokenOf }: Page, size: number): Body {
  const to = from + size;
  let offset = 0;
  const results: Body[] = [];
  for (const { query, points, status } of all) {
    const start = Math.max(0, from - offset);
    const end = to - offset;
    // A series without points is on the first page.
    if ((start < points.length && end > 0) || (points.length === 0 && from === 0)) {
      const shown = points.slice(start, Math.max(start, end));
      results.push({
        Id: query.id,
        Label: query.label,
        StatusCode: end < points.length ? 'PartialData' : status,
        Timestamps: shown.map(([at]) => at / 1000),
        Values: shown.map(([, value]) => value),
      });
    }
    offset += points.length;
  }
  return { Messages: [], MetricDataResults: results, ...(to < offset && { NextToken: tokenOf(to) }) };
}
