import { type QueryStatus, type TargetClient, UNKNOWN_AT_FIRST_MS } from '../api/client.ts';
import { ApiError, type ApiErrorName, InvalidResponse } from '../api/errors.ts';
import { type DataPage, joinDataPages, joinRowPages, type RowPage, readDataPage, readRowPage } from '../api/results.ts';
import type { RoundTripTimeUnit } from '../config/round-trip-time-unit.ts';
import type { ScheduledQuery } from '../queries/query.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { Turns } from '../runtime/turns.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { Run, RunActions, StepResult } from '../scheduler/run.ts';
import { mergeRows } from './contributors.ts';
import { newestDatapoints } from './datapoints.ts';
import type { FailureLog } from './failure-log.ts';
import { Hourly } from './hourly.ts';
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
  ) => Pick<TargetClient, 'startQuery' | 'queryStatus' | 'queryResults' | 'refuseResults' | 'stopQuery'>;
  /** Resolves when a query's results, which were just read, are kept as well as they can be: the run may be over then. */
  readonly resultsKept: (query: ScheduledQuery) => Promise<void>;
  /** A run was started that had waited for so many milliseconds, or has come to its end so many after its start. */
  readonly timed: (query: ScheduledQuery, what: 'wait' | 'duration', milliseconds: number) => void;
  /** Asked for each result: a reload may have changed them. */
  readonly contributors: () => {
    readonly mirrorRows: 'keep' | 'drop';
    readonly maxSeriesPerQuery: number;
    readonly roundTripTimeUnit: RoundTripTimeUnit;
  };
}

/** What is kept of a run between its requests. */
interface Reading {
  readonly rowPages: RowPage[];
  readonly dataPages: DataPage[];
  nextToken: string | undefined;
}

/** What scheduled queries do: each step asks the API, writes the state, and tells the scheduler how it went. */
export function createRunActions(options: RunActionsOptions): RunActions<ScheduledQuery> {
  const { clock, log, states, runStates, failures, clientOf, timed } = options;
  const readings = new WeakMap<Run, Reading>();
  const unitsAssumed = new Set<string>();
  const hourly = new Hourly(clock);
  /** Results take milliseconds to work through, and those of many runs may come at once. */
  const turns = new Turns();

  /**
   * Makes a request; what it throws is written down and turned into how the run goes on. Of a query that has left
   * meanwhile nothing is written down: all that is left to do is to stop its run.
   */
  async function request(
    query: ScheduledQuery,
    operation: RequestKind,
    signal: AbortSignal,
    make: () => Promise<StepResult>,
    failed: (error: ApiErrorName) => StepResult,
  ): Promise<StepResult> {
    try {
      const result = await make();
      if (states.has(query)) {
        failures.recovered(query);
      }
      return result;
    } catch (thrown) {
      if (signal.reason === SHUTDOWN) {
        return 'silent';
      }
      if (!(thrown instanceof ApiError)) {
        throw thrown;
      }
      if (!states.has(query)) {
        return failed(thrown.error);
      }
      const failure = { error: thrown.error, message: thrown.message };
      if (operation === 'status') {
        states.failed(query.name, failure);
      } else {
        states.requestFailed(query.name, { operation, ...failure });
      }
      const result = failed(thrown.error);
      if (result !== 'quota') {
        failures.failed(query, thrown);
      }
      return result;
    }
  }

  const isYoung = ({ startedAt }: Run) => clock.monotonic() - startedAt < UNKNOWN_AT_FIRST_MS;
  const fields = ({ account, region, name }: ScheduledQuery) => ({ account, aws_region: region, query: name });

  return {
    start: (query, run, signal) =>
      request(
        query,
        'start',
        signal,
        async () => {
          run.queryId = await clientOf(query).startQuery(query, run.window, signal);
          if (!states.has(query)) {
            return 'done';
          }
          states.requestAnswered(query.name);
          states.runStarted(query.name);
          runStates.started(query.name, run.queryId);
          readings.set(run, { rowPages: [], dataPages: [], nextToken: undefined });
          timed(query, 'wait', run.startedAt - run.wantedAt);
          log.debug('run started', fields(query));
          return 'done';
        },
        (error) => {
          if (error === 'ServiceQuotaExceededException') {
            tellHourly(
              query,
              'the service has no room for another query: lower maxConcurrentRuns, run less often, or have the quota raised',
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
          const asked = clientOf(query).queryStatus({ ...query, queryId: run.queryId }, signal);
          const status = await (isYoung(run) ? asked.catch(unknownYet) : asked);
          if (!states.has(query)) {
            return 'done';
          }
          if (status === undefined) {
            states.unknownYet(query.name);
            return 'again';
          }
          states.answered(query.name, status);
          return NEXT[status];
        },
        (error) => passing(error) ?? 'retry',
      ),

    results: (query, run, signal) =>
      request(
        query,
        'results',
        signal,
        async () => {
          const reading = readings.get(run) ?? { rowPages: [], dataPages: [], nextToken: undefined };
          const { nextToken } = reading;
          const client = clientOf(query);
          const reference = { ...query, queryId: run.queryId };
          if (query.type === 'workload-insights-top-contributors-data') {
            const { page } = await client.queryResults(reference, nextToken, readDataPage, signal);
            reading.dataPages.push(page);
            reading.nextToken = page.nextToken;
          } else {
            const { page } = await client.queryResults(reference, nextToken, readRowPage, signal);
            reading.rowPages.push(page);
            reading.nextToken = page.nextToken;
          }
          if (!states.has(query)) {
            return 'done';
          }
          if (reading.nextToken !== undefined) {
            if (reading.nextToken === nextToken) {
              throw client.refuseResults(query, 'expected nextToken to be another on the next page, got the same');
            }
            states.requestAnswered(query.name);
            return 'again';
          }
          readings.delete(run);
          await turns.next();
          try {
            await exportResults(query, run, reading);
          } catch (thrown) {
            throw thrown instanceof InvalidResponse ? client.refuseResults(query, thrown.message) : thrown;
          }
          await options.resultsKept(query);
          if (states.has(query)) {
            states.requestAnswered(query.name);
          }
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
          if (states.has(query)) {
            states.requestAnswered(query.name);
          }
          return 'done';
        },
        (error) => (error === 'ResourceNotFoundException' && !isYoung(run) ? 'done' : 'retry'),
      ),

    ended(query, { startedAt, terminalAt }, outcome) {
      const duration = terminalAt === undefined ? undefined : terminalAt - startedAt;
      runStates.ended(query.name, outcome, duration);
      if (duration !== undefined) {
        timed(query, 'duration', duration);
      }
      const whole = `${Math.round((clock.monotonic() - startedAt) / 1_000)}s`;
      log.debug('run ended', { ...fields(query), outcome, duration: whole });
    },

    skipped(query, windows) {
      runStates.skipped(query.name, windows);
      log.debug('windows skipped', { ...fields(query), windows });
      tellHourly(
        query,
        'windows are skipped that could not be started in time: allow more requests or runs, or run less often',
      );
    },
  };

  /** What concerns all of a target's queries, told with the first of them. */
  function tellHourly(query: ScheduledQuery, message: string): void {
    if (hourly.isDue(`${query.account} ${query.region} ${message}`)) {
      log.warn(message, fields(query));
    }
  }

  /** @throws InvalidResponse */
  async function exportResults(query: ScheduledQuery, run: Run, reading: Reading): Promise<void> {
    const { maxSeriesPerQuery, mirrorRows, roundTripTimeUnit } = options.contributors();
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
      if (!states.has(query)) {
        return;
      }
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
    if (!states.has(query)) {
      return;
    }
    runStates.resultsRead(name, { at: end, windowEnd: end, length: end - start, rows, dropped, json }, series, total);
  }

  function tellAssumption(query: ScheduledQuery, { assumed, unit }: UnitConversion): void {
    if (assumed && !unitsAssumed.has(query.metricName)) {
      unitsAssumed.add(query.metricName);
      log.info('an answer names no unit', { ...fields(query), metric: query.metricName, assumed: unit });
    }
  }
}

/** Undefined for the answer to a status request that the service does not know the query; throws what else was thrown. */
function unknownYet(thrown: unknown): undefined {
  if (thrown instanceof ApiError && thrown.error === 'ResourceNotFoundException') {
    return undefined;
  }
  throw thrown;
}

/** How a run goes on from each status. */
const NEXT: Readonly<Record<QueryStatus, StepResult>> = {
  QUEUED: 'again',
  RUNNING: 'again',
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
