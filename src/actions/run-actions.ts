import { type TargetClient, UNKNOWN_AT_FIRST_MS } from '../aws/client.ts';
import { ApiError, type ApiErrorName, InvalidResponse, isUnanswered } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { Reminders } from '../lib/conditions.ts';
import { type LogFields, type Logger, wholeSeconds } from '../lib/log.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { Run, RunActions, RunOutcome, StepResult } from '../model/run.ts';
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

type Scheduled = Registration<ScheduledQuery>;

/** What scheduled queries do: each step asks the API, writes the state, and tells the scheduler how it went. */
export class ScheduledRunActions implements RunActions<ScheduledQuery> {
  readonly #options: RunActionsOptions;
  readonly #readings = new WeakMap<Run, Reading>();
  readonly #reminders: Reminders;
  readonly #results: RunResults;

  constructor(options: RunActionsOptions) {
    this.#options = options;
    this.#reminders = new Reminders(options.clock);
    this.#results = new RunResults(options);
  }

  start(registration: Scheduled, run: Run, signal: AbortSignal): Promise<StepResult> {
    const { log, states, runStates, clientOf, timed } = this.#options;
    const make = async (): Promise<StepResult> => {
      run.queryId = await clientOf(registration).startQuery(registration.query, run.window, signal);
      if (!registration.removed) {
        states.requestAnswered(registration);
        states.runStarted(registration);
        runStates.started(registration, run.queryId);
        timed(registration, 'wait', run.startedAt - run.wantedAt);
        log.debug('run started', fieldsOf(registration));
      }
      return 'done';
    };
    return this.#request(registration, 'start', signal, make, ({ error, mayHaveTakenEffect }) => {
      run.isUnconfirmed = mayHaveTakenEffect;
      if (error === 'ServiceQuotaExceededException') {
        this.#tellHourly(
          registration,
          'the service has no room for another query: lower maxConcurrentRuns, run less often, or have the quota raised',
        );
        return 'quota';
      }
      return passing(error) ?? 'start_failed';
    });
  }

  status(registration: Scheduled, run: Run, signal: AbortSignal): Promise<StepResult> {
    const { states, clientOf } = this.#options;
    const make = async (): Promise<StepResult> => {
      const asked = clientOf(registration).queryStatus({ ...registration.query, queryId: run.queryId }, signal);
      const status = await (this.#isYoung(run) ? asked.catch(unknownYet) : asked);
      if (registration.removed) {
        return 'done';
      }
      if (status === undefined) {
        states.unknownYet(registration);
        return 'again';
      }
      states.answered(registration, status);
      return NEXT[status];
    };
    return this.#request(registration, 'status', signal, make, ({ error }) => passing(error) ?? 'retry');
  }

  results(registration: Scheduled, run: Run, signal: AbortSignal): Promise<StepResult> {
    const reading = this.#readings.get(run) ?? { pages: new PackedPages(), paging: resultsPaging(), failures: 0 };
    this.#readings.set(run, reading);
    const make = async (): Promise<StepResult> => {
      await this.#readPage(registration, run, reading, signal);
      const isLast = reading.paging.nextToken === undefined;
      if (isLast && !registration.removed) {
        this.#readings.delete(run);
        await this.#refusing(registration, () => this.#results.read(registration, run, reading.pages));
        await this.#options.resultsKept(registration);
      }
      this.#answered(registration);
      return isLast || registration.removed ? 'done' : 'again';
    };
    return this.#request(
      registration,
      'results',
      signal,
      make,
      ({ error }) =>
        passing(error) ?? (reading.failures > 0 && reading.failures < PAGE_CALLS ? 'retry' : 'results_failed'),
    );
  }

  stop(registration: Scheduled, run: Run, signal: AbortSignal): Promise<StepResult> {
    const make = async (): Promise<StepResult> => {
      await this.#options.clientOf(registration).stopQuery({ ...registration.query, queryId: run.queryId }, signal);
      this.#answered(registration);
      return 'done';
    };
    return this.#request(registration, 'stop', signal, make, ({ error }) =>
      error === 'ResourceNotFoundException' && !this.#isYoung(run) ? 'done' : 'retry',
    );
  }

  ended(registration: Scheduled, { window, startedAt, terminalAt }: Run, outcome: RunOutcome): void {
    const { clock, log, runStates, timed } = this.#options;
    const fields = fieldsOf(registration);
    if (outcome === 'skipped') {
      runStates.skipped(registration, 1);
      log.debug('window skipped', { ...fields, window_end: new Date(window.end).toISOString() });
      this.#tellHourly(registration, 'window skipped after an unconfirmed start');
      return;
    }
    const duration = terminalAt === undefined ? undefined : terminalAt - startedAt;
    runStates.ended(registration, outcome, duration);
    if (duration !== undefined) {
      timed(registration, 'duration', duration);
    }
    log.debug('run ended', { ...fields, outcome, duration: wholeSeconds(clock.monotonic() - startedAt) });
  }

  skipped(registration: Scheduled, windows: number): void {
    const { log, runStates } = this.#options;
    runStates.skipped(registration, windows);
    log.debug('windows skipped', { ...fieldsOf(registration), windows });
    this.#tellHourly(
      registration,
      'windows are skipped that could not be started in time: allow more requests or runs, or run less often',
    );
  }

  clockSetBack(queries: number): void {
    this.#options.log.warn('wall clock set back', { queries });
  }

  /**
   * Makes a request; what it throws is written down and turned into how the run goes on. Of a query that has left
   * meanwhile nothing is written down: all that is left to do is to stop its run.
   */
  async #request(
    registration: Scheduled,
    operation: RequestKind,
    signal: AbortSignal,
    make: () => Promise<StepResult>,
    failed: (failure: ApiError) => StepResult,
  ): Promise<StepResult> {
    const { states, failures } = this.#options;
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

  #answered(registration: Scheduled): void {
    if (!registration.removed) {
      this.#options.states.requestAnswered(registration);
    }
  }

  /** Reads the next page. A function of its own, so that nothing holds the page once it is packed. */
  async #readPage(registration: Scheduled, run: Run, reading: Reading, signal: AbortSignal): Promise<void> {
    const { query } = registration;
    const { pages, paging } = reading;
    reading.failures += 1;
    const { page, nextToken, bytes } = await this.#options
      .clientOf(registration)
      .queryResults<ResultPage>(
        { ...query, queryId: run.queryId },
        paging.nextToken,
        query.type === 'workload-insights-top-contributors-data' ? readDataPage : readRowPage,
        signal,
      );
    reading.failures = 0;
    await this.#refusing(registration, () => paging.add({ ...countsOf(page), bytes }, nextToken));
    await pages.add(page);
  }

  /** What is wrong with results is an error of the API. */
  async #refusing(registration: Scheduled, read: () => void | Promise<void>): Promise<void> {
    try {
      await read();
    } catch (thrown) {
      throw thrown instanceof InvalidResponse
        ? this.#options.clientOf(registration).refuseResults(registration.query, thrown.message)
        : thrown;
    }
  }

  #isYoung({ startedAt }: Run): boolean {
    return this.#options.clock.monotonic() - startedAt < UNKNOWN_AT_FIRST_MS;
  }

  /** What concerns all of a target's queries, told with the first of them. */
  #tellHourly(registration: Scheduled, message: string): void {
    const { account, region } = registration.query;
    if (this.#reminders.isDue(`${account} ${region} ${message}`)) {
      this.#options.log.warn(message, fieldsOf(registration));
    }
  }
}

function fieldsOf({ query: { account, region, name } }: Scheduled): LogFields {
  return { account, aws_region: region, query: name };
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
