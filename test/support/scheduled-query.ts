import type { ScheduledQuery } from '../../src/model/query.ts';

/** A scheduled query of a monitor, every 15 minutes over the last 15 minutes, with `changes`. */
export function scheduledQuery(changes: Partial<ScheduledQuery> = {}): ScheduledQuery {
  const name = changes.name ?? 'checkout';
  return {
    kind: 'scheduled',
    name,
    group: name,
    type: 'monitor-top-contributors',
    source: 'config',
    account: 'default',
    region: 'eu-west-1',
    monitorName: 'checkout',
    scopeId: undefined,
    metricName: 'RETRANSMISSIONS',
    destinationCategory: 'INTER_AZ',
    limit: 100,
    schedule: { every: 900_000, lookback: 900_000, delay: 120_000, timeout: 600_000 },
    contributorLabels: ['local_az', 'remote_ip'],
    staleAfter: 300_000,
    labels: {},
    ...changes,
  };
}
