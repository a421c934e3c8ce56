import { type TargetClient, UNKNOWN_AT_FIRST_MS } from '../../aws/client.ts';
import { ApiError, type ApiErrorName, InvalidResponse } from '../../aws/errors.ts';
import type { QueryReference } from '../../aws/operations.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { isTerminal, type QueryStatus, type QueryType } from '../../model/vocabulary.ts';
import { countsOf, resultsPaging } from '../../results/paging.ts';
import {
  type DataPage,
  type DataResults,
  joinDataPages,
  joinRowPages,
  type RowPage,
  type RowResults,
  readDataPage,
  readRowPage,
} from '../../results/results.ts';
import { STATUS_WAITS, waitAfter } from '../../scheduler/status-waits.ts';
import { explainFailure } from '../error-advice.ts';
import type { QueryRequest } from './query-flags.ts';
import type { QueryView } from './query-view.ts';
import { subjectOf } from './render-results.ts';

export interface AdHocQueryOptions {
  readonly request: QueryRequest;
  readonly region: string;
  readonly client: Pick<TargetClient, 'startQuery' | 'queryStatus' | 'queryResults' | 'stopQuery'>;
  readonly clock: Clock;
  readonly view: QueryView;
  /** Aborts when the user interrupts the command. Its reason is an {@link Interruption}. */
  readonly interrupted: AbortSignal;
}

/** The user or the reader of the output ends the command. The message is for the user. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly exitCode: number;

  /** @param exitCode for a signal, by the convention of shells, 128 plus its number */
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The command abandons the query. The message is for the user. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

const WAITS = STATUS_WAITS.terminal;
/** Consecutive failed calls after which the query is abandoned. Each call has already used all its attempts. */
const MOST_FAILURES = 3;
const RETRY_WAIT_MS = 1_000;
const STOP_TIMEOUT_MS = 10_000;

const UNSUCCESSFUL = {
  FAILED: 'FAILED: the service gives no reason; try a shorter window, another time, or a lower --limit',
  CANCELED: 'CANCELED: the query was stopped by another client; run it again',
};

/** Errors that may disappear on a later call. */
const TRANSIENT: ReadonlySet<ApiErrorName> = new Set([
  'ConflictException',
  'ExpiredTokenException',
  'InternalServerException',
  'InvalidResponse',
  'NetworkError',
  'OtherError',
  'ThrottlingException',
  'TimeoutError',
]);

/** A query of the service, with the type that selects its operations. */
type Reference = QueryReference & { readonly type: QueryType; readonly queryId: string };

/** A query that is started or followed until it is terminal. */
export class AdHocQuery {
  readonly #options: AdHocQueryOptions;
  readonly #signal: AbortSignal;
  /** A query that was started here and is not terminal. */
  #started: Reference | undefined;

  /** @param signal aborts when the query is abandoned: at the latest with `interrupted` */
  constructor(options: AdHocQueryOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** @throws {ApiError | InvalidResponse | GivenUp | Interruption} */
  async run(): Promise<{ readonly queryId: string; readonly results: RowResults | DataResults }> {
    const reference = await this.#begin();
    this.#signal.throwIfAborted();
    const status = await this.#untilTerminal(reference);
    this.#started = undefined;
    if (status === 'FAILED' || status === 'CANCELED') {
      throw new GivenUp(UNSUCCESSFUL[status]);
    }
    const results =
      reference.type === 'workload-insights-top-contributors-data'
        ? joinDataPages(await this.#readPages(reference, readDataPage))
        : joinRowPages(await this.#readPages(reference, readRowPage));
    return { queryId: reference.queryId, results };
  }

  /** Stops the query at the service if it was started here and is not terminal. Throws no API errors. */
  async stopIfStarted(): Promise<void> {
    const { client, clock, view } = this.#options;
    if (this.#started === undefined) {
      return;
    }
    view.show('stopping the query at the service');
    const patience = new AbortController();
    const cancel = clock.setTimer(STOP_TIMEOUT_MS, () => patience.abort(new GivenUp('no response in time')));
    try {
      await client.stopQuery(this.#started, patience.signal);
      view.print('stopped at the service');
    } catch (thrown) {
      view.print(`could not be stopped; the service ends it automatically: ${explain(thrown)}`);
    } finally {
      cancel();
    }
  }

  async #begin(): Promise<Reference> {
    const { request, region, client, view, interrupted } = this.#options;
    const { type, monitorName, scopeId } = request;
    const subject = subjectOf(request);
    if (request.command === 'watch') {
      view.print(`following query ${request.queryId} of ${subject} in ${region}`);
      return { type, monitorName, scopeId, queryId: request.queryId };
    }
    const { metricName, destinationCategory, window } = request;
    const [start, end] = [window.start, window.end].map((time) => new Date(time).toISOString());
    view.print(
      `starting a query of ${subject} in ${region}: ${metricName}, ${destinationCategory}, ${start} to ${end}`,
    );
    view.show('starting');
    // If this call were aborted, the id would be unknown, and a query that was started could not be stopped.
    const whole = new AbortController();
    const onInterrupt = () => view.show('waiting for the query id, to stop the query; repeat to exit now');
    interrupted.addEventListener('abort', onInterrupt, { once: true });
    try {
      const queryId = await client.startQuery(request, window, whole.signal);
      view.print(`query ${queryId}`);
      this.#started = { type, monitorName, scopeId, queryId };
      return this.#started;
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.mayHaveTakenEffect) {
        view.print('the service may have started the query, and ends it automatically');
      }
      throw thrown;
    } finally {
      interrupted.removeEventListener('abort', onInterrupt);
    }
  }

  async #untilTerminal(reference: Reference): Promise<QueryStatus> {
    const { request, client, clock, view } = this.#options;
    const startedAt = clock.monotonic();
    const isYoung = () => request.command === 'run' && clock.monotonic() - startedAt < UNKNOWN_AT_FIRST_MS;
    view.show('waiting for the first status');
    for (let wait = WAITS.first; ; wait = waitAfter(WAITS, wait)) {
      const status = await this.#persistently(async () => {
        try {
          return await client.queryStatus(reference, this.#signal);
        } catch (thrown) {
          if (thrown instanceof ApiError && thrown.error === 'ResourceNotFoundException' && isYoung()) {
            return undefined;
          }
          throw thrown;
        }
      });
      if (status !== undefined) {
        view.show(status);
        if (isTerminal(status)) {
          return status;
        }
      }
      await sleep(clock, wait, this.#signal);
    }
  }

  /** @throws {InvalidResponse} for an endless sequence of pages */
  async #readPages<Page extends RowPage | DataPage>(
    reference: Reference,
    read: (response: unknown) => Page,
  ): Promise<readonly Page[]> {
    const { client, view } = this.#options;
    const pages: Page[] = [];
    const paging = resultsPaging();
    do {
      view.show(`reading results, page ${pages.length + 1}`);
      const { page, nextToken, bytes } = await this.#persistently(() =>
        client.queryResults(reference, paging.nextToken, read, this.#signal),
      );
      paging.add({ ...countsOf(page), bytes }, nextToken);
      pages.push(page);
    } while (paging.nextToken !== undefined);
    return pages;
  }

  /** Repeats a call after a transient failure. */
  async #persistently<T>(call: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await call();
      } catch (thrown) {
        this.#signal.throwIfAborted();
        if (!isTransient(thrown) || failures >= MOST_FAILURES) {
          throw thrown;
        }
        this.#options.view.print(`${thrown.operation}: ${thrown.error}: ${thrown.message}; trying again`);
        await sleep(this.#options.clock, RETRY_WAIT_MS, this.#signal);
      }
    }
  }
}

/** Returns true for an error of AWS that may disappear on a later call. */
export function isTransient(thrown: unknown): thrown is ApiError {
  return thrown instanceof ApiError && TRANSIENT.has(thrown.error);
}

/** Returns an error of a query for the user, with advice. @throws any other error unchanged */
export function explain(thrown: unknown): string {
  if (thrown instanceof ApiError) {
    return explainFailure(thrown);
  }
  if (thrown instanceof InvalidResponse) {
    return `InvalidResponse: ${thrown.message}`;
  }
  if (thrown instanceof GivenUp || thrown instanceof Interruption) {
    return thrown.message;
  }
  throw thrown;
}
