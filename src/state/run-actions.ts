import type { QueryStatus, TargetClient } from '../api/client.ts';
import { ApiError, type ApiErrorName, InvalidResponse } from '../api/errors.ts';
import { QUERY_OPERATIONS } from '../api/operations.ts';
import { type DataPage, joinDataPages, joinRowPages, type RowPage, readDataPage, readRowPage } from '../api/results.ts';
import type { RoundTripTimeUnit } from '../config/round-trip-time-unit.ts';
import type { ScheduledQuery } from '../queries/query.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { Turns } from '../runtime/turns.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { Run, RunActions, StepResult } from '../scheduler/runs.ts';
import { mergeRows } from './contributors.ts';
import { newestDatapoints } from './datapoints.ts';
import type { FailureLog } from './failure-log.ts';
import { KeptJson } from './kept-json.ts';
import type { QueryStates, RequestKind } from './query-state.ts';
import { datapointsJson, rowsJson } from './results-json.ts';
import type { RunStates } from './run-state.ts';
import { type UnitConversion, unitConversion } from './units.ts';

export interface RunActionsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly states: QueryStates;
  readonly runStates: RunStates;
  readonly failures: FailureLog;
  readonly clientOf: (
    query: ScheduledQuery,
  ) => Pick<TargetClient, 'startQuery' | 'queryStatus' | 'queryResults' | 'stopQuery'>;
  /** A run has begun after so many milliseconds, or has ended after so many since its start. */
  readonly timed: (query: ScheduledQuery, what: 'wait' | 'duration', milliseconds: number) => void;
  readonly contributors: {
    readonly mirrorRows: 'keep' | 'drop';
    readonly maxSeriesPerQuery: number;
    readonly roundTripTimeUnit: RoundTripTimeUnit;
  };
}

/** The service may not know a query yet that it has just started. */
const UNKNOWN_AT_FIRST_MS = 60_000;

/** What is kept of a run between its requests. */
interface Reading {
  readonly rowPages: RowPage[];
  readonly dataPages: DataPage[];
  nextToken: string | undefined;
}

/** What scheduled queries do: each step asks the API, writes the state, and tells the scheduler how it went. */
export function createRunActions(options: RunActionsOptions): RunActions<ScheduledQuery> {
  const { clock, log, states, runStates, failures, clientOf, timed } = options;
  const readings = new Map<string, Reading>();
  const unitsAssumed = new Set<string>();
  /** Results take milliseconds to work through, and those of many runs may come at once. */
  const turns = new Turns();

  /** Makes a request; what it throws is written down and turned into how the run goes on. */
  async function request(
    query: ScheduledQuery,
    operation: RequestKind,
    signal: AbortSignal,
    make: () => Promise<StepResult>,
    failed: (error: ApiErrorName) => StepResult,
  ): Promise<StepResult> {
    try {
      const result = await make();
      failures.recovered(query);
      return result;
    } catch (thrown) {
      if (signal.reason === SHUTDOWN) {
        return 'silent';
      }
      if (!(thrown instanceof ApiError)) {
        throw thrown;
      }
      const failure = { error: thrown.error, message: thrown.message };
      if (operation === 'status') {
        states.failed(query.name, failure);
      } else {
        states.requestFailed(query.name, { operation, ...failure });
      }
      failures.failed(query, thrown);
      return failed(thrown.error);
    }
  }

  const fields = ({ account, region, name }: ScheduledQuery) => ({ account, aws_region: region, query: name });

  return {
    begins(query, run) {
      timed(query, 'wait', clock.monotonic() - run.wantedAt);
    },

    start: (query, run, signal) =>
      request(
        query,
        'start',
        signal,
        async () => {
          run.queryId = await clientOf(query).startQuery(query, run.window, signal);
          states.requestAnswered(query.name);
          states.runStarted(query.name);
          runStates.started(query.name, run.queryId);
          readings.set(query.name, { rowPages: [], dataPages: [], nextToken: undefined });
          log.debug('run started', fields(query));
          return 'done';
        },
        (error) => {
          if (error === 'ServiceQuotaExceededException') {
            log.warn(
              'the service has no room for another query: lower accounts[].maxConcurrentRuns or run less often',
              fields(query),
            );
            return 'quota';
          }
          return passing(error) ?? 'start_failed';
        },
      ),

    status: (query, run, signal) =>
      request(
        query,
        'status',
        signal,
        async () => {
          const status = await clientOf(query).queryStatus({ ...query, queryId: run.queryId }, signal);
          states.answered(query.name, status);
          if (status === 'QUEUED' || status === 'RUNNING') {
            return 'again';
          }
          const duration = clock.monotonic() - run.startedAt;
          runStates.terminal(query.name, duration);
          timed(query, 'duration', duration);
          return END[status];
        },
        (error) => {
          const young = clock.monotonic() - run.startedAt < UNKNOWN_AT_FIRST_MS;
          return error === 'ResourceNotFoundException' && young ? 'again' : (passing(error) ?? 'retry');
        },
      ),

    results: (query, run, signal) =>
      request(
        query,
        'results',
        signal,
        async () => {
          const reading = readings.get(query.name) ?? { rowPages: [], dataPages: [], nextToken: undefined };
          const reference = { ...query, queryId: run.queryId };
          if (query.type === 'workload-insights-top-contributors-data') {
            const { page } = await clientOf(query).queryResults(reference, reading.nextToken, readDataPage, signal);
            reading.dataPages.push(page);
            reading.nextToken = page.nextToken;
          } else {
            const { page } = await clientOf(query).queryResults(reference, reading.nextToken, readRowPage, signal);
            reading.rowPages.push(page);
            reading.nextToken = page.nextToken;
          }
          if (reading.nextToken !== undefined) {
            states.requestAnswered(query.name);
            return 'again';
          }
          readings.delete(query.name);
          await turns.next();
          try {
            await exportResults(query, run, reading);
          } catch (thrown) {
            throw thrown instanceof InvalidResponse
              ? new ApiError('InvalidResponse', QUERY_OPERATIONS[query.type].results.name, thrown.message)
              : thrown;
          }
          states.requestAnswered(query.name);
          return 'done';
        },
        (error) => passing(error) ?? 'results_failed',
      ),

    stop: (query, run, signal) =>
      request(
        query,
        'stop',
        signal,
        async () => {
          await clientOf(query).stopQuery({ ...query, queryId: run.queryId }, signal);
          states.requestAnswered(query.name);
          return 'done';
        },
        (error) => (error === 'ResourceNotFoundException' ? 'done' : 'retry'),
      ),

    ended(query, run, outcome) {
      readings.delete(query.name);
      runStates.ended(query.name, outcome);
      log.debug('run ended', {
        ...fields(query),
        outcome,
        duration: `${Math.round((clock.monotonic() - run.startedAt) / 1_000)}s`,
      });
    },

    skipped(query, windows) {
      runStates.ended(query.name, 'skipped', windows);
      log.warn('windows skipped: no room under the budget or the run cap in time', { ...fields(query), windows });
    },
  };

  /** @throws InvalidResponse */
  async function exportResults(query: ScheduledQuery, run: Run, reading: Reading): Promise<void> {
    const { maxSeriesPerQuery, mirrorRows, roundTripTimeUnit } = options.contributors;
    const { metricName, contributorLabels, name } = query;
    const answer = reading.dataPages.length > 0 ? joinDataPages(reading.dataPages) : joinRowPages(reading.rowPages);
    const conversion = unitConversion(metricName, answer.unit, roundTripTimeUnit);
    tellAssumption(query, conversion);
    const { start, end } = run.window;
    const about = {
      name,
      queryId: run.queryId,
      windowStart: new Date(start).toISOString(),
      windowEnd: new Date(end).toISOString(),
    };
    if ('datapoints' in answer) {
      const { newestAt, step, rows, series, dropped } = newestDatapoints(
        answer.datapoints,
        conversion,
        maxSeriesPerQuery,
      );
      const json = await KeptJson.of({ ...about, ...datapointsJson(answer, conversion) });
      runStates.resultsRead(
        name,
        { at: newestAt ?? end, windowEnd: end, length: step, rows, dropped, json },
        series,
        undefined,
      );
      return;
    }
    const { rows, series, dropped, total } = mergeRows(answer.rows, {
      metricName,
      conversion,
      labels: contributorLabels,
      mirrorRows,
      maxSeriesPerQuery,
    });
    const json = await KeptJson.of({ ...about, ...rowsJson(answer, conversion) });
    runStates.resultsRead(name, { at: end, windowEnd: end, length: end - start, rows, dropped, json }, series, total);
  }

  function tellAssumption(query: ScheduledQuery, { assumed, unit }: UnitConversion): void {
    if (assumed && !unitsAssumed.has(query.metricName)) {
      unitsAssumed.add(query.metricName);
      log.info('an answer names no unit', { ...fields(query), metric: query.metricName, assumed: unit });
    }
  }
}

const END: Readonly<Record<Exclude<QueryStatus, 'QUEUED' | 'RUNNING'>, StepResult>> = {
  SUCCEEDED: 'done',
  FAILED: 'failed',
  CANCELED: 'canceled',
};

/** How a request goes on whose failure may pass by itself; undefined for one that will not. */
function passing(error: ApiErrorName): StepResult | undefined {
  switch (error) {
    case 'CredentialsError':
    case 'NetworkError':
    case 'TimeoutError':
      return 'silent';
    case 'ConflictException':
    case 'ExpiredTokenException':
    case 'InternalServerException':
    case 'OtherError':
    case 'ThrottlingException':
      return 'retry';
    default:
      return undefined;
  }
}
