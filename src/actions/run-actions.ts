import { type TargetClient, UNKNOWN_AT_FIRST_MS } from '../aws/client.ts';
import { ApiError, type ApiErrorName, InvalidResponse, isUnanswered } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { Reminders } from '../lib/conditions.ts';
import { type Logger, wholeSeconds } from '../lib/log.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { Run, RunActions, StepResult } from '../model/run.ts';
import type { QueryStatus } from '../model/vocabulary.ts';
import { PackedPages } from '../results/packed-pages.ts';
import { countsOf, type ResultsPaging, resultsPaging } from '../results/paging.ts';
import { readDataPage, readRowPage } from '../results/results.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { QueryStates, RequestKind } from '../state/query-state.ts';
import type { RunStates } from '../state/run-state.ts';
import type { FailureLog } from './failure-log.ts';
import { type ResultPage, RunResults, type RunResultsOptions } from './run-results.ts';

export interface RunActionsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly states: QueryStates;
  readonly runStates: RunStates;
  readonly failures: FailureLog;
  readonly clientOf: (
    registration: Registration,
  ) => Pick<TargetClient, 'startQuery' | 'queryStatus' | 'queryResults' | 'refuseResults' | 'stopQuery'>;
  /** Resolves when a query's results, which were just read, are kept as well as they can be: the run may be over then. */
  readonly resultsKept: (registration: Registration) => Promise<void>;
  /** A run was started that had waited for so many milliseconds, or has come to its end so many after its start. */
  readonly timed: (registration: Registration<ScheduledQuery>, what: 'wait' | 'duration', milliseconds: number) => void;
  readonly contributors: RunResultsOptions['contributors'];
}

/** What is kept of a run between its requests. */
interface Reading {
  readonly pages: PackedPages<ResultPage>;
  readonly paging: ResultsPaging;
  /** Failures in a row to read the next page; 0 once it is read. */
  failures: number;
}

/** Calls for one page of results that may fail in a row, if their error is not one that usually passes. */
const PAGE_CALLS = 5;

/** What scheduled queries do: each step asks the API, writes the state, and tells the scheduler how it went. */
export function createRunActions(options: RunActionsOptions): RunActions<ScheduledQuery> {
  const { clock, log, states, runStates, failures, clientOf, timed } = options;
  const readings = new WeakMap<Run, Reading>();
  const reminders = new Reminders(clock);
  const results = new RunResults(options);

  /**
   * Makes a request; what it throws is written down and turned into how the run goes on. Of a query that has left
   * meanwhile nothing is written down: all that is left to do is to stop its run.
   */
  async function request(
    registration: Registration<ScheduledQuery>,
    operation: RequestKind,
    signal: AbortSignal,
    make: () => Promise<StepResult>,
    failed: (failure: ApiError) => StepResult,
  ): Promise<StepResult> {
    try {
      const result = await make();
      if (!registration.removed) {
        failures.recovered(registration.query);
      }
      return result;
    } catch (thrown) {
      if (signal.reason === SHUTDOWN) {
        return 'silent';
      }
      if (!(thrown instanceof ApiError)) {
        throw thrown;
      }
      if (registration.removed) {
        return failed(thrown);
      }
      const failure = { error: thrown.error, message: thrown.message };
      if (operation === 'status') {
        states.failed(registration, failure);
      } else {
        states.requestFailed(registration, { operation, ...failure });
      }
      const result = failed(thrown);
      if (result !== 'quota') {
        failures.failed(registration.query, thrown);
      }
      return result;
    }
  }

  function readingOf(run: Run): Reading {
    let reading = readings.get(run);
    if (reading === undefined) {
      reading = { pages: new PackedPages(), paging: resultsPaging(), failures: 0 };
      readings.set(run, reading);
    }
    return reading;
  }

  /** What is wrong with results is an error of the API. */
  function asRefusal(registration: Registration<ScheduledQuery>, thrown: unknown): unknown {
    return thrown instanceof InvalidResponse
      ? clientOf(registration).refuseResults(registration.query, thrown.message)
      : thrown;
  }

  /** Reads the next page. A function of its own, so that nothing holds the page once it is packed. */
  async function readPage(
    registration: Registration<ScheduledQuery>,
    run: Run,
    reading: Reading,
    signal: AbortSignal,
  ): Promise<void> {
    const { query } = registration;
    const { pages, paging } = reading;
    reading.failures += 1;
    const { page, nextToken, bytes } = await clientOf(registration).queryResults<ResultPage>(
      { ...query, queryId: run.queryId },
      paging.nextToken,
      query.type === 'workload-insights-top-contributors-data' ? readDataPage : readRowPage,
      signal,
    );
    reading.failures = 0;
    try {
      paging.add({ ...countsOf(page), bytes }, nextToken);
    } catch (thrown) {
      throw asRefusal(registration, thrown);
    }
    await pages.add(page);
  }

  const isYoung = ({ startedAt }: Run) => clock.monotonic() - startedAt < UNKNOWN_AT_FIRST_MS;
  const fields = ({ query: { account, region, name } }: Registration<ScheduledQuery>) => ({
    account,
    aws_region: region,
    query: name,
  });

  return {
    start: (registration, run, signal) =>
      request(
        registration,
        'start',
        signal,
        async () => {
          run.queryId = await clientOf(registration).startQuery(registration.query, run.window, signal);
          if (registration.removed) {
            return 'done';
          }
          states.requestAnswered(registration);
          states.runStarted(registration);
          runStates.started(registration, run.queryId);
          timed(registration, 'wait', run.startedAt - run.wantedAt);
          log.debug('run started', fields(registration));
          return 'done';
        },
        ({ error, mayHaveTakenEffect }) => {
          run.isUnconfirmed = mayHaveTakenEffect;
          if (error === 'ServiceQuotaExceededException') {
            tellHourly(
              registration,
              'the service has no room for another query: lower maxConcurrentRuns, run less often, or have the quota raised',
            );
            return 'quota';
          }
          return passing(error) ?? 'start_failed';
        },
      ),

    status: (registration, run, signal) =>
      request(
        registration,
        'status',
        signal,
        async () => {
          const asked = clientOf(registration).queryStatus({ ...registration.query, queryId: run.queryId }, signal);
          const status = await (isYoung(run) ? asked.catch(unknownYet) : asked);
          if (registration.removed) {
            return 'done';
          }
          if (status === undefined) {
            states.unknownYet(registration);
            return 'again';
          }
          states.answered(registration, status);
          return NEXT[status];
        },
        ({ error }) => passing(error) ?? 'retry',
      ),

    results: (registration, run, signal) => {
      const reading = readingOf(run);
      return request(
        registration,
        'results',
        signal,
        async () => {
          await readPage(registration, run, reading, signal);
          if (registration.removed) {
            return 'done';
          }
          if (reading.paging.nextToken !== undefined) {
            states.requestAnswered(registration);
            return 'again';
          }
          readings.delete(run);
          try {
            await results.read(registration, run, reading.pages);
          } catch (thrown) {
            throw asRefusal(registration, thrown);
          }
          await options.resultsKept(registration);
          if (!registration.removed) {
            states.requestAnswered(registration);
          }
          return 'done';
        },
        ({ error }) =>
          passing(error) ?? (reading.failures > 0 && reading.failures < PAGE_CALLS ? 'retry' : 'results_failed'),
      );
    },

    stop: (registration, run, signal) =>
      request(
        registration,
        'stop',
        signal,
        async () => {
          await clientOf(registration).stopQuery({ ...registration.query, queryId: run.queryId }, signal);
          if (!registration.removed) {
            states.requestAnswered(registration);
          }
          return 'done';
        },
        ({ error }) => (error === 'ResourceNotFoundException' && !isYoung(run) ? 'done' : 'retry'),
      ),

    ended(registration, { window, startedAt, terminalAt }, outcome) {
      if (outcome === 'skipped') {
        runStates.skipped(registration, 1);
        log.debug('window skipped', { ...fields(registration), window_end: new Date(window.end).toISOString() });
        tellHourly(registration, 'window skipped after an unconfirmed start');
        return;
      }
      const duration = terminalAt === undefined ? undefined : terminalAt - startedAt;
      runStates.ended(registration, outcome, duration);
      if (duration !== undefined) {
        timed(registration, 'duration', duration);
      }
      log.debug('run ended', {
        ...fields(registration),
        outcome,
        duration: wholeSeconds(clock.monotonic() - startedAt),
      });
    },

    skipped(registration, windows) {
      runStates.skipped(registration, windows);
      log.debug('windows skipped', { ...fields(registration), windows });
      tellHourly(
        registration,
        'windows are skipped that could not be started in time: allow more requests or runs, or run less often',
      );
    },

    clockSetBack(queries) {
      log.warn('wall clock set back', { queries });
    },
  };

  /** What concerns all of a target's queries, told with the first of them. */
  function tellHourly(registration: Registration<ScheduledQuery>, message: string): void {
    const { account, region } = registration.query;
    if (reminders.isDue(`${account} ${region} ${message}`)) {
      log.warn(message, fields(registration));
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
  if (isUnanswered(error)) {
    return 'silent';
  }
  switch (error) {
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
