import type { ActiveIncident, Incident } from './incidents.ts';
import type { Place } from './network.ts';
import { Random } from './random.ts';
import { usualTop } from './rows.ts';
import { DESTINATION_CATEGORIES, type MetricName } from './vocabulary.ts';

export const MONITOR_METRICS = [
  'HealthIndicator',
  'RoundTripTime',
  'Retransmissions',
  'Timeouts',
  'DataTransferred',
] as const;
export type MonitorMetric = (typeof MONITOR_METRICS)[number];

export const MINUTE = 60_000;
const MINUTES_PER_HOUR = 60;
const MINUTES_PER_DAY = 1440;

const ROW_METRICS: Readonly<Record<Exclude<MonitorMetric, 'HealthIndicator'>, MetricName>> = {
  RoundTripTime: 'ROUND_TRIP_TIME',
  Retransmissions: 'RETRANSMISSIONS',
  Timeouts: 'TIMEOUTS',
  DataTransferred: 'DATA_TRANSFERRED',
};

/**
 * A monitor's total per hour in units of the usual largest row of each category. The rows of an hour sum up to at most 14.4 of
 * it: 9.2 for 500 rows that decrease with their rank, 1.3 for a window above the usual, 1.2 for rounding to large units. So
 * the rows of a window, without mirror rows, never exceed the total of its minutes.
 */
const TOTAL_OF_TOP = 16;
/** Share of minutes with a round-trip time: agents report it for new connections only. */
const ROUND_TRIP_SHARE = 0.4;
/** Factors of incidents on totals: packets are lost in all flows, or many in some. */
const LOSS: Readonly<Record<Incident['kind'], number>> = {
  awsNetwork: 4,
  instance: 12,
  zonePair: 12,
  workload: 12,
  metricsMissing: 1,
};
const DEGRADED_ROUND_TRIP = 1.5;

/**
 * Returns the value of a monitor's metric by minute, as a pure function of the seed, the monitor, and the minute (minutes since
 * the Unix epoch), and of the active incidents: bytes or a count, which are sums; microseconds, or `undefined` for a minute
 * without a measurement. The health indicator is 1 if the network is degraded for a part of the minute, otherwise 0.
 */
export function minuteValues(
  place: Place,
  monitorName: string,
  metric: MonitorMetric,
): (minute: number, incidents: readonly ActiveIncident[]) => number | undefined {
  if (metric === 'HealthIndicator') {
    return (_, incidents) => (isDegraded(incidents) ? 1 : 0);
  }
  const subject = [place.seed, place.account, place.region, monitorName, metric].join('/');
  const base = usualOfMinute(place, monitorName, ROW_METRICS[metric]);
  return (minute, incidents) => {
    const random = new Random(`${subject}/${minute}`);
    const value = base * (1 + 0.05 * Math.sin((2 * Math.PI * minute) / MINUTES_PER_DAY) + 0.04 * (random.next() - 0.5));
    switch (metric) {
      case 'DataTransferred':
        return Math.round(value);
      case 'RoundTripTime':
        return random.chance(ROUND_TRIP_SHARE) ? value * (isDegraded(incidents) ? DEGRADED_ROUND_TRIP : 1) : undefined;
      default:
        return Math.round(
          incidents.reduce((lost, { incident, share }) => lost * (1 + (LOSS[incident.kind] - 1) * share), value),
        );
    }
  };
}

function isDegraded(incidents: readonly ActiveIncident[]): boolean {
  return incidents.some(({ incident }) => incident.kind === 'awsNetwork');
}

/** The sum of a usual minute, or its mean round-trip time. */
function usualOfMinute({ seed, account, region }: Place, monitorName: string, metricName: MetricName): number {
  const subject = { account, region, type: 'monitor-top-contributors', parent: monitorName, metricName } as const;
  const tops = DESTINATION_CATEGORIES.map((destinationCategory) => usualTop({ ...subject, destinationCategory }, seed));
  const sum = tops.reduce((total, top) => total + top, 0);
  return metricName === 'ROUND_TRIP_TIME' ? sum / tops.length : (sum * TOTAL_OF_TOP) / MINUTES_PER_HOUR;
}
