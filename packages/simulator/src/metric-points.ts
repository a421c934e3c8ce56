import { type CloudWatch, isPointFault, type MetricFault, type PointFault } from './cloudwatch-schema.ts';
import { matcherOf } from './glob.ts';
import { activeIn, incidentsOf, isActive, type MonitorPlace } from './incidents.ts';
import { MINUTE, type MonitorMetric, minuteValues } from './monitor-minutes.ts';
import { hash32 } from './random.ts';
import type { Simulation } from './simulation.ts';

export interface MetricSubject extends MonitorPlace {
  metricName: MonitorMetric;
}

export interface VisiblePoint {
  /** Start of the minute in milliseconds since the Unix epoch. */
  at: number;
  value: number;
  isRepeated: boolean;
}

/** Returns the points of a metric by minute, as a function of the scenario only. `minute` is in minutes since the Unix epoch. */
function minutePoints(simulation: Simulation, subject: MetricSubject) {
  const { seed, startedAt, cloudwatch } = simulation;
  const { account, region, monitorName, metricName } = subject;
  const values = minuteValues({ seed, account, region }, monitorName, metricName);
  const incidents = incidentsOf(simulation.incidents(), subject);
  const draw = [seed, 'point', account, region, monitorName, metricName].join('/');
  const faults = cloudwatch.faults.filter(isPointFault).filter((fault) => concerns(fault, subject));
  return (minute: number) => {
    const elapsed = minute * MINUTE - startedAt;
    const active = activeIn(incidents, elapsed, elapsed + MINUTE);
    const value = values(minute, active);
    const isMissing = active.some(({ incident }) => incident.kind === 'metricsMissing');
    const met = faults.filter((fault, i) => isActive(fault, elapsed) && isDrawn(fault, `${draw}/${i}/${minute}`));
    if (value === undefined || isMissing || met.some(({ kind }) => kind === 'missing')) {
      return { publications: [], isRepeated: false };
    }
    const shown = metricName === 'HealthIndicator' ? value * cloudwatch.degradedValue : value;
    return {
      publications: published(minute, shown, cloudwatch, met),
      isRepeated: met.some(({ kind }) => kind === 'repeated'),
    };
  };
}

/**
 * Returns the values that a minute's point has over time, in their order, and the wall-clock time from which each is visible, in
 * milliseconds since the Unix epoch.
 */
function published(minute: number, value: number, { delay }: CloudWatch, faults: readonly PointFault[]) {
  const late = faults.reduce((sum, fault) => sum + (fault.kind === 'late' ? fault.by : 0), 0);
  const visibleFrom = (minute + 1) * MINUTE + delay + late;
  const correction = faults.find((fault) => fault.kind === 'corrected');
  return correction
    ? [
        { visibleFrom, value: Math.round(value * correction.factor) },
        { visibleFrom: visibleFrom + correction.after, value },
      ]
    : [{ visibleFrom, value }];
}

/** Returns the points of the minutes from `from` up to, but not including, `to` that are visible at `now` (all in milliseconds). */
export function visiblePoints(
  simulation: Simulation,
  subject: MetricSubject,
  from: number,
  to: number,
  now: number,
): VisiblePoint[] {
  const pointOf = minutePoints(simulation, subject);
  const points: VisiblePoint[] = [];
  for (let minute = Math.ceil(from / MINUTE); minute * MINUTE < Math.min(to, now); minute++) {
    const { publications, isRepeated } = pointOf(minute);
    const value = publications.findLast(({ visibleFrom }) => visibleFrom <= now)?.value;
    if (value !== undefined) {
      points.push({ at: minute * MINUTE, value, isRepeated });
    }
  }
  return points;
}

/** True totals of a monitor. Each minute counts once, with the largest value that its point ever has. */
export interface MonitorTotals {
  /** Minutes with a health indicator. */
  observedMinutes: number;
  /** Minutes with a health indicator above 0. */
  degradedMinutes: number;
  retransmissions: number;
  timeouts: number;
  /** Bytes. */
  dataTransferred: number;
}

/** `from` (included) and `to` (excluded) are milliseconds since the Unix epoch. */
export function totalsOf(simulation: Simulation, monitor: MonitorPlace, from: number, to: number): MonitorTotals {
  const largest = (metricName: MonitorMetric) => {
    const pointOf = minutePoints(simulation, { ...monitor, metricName });
    const values: number[] = [];
    for (let minute = Math.ceil(from / MINUTE); minute * MINUTE < to; minute++) {
      const { publications } = pointOf(minute);
      if (publications.length > 0) {
        values.push(Math.max(...publications.map(({ value }) => value)));
      }
    }
    return values;
  };
  const sum = (metricName: MonitorMetric) => largest(metricName).reduce((total, value) => total + value, 0);
  const health = largest('HealthIndicator');
  return {
    observedMinutes: health.length,
    degradedMinutes: health.filter((value) => value > 0).length,
    retransmissions: sum('Retransmissions'),
    timeouts: sum('Timeouts'),
    dataTransferred: sum('DataTransferred'),
  };
}

/** Returns whether a fault matches a metric. */
export function concerns({ match }: MetricFault, { account, region, monitorName, metricName }: MetricSubject): boolean {
  return matcherOf(match)({ account, region, monitorName, metricName });
}

/** Returns whether a fault affects the point or the result that `draw` names. */
export function isDrawn({ rate }: MetricFault, draw: string): boolean {
  return hash32(draw) / 2 ** 32 < rate;
}
