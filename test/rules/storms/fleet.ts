import dns from 'node:dns';
import { parseScenario, type Simulator } from 'network-flow-monitor-simulator';
import { vi } from 'vitest';
import type { TestScope } from '../../support/daemon.ts';

/** Whether this is `npm run long:storms`. */
export const IS_LONG = process.env['LONG_STORMS'] !== undefined;

/** What each storm meets: two accounts, one by role, with queries of each kind; more and in two Regions in the long form. */
const REGIONS = IS_LONG ? ['us-east-1', 'eu-west-1'] : ['us-east-1'];
/** Length of a storm, and of the time after it, in minutes; the timeout of the test in milliseconds. */
export const LENGTHS = IS_LONG
  ? { storm: 360, after: 200, timeout: 7_200_000 }
  : { storm: 60, after: 75, timeout: 900_000 };
export const ACCOUNT_IDS = { payments: '111122223333', shop: '444455556666' };
/** Minutes before a storm. */
export const BEFORE = 30;

/** Name of the endpoint. Only the test resolves it. */
export const HOST = 'api.nfm.test';

const MONITORS = [
  { name: 'checkout', tags: { env: 'prod' } },
  { name: 'search', tags: { env: IS_LONG ? 'prod' : 'test' } },
];
const REGIONAL = Object.fromEntries(REGIONS.map((region) => [region, { monitors: MONITORS, scopes: [] }]));

export const SCENARIO = {
  accounts: [
    { id: ACCOUNT_IDS.payments, regions: REGIONAL },
    { id: ACCOUNT_IDS.shop, regions: REGIONAL, roles: [{ name: 'nfm-read', sessionDuration: '1h' }] },
  ],
  // A watched query that starts shortly before the storm, and ends during it.
  queries: Object.values(ACCOUNT_IDS).flatMap((account) =>
    REGIONS.map((region) => ({
      type: 'monitor-top-contributors',
      account,
      region,
      monitorName: 'checkout',
      queryId: 'watched',
      queuedFor: 0,
      runningFor: `${BEFORE + 12}m`,
    })),
  ),
  startedQueries: [{ queuedFor: 0, runningFor: '3s', rows: 2 }],
};

/** Replaces the monitors of all accounts and Regions by none, by one of them, or by those of the scenario. */
export function setMonitors(simulator: Simulator, which: 'none' | 'search' | 'all'): void {
  for (const { id, regions } of parseScenario(JSON.stringify(SCENARIO)).accounts) {
    for (const [region, { monitors = [] }] of regions ?? []) {
      simulator.setMonitors(
        id,
        region,
        monitors.filter(({ name }) => which === 'all' || which === name),
      );
    }
  }
}

const FLOWS = { metricName: 'RETRANSMISSIONS', destinationCategory: 'INTER_AZ', limit: 5 };
const SELECTED = { account: '*', monitorSelector: { tags: { env: 'prod' } }, ...FLOWS };
const QUERIES = [
  { name: 'flows', ...SELECTED, schedule: { every: '5m' } },
  { name: 'hourly', ...SELECTED, schedule: { every: '1h' } },
  { name: 'watched', account: '*', monitorName: 'checkout', queryId: 'watched', interval: '1m' },
];

/** An entry with the name of a monitor. */
export function entry(name: string, monitorName = 'checkout'): object {
  return { name, account: 'payments', monitorName, ...FLOWS, schedule: { every: '5m' } };
}

/** Configuration of an exporter of the simulator at `url`. */
export function configOf(url: string, storage: string | undefined, queries: readonly object[] = QUERIES) {
  return {
    // The SDK waits between attempts on a clock of its own.
    aws: { region: REGIONS[0], endpoint: url, stsEndpoint: url, maxAttempts: 1 },
    accounts: [
      { name: 'payments', regions: REGIONS },
      { name: 'shop', regions: REGIONS, roleArn: `arn:aws:iam::${ACCOUNT_IDS.shop}:role/nfm-read` },
    ],
    ...(storage === undefined ? {} : { storage: { path: storage } }),
    queries,
  };
}

/** The system's resolver. */
export interface Names {
  areResolved: boolean;
}

/** Resolves `HOST` in this process until the scope ends. */
export function resolveNames(scope: TestScope): Names {
  const names = { areResolved: true };
  const lookup = vi.spyOn(dns.promises, 'lookup');
  lookup.mockImplementation(async (name: string): Promise<never> => {
    if (name !== HOST || !names.areResolved) {
      throw Object.assign(new Error(`getaddrinfo EAI_AGAIN ${name}`), { code: 'EAI_AGAIN' });
    }
    return [{ address: '127.0.0.1', family: 4 }] as never;
  });
  scope.onTestFinished(() => lookup.mockRestore());
  return names;
}
