import { formatDuration } from '../config/reading/texts.ts';
import type { Clock } from '../lib/clock.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { QueryView } from '../registry/query-view.ts';
import { currentStatus, type QueryFailure } from '../state/query-state.ts';
import type { ExporterState } from './exporter-state.ts';
import type { Scheduling } from './scheduling.ts';

/** Views of the registered queries for HTTP. */
export function queryViews(clock: Clock, { registry, queries, runs }: ExporterState, scheduling: Scheduling) {
  /** Returns the view of a query, with its members in the order of the API's JSON. Undefined if it was removed. */
  function viewOf(registration: Registration): QueryView | undefined {
    const state = queries.get(registration);
    if (state === undefined) {
      return undefined;
    }
    const { query } = registration;
    const { lastFailure } = state;
    const status = currentStatus(state, clock.monotonic()) ?? null;
    const ofRuns = runs.get(registration);
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
        : { queryId: ofRuns?.lastQueryId ?? null, ...planOf(query) }),
      labels: query.labels,
      status,
      statusSince: status === null ? null : time(state.statusSince),
      up: state.up ?? null,
      lastError: lastFailure === undefined ? null : errorOf(lastFailure),
      lastSuccess: time(state.lastSuccess),
      nextPoll: time(scheduling.next(registration)),
      recentRuns: ofRuns && (() => ofRuns.recent.list()),
    };
  }

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
