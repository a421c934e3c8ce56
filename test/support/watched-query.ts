import type { WatchedQuery } from '../../src/model/query.ts';

/** A watched query of a monitor, with a polling interval of 30 s, stale after 5 min, and with `changes`. */
export function watchedQuery(changes: Partial<WatchedQuery> = {}): WatchedQuery {
  const name = changes.name ?? 'checkout-watch';
  return {
    kind: 'watched',
    name,
    group: name,
    type: 'monitor-top-contributors',
    source: 'config',
    account: 'default',
    region: 'eu-west-1',
    monitorName: 'checkout',
    scopeId: undefined,
    queryId: '11111111-2222-3333-4444-555555555555',
    interval: 30_000,
    staleAfter: 300_000,
    labels: {},
    ...changes,
  };
}

/** A watched query of a scope. */
export function scopeQuery(
  type: 'workload-insights-top-contributors' | 'workload-insights-top-contributors-data',
  changes: Partial<WatchedQuery> = {},
): WatchedQuery {
  return watchedQuery({ type, monitorName: undefined, scopeId: 'c0ffee00-0000-4000-8000-000000000000', ...changes });
}
