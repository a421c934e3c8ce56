import { type TargetClient, UNKNOWN_AT_FIRST_MS } from '../aws/client.ts';
import { ApiError, type ApiErrorName, isUnanswered } from '../aws/errors.ts';
import { Reminders } from '../lib/conditions.ts';
import type { Context } from '../lib/context.ts';
import { type LogFields, wholeSeconds } from '../lib/log.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { Run, RunActions, RunOutcome, StepResult } from '../model/run.ts';
import type { QueryStatus } from '../model/vocabulary.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { CallKind, QueryStates } from '../state/query-state.ts';
import type { RunStates } from '../state/run-state.ts';
import type { FailureLog } from './failure-log.ts';
import { PageReading, refusing } from './page-reading.ts';
import type { RunResults } from './run-results.ts';

export interface RunActionsOptions {
  readonly context: Pick<Context, 'clock' | 'log'>;
  readonly states: QueryStates;
  readonly runStates: RunStates;
  readonly failures: FailureLog;
  readonly clientOf: (
    registration: Registration,
  ) => Pick<TargetClient, 'startQuery' | 'queryStatus' | 'queryResults' | 'refuseResults' | 'stopQuery'>;
  readonly results: RunResults;
  /** Resolves when the results that were just read are stored, or cannot be stored. The run can end then. */
  readonly stored: (registration: Registration) => Promise<void>;
  /** Called with the milliseconds that a started run has waited, or that an ended run has taken. */
  readonly timed: (registration: Registration<ScheduledQuery>, what: 'wait' | 'duration', milliseconds: number) => void;
}

/** Consecutive failed calls for one page of results that are accepted, for errors that are not temporary. */
const PAGE_CALLS = 5;

type Scheduled = Registration<ScheduledQuery>;

/** The steps of scheduled queries. Each calls the API, updates the state, and returns the outcome to the scheduler. */
export class ScheduledRunActions implements RunActions<ScheduledQuery> {
  readonly #options: RunActionsOptions;
  readonly #readings = new WeakMap<Run, PageReading>();
  /** Sums of the results of runs that are not counted yet. */
  readonly #totals = new WeakMap<Run, number | undefined>();
  readonly #reminders: Reminders;

  constructor(options: RunActionsOptions) {
    this.#options = options;
    this.#reminders = new Reminders(options.context.clock);
  }

  start(registration: Scheduled, run: Run, signal: AbortSignal): Promise<StepResult> {
    const { context, states, runStates, clientOf, timed } = this.#options;
    const make = async (): Promise<StepResult> => {
      run.queryId = await clientOf(registration).startQuery(registration.query, run.window, signal);
      if (!registration.removed) {
        states.callSucceeded(registration);
        states.runStarted(registration);
        runStates.started(registration, run.queryId);
        timed(registration, 'wait', run.startedAt - run.wantedAt);
        context.log.debug('run started', fieldsOf(registration));
      }
      return 'done';
    };
    return this.#request(registration, 'start', signal, make, ({ error, mayHaveTakenEffect }) => {
      run.isUnconfirmed = mayHaveTakenEffect;
      if (error === 'ServiceQuotaExceededException') {
        const hint = 'lower maxConcurrentRuns, run less often, or request a higher quota';
        this.#warnHourly(registration, 'start rejected by service quota', hint);
        return 'quota';
      }
      return temporary(error) ?? 'start_failed';
    });
  }

  status(registration: Scheduled, run: Run, signal: AbortSignal): Promise<StepResult> {
    const { states, clientOf } = this.#options;
    const make = async (): Promise<StepResult> => {
      const polled = clientOf(registration).queryStatus({ ...registration.query, queryId: run.queryId }, signal);
      const status = await (this.#isNew(run) ? polled.catch(unknownYet) : polled);
      if (registration.removed) {
        return 'done';
      }
      if (status === undefined) {
        states.unknownYet(registration);
        return 'again';
      }
      states.pollSucceeded(registration, status);
      return NEXT[status];
    };
    return this.#request(registration, 'status', signal, make, ({ error }) => temporary(error) ?? 'retry');
  }

  results(registration: Scheduled, run: Run, signal: AbortSignal): Promise<StepResult> {
    const reading = this.#readings.get(run) ?? new PageReading();
    this.#readings.set(run, reading);
    const make = async (): Promise<StepResult> => {
      const { clientOf, results, stored } = this.#options;
      const client = clientOf(registration);
      const isLast = await reading.readNext(client, registration.query, run, signal);
      if (isLast && !registration.removed) {
        this.#readings.delete(run);
        const read = () => results.read(registration, run, reading.pages);
        this.#totals.set(run, await refusing(client, registration.query, read));
        await stored(registration);
      }
      this.#succeeded(registration);
      return isLast || registration.removed ? 'done' : 'again';
    };
    return this.#request(registration, 'results', signal, make, ({ error }) => {
      const isRepeated = reading.failures > 0 && reading.failures < PAGE_CALLS;
      return temporary(error) ?? (isRepeated ? 'retry' : 'results_failed');
    });
  }

  stop(registration: Scheduled, run: Run, signal: AbortSignal): Promise<StepResult> {
    const make = async (): Promise<StepResult> => {
      await this.#options.clientOf(registration).stopQuery({ ...registration.query, queryId: run.queryId }, signal);
      this.#succeeded(registration);
      return 'done';
    };
    return this.#request(registration, 'stop', signal, make, ({ error }) =>
      error === 'ResourceNotFoundException' && !this.#isNew(run) ? 'done' : 'retry',
    );
  }

  ended(registration: Scheduled, run: Run, outcome: RunOutcome): void {
    if (registration.removed) {
      return;
    }
    const { window, startedAt, terminalAt } = run;
    const { runStates, timed } = this.#options;
    const { clock, log } = this.#options.context;
    const fields = { ...fieldsOf(registration), window_end: new Date(window.end).toISOString() };
    if (outcome === 'skipped') {
      runStates.skipped(registration, 1);
      log.debug('window skipped', fields);
      this.#warnHourly(registration, 'window skipped after unconfirmed start');
      return;
    }
    const duration = terminalAt === undefined ? undefined : terminalAt - startedAt;
    runStates.ended(registration, outcome, duration);
    if (outcome === 'succeeded') {
      runStates.addTotal(registration, this.#totals.get(run));
    }
    if (duration !== undefined) {
      timed(registration, 'duration', duration);
    }
    log.debug('run ended', { ...fields, outcome, duration: wholeSeconds(clock.monotonic() - startedAt) });
  }

  skipped(registration: Scheduled, windows: number): void {
    const { context, runStates } = this.#options;
    runStates.skipped(registration, windows);
    context.log.debug('windows skipped', { ...fieldsOf(registration), windows });
    const hint = 'raise requestsPerSecond or maxConcurrentRuns, or run less often';
    this.#warnHourly(registration, 'overdue windows skipped', hint);
  }

  clockSetBack(queries: number): void {
    this.#options.context.log.warn('wall clock set back', { queries });
  }

  /** Makes a request. Converts an error to the outcome of the step, and stores it unless the query was removed. */
  async #request(
    registration: Scheduled,
    operation: CallKind,
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
        states.pollFailed(registration, failure);
      } else {
        states.callFailed(registration, { operation, ...failure });
      }
      const result = failed(thrown);
      if (result !== 'quota') {
        failures.failed(registration.query, thrown);
      }
      return result;
    }
  }

  #succeeded(registration: Scheduled): void {
    if (!registration.removed) {
      this.#options.states.callSucceeded(registration);
    }
  }

  #isNew({ startedAt }: Run): boolean {
    return this.#options.context.clock.monotonic() - startedAt < UNKNOWN_AT_FIRST_MS;
  }

  /** Logs a warning that applies to all queries of a target, with the first of them. */
  #warnHourly(registration: Scheduled, message: string, hint?: string): void {
    const { account, region } = registration.query;
    if (this.#reminders.isDue(`${account} ${region} ${message}`)) {
      this.#options.context.log.warn(message, { ...fieldsOf(registration), hint });
    }
  }
}

function fieldsOf({ query: { account, region, name } }: Scheduled): LogFields {
  return { account, aws_region: region, query: name };
}

/** Returns undefined if the service does not know the query; rethrows any other error. */
function unknownYet(thrown: unknown): undefined {
  if (thrown instanceof ApiError && thrown.error === 'ResourceNotFoundException') {
    return undefined;
  }
  throw thrown;
}

const NEXT: Readonly<Record<QueryStatus, StepResult>> = {
  QUEUED: 'again',
  RUNNING: 'again',
  SUCCEEDED: 'done',
  FAILED: 'failed',
  CANCELED: 'canceled',
};

/** Returns the outcome of a temporary failure; undefined for any other failure. */
function temporary(error: ApiErrorName): StepResult | undefined {
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
