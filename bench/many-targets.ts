import type { Fault, FixedMonitorQueries, Scenario } from 'network-flow-monitor-simulator';
import type { Sizes } from './sizes.ts';

/** A target as the simulator names it, in records of requests too. */
export interface SimulatedTarget {
  /** Account id and region, such as `100000000000 eu-west-1`. */
  readonly key: string;
  readonly account: string;
  readonly region: string;
}

/** What is wrong with each target that is not well. */
export const SICKNESSES = ['black-holed', 'throttling', 'refusing expired credentials'] as const;
export type Sickness = (typeof SICKNESSES)[number];

const FAULTS: Readonly<Record<Sickness, Fault>> = {
  'black-holed': { kind: 'hang', after: 'request' },
  throttling: { kind: 'throttle' },
  'refusing expired credentials': { kind: 'error', name: 'ExpiredTokenException', status: 403 },
};

const REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'eu-north-1',
  'ap-south-1',
  'sa-east-1',
];
/** One that every region of a simulator has, ACTIVE. */
const MONITOR = 'checkout';
const ROLE = 'nfm-read';
/** Whose base credentials assume the roles. */
const BASE_ACCOUNT = '999900001111';
const METRICS = ['RETRANSMISSIONS', 'TIMEOUTS', 'DATA_TRANSFERRED', 'ROUND_TRIP_TIME'];

function accountIds({ accounts }: Sizes['targets']): string[] {
  return Array.from({ length: accounts }, (_, i) => String(100_000_000_000 + i));
}

function regions(sizes: Sizes['targets']): string[] {
  return REGIONS.slice(0, sizes.regions);
}

export function targetsOf(sizes: Sizes['targets']): SimulatedTarget[] {
  return accountIds(sizes).flatMap((account) =>
    regions(sizes).map((region) => ({ key: `${account} ${region}`, account, region })),
  );
}

/** One target per fault, all in different accounts and, if there are enough, Regions. */
export function sickTargets(sizes: Sizes['targets']): ReadonlyMap<Sickness, SimulatedTarget> {
  const targets = targetsOf(sizes);
  const apart = sizes.regions + 1;
  return new Map(
    SICKNESSES.flatMap((sickness, i) => {
      const target = targets[i * apart];
      return target === undefined ? [] : [[sickness, target] as const];
    }),
  );
}

/** The `n`-th watched query of each target, from 1. */
function queryId(n: number | string): string {
  return `watched-${n}`;
}

/** Whether a request is about one of the queries that are watched rather than run. */
export function isWatched(id: string): boolean {
  return id.startsWith(queryId(''));
}

export function targetsScenario(sizes: Sizes['targets']): Partial<Scenario> {
  return {
    accounts: [BASE_ACCOUNT, ...accountIds(sizes)].map((id) => ({
      id,
      credentials: [],
      roles: id === BASE_ACCOUNT ? [] : [{ name: ROLE, requiredTags: new Map() }],
    })),
    queries: targetsOf(sizes).map(
      ({ account, region }): FixedMonitorQueries => ({
        type: 'monitor-top-contributors',
        account,
        region,
        monitorName: MONITOR,
        queryId: queryId('{n}'),
        count: sizes.watched,
        queuedFor: 0,
        outcome: 'none',
        metricName: 'RETRANSMISSIONS',
        destinationCategory: 'INTER_AZ',
        limit: 100,
      }),
    ),
    faults: Array.from(sickTargets(sizes), ([sickness, { account, region }]) => ({
      ...FAULTS[sickness],
      match: { account, region },
    })),
  };
}

/** Each query in all accounts and all of their regions. */
export function targetsConfig(sizes: Sizes['targets'], endpoint: string): object {
  return {
    web: { listenAddresses: ['127.0.0.1:0'] },
    aws: { region: REGIONS[0], endpoint, stsEndpoint: endpoint, requestTimeout: `${sizes.requestTimeout * 1_000}ms` },
    accounts: accountIds(sizes).map((id) => ({
      name: `account-${id}`,
      regions: regions(sizes),
      roleArn: `arn:aws:iam::${id}:role/${ROLE}`,
    })),
    polling: { interval: `${sizes.interval}s` },
    queryDefaults: { account: '*', monitorName: MONITOR },
    queries: [
      ...Array.from({ length: sizes.watched }, (_, i) => ({ name: queryId(i + 1), queryId: queryId(i + 1) })),
      {
        name: 'scheduled',
        metricName: METRICS.slice(0, sizes.scheduled),
        destinationCategory: 'INTER_AZ',
        schedule: { every: '1m', delay: '0s' },
      },
    ],
  };
}
