import type { QueryView, ScheduledView } from '../../registry/query-view.ts';

/**
 * The JSON of one query under `/api/v1/queries`: identity, then the keys of the configuration that define it (those it
 * has), then its state. Listed key by key, so that nothing a caller's object holds besides can get out.
 */
export function queryJson(view: QueryView): Record<string, unknown> {
  return {
    name: view.name,
    type: view.type,
    source: view.source,
    account: view.account,
    region: view.region,
    ...(view.monitorName === undefined ? {} : { monitorName: view.monitorName }),
    ...(view.scopeId === undefined ? {} : { scopeId: view.scopeId }),
    queryId: view.queryId,
    ...(view.interval === undefined ? {} : { interval: view.interval }),
    ...(view.scheduled === undefined ? {} : scheduledJson(view.scheduled)),
    labels: view.labels,
    status: view.status,
    statusSince: view.statusSince,
    up: view.up,
    lastError: view.lastError && {
      operation: view.lastError.operation,
      error: view.lastError.error,
      message: view.lastError.message,
      at: view.lastError.at,
    },
    lastSuccess: view.lastSuccess,
    nextPoll: view.nextPoll,
  };
}

function scheduledJson(view: ScheduledView): Record<string, unknown> {
  const { every, lookback, delay, timeout } = view.schedule;
  return {
    metricName: view.metricName,
    destinationCategory: view.destinationCategory,
    ...(view.limit === undefined ? {} : { limit: view.limit }),
    schedule: { every, lookback, delay, timeout },
    contributorLabels: view.contributorLabels,
  };
}
