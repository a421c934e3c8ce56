import { serviceOf } from './flows.ts';
import { monitorRows, type Row } from './monitor-rows.ts';
import { type Place, subnetOf, vpcOf, zonesOf } from './network.ts';
import type { Query } from './queries.ts';
import { Random } from './random.ts';
import type { Simulation } from './simulation.ts';
import { factorOf, type UnitMember, unitOf } from './units.ts';
import type { DestinationCategory } from './vocabulary.ts';
import type { Worlds } from './worlds.ts';

/** The results of one query. They are drawn from the seed and the arguments of the query, so that each page is independent. */
export interface Results {
  count: number;
  unit: UnitMember;
  row(index: number): Row;
}

const HOUR = 3_600_000;
const POINT_STEP = 300_000;
const LEAST_ROWS = 60;

/** `accounts` are those of the query's scope, whose subnets appear in workload insights. */
export function resultsOf(query: Query, simulation: Simulation, accounts: readonly [string, ...string[]]): Results {
  const { seed } = simulation;
  const { units, timestamps } = simulation.worlds();
  const place: Place = { seed, account: query.account, region: query.region };
  const { shift, ...found } = drawRows(query, seed);
  const unit = unitOf(query, found.top, units, seed);
  const factor = factorOf(query.metricName, unit.unit);
  /** Decreases with the rank, as in any list of top contributors, and is at least 1. */
  const value = (rank: number, times = 1) => Math.max(1, Math.round((found.top * times) / (1 + rank) ** 0.9 / factor));
  const count = Math.min(query.limit, found.count);
  switch (query.type) {
    case 'monitor-top-contributors':
      return { unit, count, row: monitorRows(simulation, query, { count: found.count, shift, value }) };
    case 'workload-insights-top-contributors':
      return { unit, count, row: (i) => workloadInsightsRow(place, query, accounts, i + shift, value(i)) };
    case 'workload-insights-top-contributors-data':
      return { unit, count: found.count, row: (i) => dataPoint(place, query, timestamps, i, value(i)) };
  }
}

function drawRows(query: Query, seed: string) {
  const { type, metricName, startTime, endTime } = query;
  const subject = subjectOf(query, seed);
  const window = new Random(`${subject}/${startTime}/${endTime}`);
  const sums = metricName === 'ROUND_TRIP_TIME' ? 1 : Math.max(0.01, (endTime - startTime) / HOUR);
  const most = type === 'workload-insights-top-contributors-data' ? 100 : 600;
  return {
    /** Number of rows before the limit. */
    count: query.life.rows ?? window.integer(LEAST_ROWS, most),
    /** Index of the first flow: the top flows differ slightly between windows. */
    shift: window.integer(0, 3),
    /** The largest value, in the metric's base unit. */
    top: usualTop(query, seed) * sums * (0.7 + 0.6 * window.next()),
  };
}

/** Microseconds. */
const ROUND_TRIP_TIMES: Partial<Record<DestinationCategory, number>> = {
  INTRA_AZ: 300,
  INTER_AZ: 1500,
  INTER_VPC: 2000,
  INTER_REGION: 180_000,
};
const OTHER_ROUND_TRIP_TIME = 20_000;

/** The part of a query that determines its usual rows in all windows. */
type Subject = Pick<Query, 'account' | 'region' | 'type' | 'parent' | 'metricName' | 'destinationCategory'>;

function subjectOf({ account, region, type, parent, metricName, destinationCategory }: Subject, seed: string): string {
  return [seed, account, region, type, parent, metricName, destinationCategory].join('/');
}

/** The usual largest value of an hour: microseconds, a count, or bytes. */
export function usualTop(subject: Subject, seed: string): number {
  const random = new Random(subjectOf(subject, seed));
  switch (subject.metricName) {
    case 'ROUND_TRIP_TIME':
      return (ROUND_TRIP_TIMES[subject.destinationCategory] ?? OTHER_ROUND_TRIP_TIME) * (0.5 + random.next());
    case 'TIMEOUTS':
      return random.integer(20, 5000);
    case 'RETRANSMISSIONS':
      return random.integer(200, 50_000);
    case 'DATA_TRANSFERRED':
      return 10 ** (8 + 4 * random.next());
  }
}

const SUBNETS_PER_VPC = 200;

function workloadInsightsRow(
  place: Place,
  query: Query,
  accounts: readonly [string, ...string[]],
  flow: number,
  value: number,
): Row {
  const { parent, destinationCategory: category } = query;
  const random = new Random([place.seed, place.account, place.region, parent, category, 'workload', flow].join('/'));
  const accountId = random.pick(accounts);
  const owner = { ...place, account: accountId };
  const subnet = subnetOf(owner, vpcOf(owner, Math.floor(flow / SUBNETS_PER_VPC)), flow % SUBNETS_PER_VPC);
  return {
    accountId,
    localSubnetId: subnet.id,
    localAz: subnet.az,
    localVpcId: subnet.vpc.id,
    localRegion: place.region,
    remoteIdentifier: remoteIdentifier(category, subnet.az, zonesOf(place.region), random),
    value: flow % 17 === 16 ? undefined : value,
    localSubnetArn: subnet.arn,
    localVpcArn: subnet.vpc.arn,
  };
}

/** The remote end. The service's exact forms are not documented, and its only sample has an empty text. */
function remoteIdentifier(category: DestinationCategory, az: string, zones: readonly string[], random: Random): string {
  switch (category) {
    case 'INTRA_AZ':
      return az;
    case 'INTER_AZ':
      return zones.filter((zone) => zone !== az)[random.integer(0, zones.length - 2)] ?? '';
    case 'INTER_VPC':
      return `vpc-0${random.hex(16)}`;
    case 'INTER_REGION':
      return random.pick(['eu-west-1', 'us-east-1', 'ap-south-1']);
    case 'TRANSIT_GATEWAY':
      return `tgw-0${random.hex(16)}`;
    case 'AMAZON_S3':
    case 'AMAZON_DYNAMODB':
    case 'AWS_SERVICE':
      return serviceOf(category, random);
    case 'LOCAL_ZONE':
    case 'INTERNET':
    case 'UNCLASSIFIED':
      return '';
  }
}

/** One series: a point for each five minutes of the window. Zones repeat, and some series have a gap. */
function dataPoint(place: Place, query: Query, form: Worlds['timestamps'], index: number, value: number): Row {
  const zones = zonesOf(place.region);
  const random = new Random([place.seed, query.queryId, 'series', index].join('/'));
  const first = Math.floor(query.startTime / POINT_STEP) * POINT_STEP;
  const count = Math.ceil((query.endTime - first) / POINT_STEP);
  const gap = index % 10 === 9 && count > 1 ? random.integer(0, count - 1) : undefined;
  const times = Array.from({ length: count }, (_, i) => first + i * POINT_STEP).filter((_, i) => i !== gap);
  return {
    timestamps: times.map((ms) => (form === 'numbers' ? ms / 1000 : new Date(ms).toISOString().replace('.000Z', 'Z'))),
    values: times.map(() => Math.round((value / count) * (0.5 + random.next()) * 1000) / 1000),
    label: zones[index % zones.length] ?? '',
  };
}
