import { formatDuration } from '../../config/reading/texts.ts';
import type { ScheduledQuery } from '../../model/query.ts';
import type { QueryView, ScheduledView } from '../../registry/query-view.ts';
import { currentStatus, type QueryState } from '../../state/query-state.ts';
import type { RunState } from '../../state/run-state.ts';

/** A query as HTTP shows it. `now` is the monotonic clock's; `nextPoll` is in milliseconds since the epoch; `runs` are those of a scheduled query. */
export function viewOfState(
  state: QueryState,
  now: number,
  nextPoll: number | undefined,
  runs: Pick<RunState, 'lastQueryId' | 'recent'> | undefined,
): QueryView {
  const { query, lastFailure } = state;
  const status = currentStatus(state, now) ?? null;
  return {
    name: query.name,
    type: query.type,
    source: query.source,
    account: query.account,
    region: query.region,
    ...(query.monitorName === undefined ? {} : { monitorName: query.monitorName }),
    ...(query.scopeId === undefined ? {} : { scopeId: query.scopeId }),
    ...(query.kind === 'watched'
      ? { queryId: query.queryId, interval: formatDuration(query.interval) }
      : { queryId: runs?.lastQueryId ?? null, scheduled: scheduledView(query) }),
    ...(runs === undefined ? {} : { recentRuns: () => runs.recent.list() }),
    labels: query.labels,
    status,
    statusSince: status === null ? null : time(state.statusSince),
    up: state.up ?? null,
    lastError:
      lastFailure === undefined
        ? null
        : {
            operation: lastFailure.operation,
            error: lastFailure.error,
            message: lastFailure.message,
            at: new Date(lastFailure.at).toISOString(),
          },
    lastSuccess: time(state.lastSuccess),
    nextPoll: time(nextPoll),
  };
}

function scheduledView(query: ScheduledQuery): ScheduledView {
  const { every, lookback, delay, timeout } = query.schedule;
  return {
    metricName: query.metricName,
    destinationCategory: query.destinationCategory,
    ...(query.limit === undefined ? {} : { limit: query.limit }),
    schedule: {
      every: formatDuration(every),
      lookback: formatDuration(lookback),
      delay: formatDuration(delay),
      timeout: formatDuration(timeout),
    },
    contributorLabels: query.contributorLabels,
  };
}

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
