import { formatDuration } from '../config/duration.ts';
import { currentStatus, type QueryState } from '../state/query-state.ts';
import type { QueryView } from './query-view.ts';

/** A query as HTTP shows it. `now` is the monotonic clock's; `nextPoll` is in milliseconds since the epoch. */
export function viewOfState(state: QueryState, now: number, nextPoll: number | undefined): QueryView {
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
    queryId: query.queryId,
    interval: formatDuration(query.interval),
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

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
