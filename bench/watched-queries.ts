import type { FixedMonitorQueries } from 'network-flow-monitor-simulator';
import type { WatchedQuery } from '../src/model/query.ts';

/** All of one account in one region: a single budget, the hardest to keep. */
export const REGION = 'eu-west-1';
const MONITOR = 'checkout-production';
/** As long as the service's, which are UUIDs. */
const QUERY_ID = '11111111-2222-4333-8444-5555{n}';
const FIRST_NUMBER = 10_000_000;

/** The `n`-th watched query, from 1, with the lengths of names that users have. */
function queryOf(n: number) {
  return {
    name: `checkout-retransmissions-${FIRST_NUMBER + n}`,
    monitorName: MONITOR,
    queryId: QUERY_ID.replace('{n}', String(n)),
    labels: { team: `payments-${n % 10}` },
  };
}

/** As `queries` of a config file. */
export function configEntries(count: number): object[] {
  return Array.from({ length: count }, (_, i) => queryOf(i + 1));
}

/** The same as the daemon has them once the config is read. */
export function registeredQueries(count: number): WatchedQuery[] {
  return configEntries(count).map((_, i) => {
    const { name, monitorName, queryId, labels } = queryOf(i + 1);
    return {
      kind: 'watched',
      name,
      group: name,
      type: 'monitor-top-contributors',
      source: 'config',
      account: 'default',
      region: REGION,
      monitorName,
      scopeId: undefined,
      queryId,
      interval: 30_000,
      staleAfter: 300_000,
      labels,
    };
  });
}

/** The same as the simulator has them: they run for ever, so that they are polled for ever. */
export function endlessQueries(count: number): FixedMonitorQueries {
  return {
    type: 'monitor-top-contributors',
    region: REGION,
    monitorName: MONITOR,
    queryId: QUERY_ID,
    count,
    queuedFor: 0,
    outcome: 'none',
    metricName: 'RETRANSMISSIONS',
    destinationCategory: 'INTER_AZ',
    limit: 100,
  };
}

/** The input of a status request of the `n`-th query, from 1. */
export function statusInput(n: number): { monitorName: string; queryId: string } {
  const { monitorName, queryId } = queryOf(n);
  return { monitorName, queryId };
}
