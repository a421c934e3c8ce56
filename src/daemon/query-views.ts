import { formatDuration } from '../config/reading/texts.ts';
import type { Clock } from '../lib/clock.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { QueryView } from '../registry/query-view.ts';
import { currentStatus, type QueryFailure, type QueryState } from '../state/query-state.ts';
import type { RunState } from '../state/run-state.ts';
import type { ExporterState } from './exporter-state.ts';
import type { Scheduling } from './scheduling.ts';

/** Views of the registered queries for HTTP. */
export function queryViews(clock: Clock, { registry, queries, runs }: ExporterState, scheduling: Scheduling) {
  const viewOf = (registration: Registration) => {
    const state = queries.get(registration);
    return state && viewOfState(state, clock.monotonic(), scheduling.next(registration), runs.get(registration));
  };
  return {
    /** Iterates over the registered queries. Each view has the state of its moment; queries removed before are omitted. */
    *all(): Generator<QueryView> {
      for (const registration of registry.all()) {
        const view = viewOf(registration);
        if (view !== undefined) {
          yield view;
        }
      }
    },
    /** Returns undefined if no query has the name. */
    get(name: string): QueryView | undefined {
      const registration = registry.get(name);
      return registration && viewOf(registration);
    },
  };
}

/**
 * Returns the view of a query, with its members in the order of the API's JSON.
 *
 * @param now on the monotonic clock
 * @param nextPoll in milliseconds since the epoch
 * @param runs of a scheduled query
 */
function viewOfState(
  state: QueryState,
  now: number,
  nextPoll: number | undefined,
  runs: Pick<RunState, 'lastQueryId' | 'recent'> | undefined,
): QueryView {
  const { lastFailure } = state;
  const { query } = state.registration;
  const status = currentStatus(state, now) ?? null;
  return {
    name: query.name,
    type: query.type,
    source: query.source,
    account: query.account,
    region: query.region,
    monitorName: query.monitorName,
    scopeId: query.scopeId,
    ...(query.kind === 'watched'
      ? { queryId: query.queryId, interval: formatDuration(query.interval) }
      : { queryId: runs?.lastQueryId ?? null, ...planOf(query) }),
    labels: query.labels,
    status,
    statusSince: status === null ? null : time(state.statusSince),
    up: state.up ?? null,
    lastError: lastFailure === undefined ? null : errorOf(lastFailure),
    lastSuccess: time(state.lastSuccess),
    nextPoll: time(nextPoll),
    recentRuns: runs && (() => runs.recent.list()),
  };
}

function errorOf({ operation, error, message, at }: QueryFailure) {
  return { operation, error, message, at: new Date(at).toISOString() };
}

function planOf({ metricName, destinationCategory, limit, schedule, contributorLabels }: ScheduledQuery) {
  const { every, lookback, delay, timeout } = schedule;
  return {
    metricName,
    destinationCategory,
    limit,
    schedule: {
      every: formatDuration(every),
      lookback: formatDuration(lookback),
      delay: formatDuration(delay),
      timeout: formatDuration(timeout),
    },
    contributorLabels,
  };
}

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
