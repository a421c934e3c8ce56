import { isPathSegment, isRequestableArn, isRequestableToken } from '../config/reading/texts.ts';
import { lazy } from '../lib/concurrency.ts';
import { QUERY_STATUSES, type QueryStatus, type QueryType } from '../model/vocabulary.ts';
import { invalid } from './answer-members.ts';
import type { Call } from './attempts.ts';
import { ApiError, type ApiErrorName, CredentialsUnavailable, InvalidResponse, toApiError } from './errors.ts';
import { type ListPage, type MonitorSummary, readMonitors, readScopes, readTags, type ScopeSummary } from './lists.ts';
import {
  LIST_OPERATIONS,
  type ListKind,
  type PreparedRequest,
  QUERY_OPERATIONS,
  type QueryReference,
  type StartArguments,
  SUBJECT_OPERATIONS,
  TAGS_OPERATION,
} from './operations.ts';
import type { Sdk, TargetClientOptions } from './sdk.ts';

/** The service may not know a query yet that was started so many milliseconds ago: a 404 means `not yet` then. */
export const UNKNOWN_AT_FIRST_MS = 60_000;

/** A page of a list, or of results. */
export interface Answer<Page> {
  readonly page: Page;
  /** What requests the next page; undefined after the last one. */
  readonly nextToken: string | undefined;
  /** Bytes of the response's body. */
  readonly bytes: number;
}

/** Network Flow Monitor in one target, within its budget. All that the exporter knows of the SDK's client is in here. */
export class TargetClient {
  readonly #options: TargetClientOptions;
  readonly #calls = new WeakMap<object, Call>();
  readonly #sdk = lazy<Sdk>(async () => {
    const { createSdk } = await import('./sdk.ts');
    return createSdk(this.#options, (input) => this.#calls.get(input));
  });

  constructor(options: TargetClientOptions) {
    this.#options = options;
  }

  /**
   * Starts a query over a window. Returns the service's id, which the same start may have been given before. Once an
   * attempt may have started the query, no other is made.
   *
   * @throws ApiError, which tells in `mayHaveTakenEffect` whether the query may have been started; `InvalidResponse` for a
   * response without an id that can be asked about.
   */
  async startQuery(
    query: Omit<StartArguments, 'window'> & { readonly type: QueryType },
    window: StartArguments['window'],
    signal: AbortSignal,
  ): Promise<string> {
    const { name, prepare } = QUERY_OPERATIONS[query.type].start;
    const answer: { readonly queryId?: unknown } = await this.#send(name, prepare({ ...query, window }), signal, true);
    const { queryId } = answer;
    if (typeof queryId === 'string' && isPathSegment(queryId)) {
      return queryId;
    }
    throw this.#refused('InvalidResponse', name, `expected a queryId, got ${shown(queryId)}`);
  }

  /**
   * The status of a query.
   *
   * @throws ApiError with `UnknownStatus` for a text that is none of the five, `InvalidResponse` for an answer without
   * one, else with what the service, the network or the credential chain said.
   */
  async queryStatus(query: QueryReference & { readonly type: QueryType }, signal: AbortSignal): Promise<QueryStatus> {
    const { name, prepare } = QUERY_OPERATIONS[query.type].status;
    const answer: { readonly status?: unknown } = await this.#send(name, prepare(query), signal);
    const { status } = answer;
    if (isQueryStatus(status)) {
      return status;
    }
    const error = typeof status === 'string' ? 'UnknownStatus' : 'InvalidResponse';
    throw this.#refused(error, name, `expected status to be one of ${QUERY_STATUSES.join(', ')}, got ${shown(status)}`);
  }

  /**
   * A page of a query's results, as `read` makes it of the answer.
   *
   * @throws ApiError; `InvalidResponse` for an answer of which `read` makes nothing.
   */
  async queryResults<Page>(
    query: QueryReference & { readonly type: QueryType },
    nextToken: string | undefined,
    read: (answer: unknown) => Page,
    signal: AbortSignal,
  ): Promise<Answer<Page>> {
    const { name, prepare } = QUERY_OPERATIONS[query.type].results;
    return this.#page(name, prepare({ ...query, nextToken }), read, signal);
  }

  /** A page of the target's monitors. @throws ApiError */
  async listMonitors(nextToken: string | undefined, signal: AbortSignal): Promise<Answer<ListPage<MonitorSummary>>> {
    const { name, prepare } = LIST_OPERATIONS.monitors;
    return this.#page(name, prepare({ nextToken }), readMonitors, signal);
  }

  /** A page of the target's scopes. @throws ApiError */
  async listScopes(nextToken: string | undefined, signal: AbortSignal): Promise<Answer<ListPage<ScopeSummary>>> {
    const { name, prepare } = LIST_OPERATIONS.scopes;
    return this.#page(name, prepare({ nextToken }), readScopes, signal);
  }

  /** The tags of a monitor. @throws ApiError */
  async monitorTags(arn: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const { name, prepare } = TAGS_OPERATION;
    return (await this.#page(name, prepare({ resourceArn: arn }), readTags, signal)).page;
  }

  /** Stops a query at the service. @throws ApiError */
  async stopQuery(query: QueryReference & { readonly type: QueryType }, signal: AbortSignal): Promise<void> {
    const { name, prepare } = QUERY_OPERATIONS[query.type].stop;
    await this.#send(name, prepare(query), signal);
  }

  async #page<Page>(
    operation: string,
    request: PreparedRequest,
    read: (answer: unknown) => Page,
    signal: AbortSignal,
  ): Promise<Answer<Page>> {
    const { answer, bytes } = await this.#call(operation, request, signal);
    try {
      const { nextToken: token }: { readonly nextToken?: unknown } = answer;
      if (typeof token === 'string' && !isRequestableToken(token)) {
        throw invalid('nextToken', 'text that a request can send', token);
      }
      return { page: read(answer), nextToken: typeof token === 'string' && token !== '' ? token : undefined, bytes };
    } catch (thrown) {
      if (!(thrown instanceof InvalidResponse)) {
        throw thrown;
      }
      throw this.#refused('InvalidResponse', operation, thrown.message);
    }
  }

  /** What is wrong with results whose pages could each be read: counted as an error of the last one, which it returns. */
  refuseResults(query: { readonly type: QueryType }, message: string): ApiError {
    return this.#refused('InvalidResponse', QUERY_OPERATIONS[query.type].results.name, message);
  }

  /** As {@link refuseResults}, with a listing whose pages could each be read. */
  refuseListing(kind: ListKind, message: string): ApiError {
    return this.#refused('InvalidResponse', LIST_OPERATIONS[kind].name, message);
  }

  /**
   * The status of a monitor or of a scope, by its name or id.
   *
   * @throws ApiError; `InvalidResponse` for an answer without a status.
   */
  async subjectStatus(kind: keyof typeof SUBJECT_OPERATIONS, id: string, signal: AbortSignal): Promise<string> {
    const { name, prepare } = SUBJECT_OPERATIONS[kind];
    const answer: { readonly monitorStatus?: unknown; readonly status?: unknown } = await this.#send(
      name,
      prepare(id),
      signal,
    );
    const status = kind === 'monitor' ? answer.monitorStatus : answer.status;
    if (typeof status === 'string' && status !== '') {
      return status;
    }
    throw this.#refused('InvalidResponse', name, `expected a status, got ${shown(status)}`);
  }

  #refused(error: ApiErrorName, operation: string, message: string): ApiError {
    this.#options.observer.answerRefused(this.#options.target, operation, error);
    return new ApiError(error, operation, message, { mayHaveTakenEffect: true });
  }

  /** `isOnce`: no attempt follows one that may have taken effect. */
  async #send(
    operation: string,
    request: PreparedRequest,
    signal: AbortSignal,
    isOnce = false,
  ): ReturnType<PreparedRequest['send']> {
    return (await this.#call(operation, request, signal, isOnce)).answer;
  }

  async #call(
    operation: string,
    request: PreparedRequest,
    signal: AbortSignal,
    isOnce = false,
  ): Promise<{ readonly answer: object; readonly bytes: number }> {
    const { target, observer } = this.#options;
    // Whatever reads names and ids refuses those before; what is sent signed must not depend on it.
    for (const [member, value] of Object.entries(request.input)) {
      if (typeof value === 'string' && !isRequestable(member, value)) {
        throw new ApiError('OtherError', operation, `cannot request ${member} ${shown(value)}: no part of a path`);
      }
    }
    const reservation = target.budget.reserve();
    const call: Call = { operation, reservation, signal, received: 0, isOnce, mayHaveTakenEffect: false };
    this.#calls.set(request.input, call);
    try {
      const answer = await untilAborted(this.#sent(request, signal), signal);
      return { answer, bytes: call.received };
    } catch (thrown) {
      if (signal.aborted) {
        const { reason } = signal;
        const message = reason instanceof Error ? reason.message : String(reason);
        const { mayHaveTakenEffect } = call;
        throw new ApiError('TimeoutError', operation, message, { mayHaveTakenEffect, cause: thrown });
      }
      if (thrown instanceof CredentialsUnavailable) {
        observer.attempted(target, operation, { seconds: undefined, error: 'CredentialsError', up: false });
      }
      throw toApiError(operation, thrown, call.mayHaveTakenEffect);
    } finally {
      reservation.release();
    }
  }

  async #sent(request: PreparedRequest, signal: AbortSignal): ReturnType<PreparedRequest['send']> {
    return request.send(await this.#sdk(), signal);
  }
}

/** The SDK looks at the signal while a request is under way only, not while it waits for credentials or to try again. */
function untilAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const settle = () => signal.removeEventListener('abort', onAbort);
    signal.addEventListener('abort', onAbort, { once: true });
    call.finally(settle).then(resolve, reject);
    if (signal.aborted) {
      onAbort();
    }
  });
}

function isRequestable(member: string, value: string): boolean {
  switch (member) {
    case 'nextToken':
      return isRequestableToken(value);
    case 'resourceArn':
      return isRequestableArn(value);
    default:
      return isPathSegment(value);
  }
}

function isQueryStatus(status: unknown): status is QueryStatus {
  return QUERY_STATUSES.some((known) => known === status);
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value.slice(0, 100) : value;
  return text === undefined ? 'none' : JSON.stringify(text).slice(0, 100);
}
