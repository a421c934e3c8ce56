import { isRequestableToken } from '../config/reading/texts.ts';
import { lazy, untilAborted } from '../lib/concurrency.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { Target } from '../scheduler/target.ts';
import type { AttemptObserver, Call } from './attempts.ts';
import { ApiError, type ApiErrorName, CredentialsUnavailable, InvalidResponse, toApiError } from './errors.ts';
import { invalid } from './response-members.ts';

/** An operation of the API of an SDK's client. */
export interface SdkOperation<Sdk, Arguments> {
  /** The API's name: the `operation` label. */
  readonly name: string;
  /** Errors of the operation in the service's model. */
  readonly modelledErrors: readonly ApiErrorName[];
  /** @throws ApiError for arguments that cannot be sent */
  prepare(args: Arguments): Prepared<Sdk>;
}

/** A request that is not sent yet. The identity of `input` connects its attempts to the call. */
export interface Prepared<Sdk> {
  readonly input: object;
  /** The members of the response are not validated: their types may differ from those of the client. */
  send(sdk: Sdk, signal: AbortSignal): Promise<object>;
}

export interface CallsOptions<Sdk> {
  /** Target whose budget the attempts use. */
  readonly target: Target;
  readonly observer: AttemptObserver;
  /** Loads the SDK with the first call, and creates its client. `callOf` returns the call of an input. */
  readonly createSdk: (callOf: (input: object) => Call) => Promise<Sdk>;
  /** Member of a page with the token of the next one. */
  readonly tokenMember: string;
}

export interface CallOptions {
  /** The call is not retried after an attempt that may have taken effect. */
  readonly isOnce?: boolean;
  /** Receives the number of attempts that succeeded or may have taken effect, when the call ends. */
  readonly onEnd?: (accepted: number) => void;
}

export interface CallResponse {
  readonly response: object;
  /** Size of the response body. */
  readonly bytes: number;
}

export interface ResponsePage<Page> {
  readonly page: Page;
  /** Token of the next page; undefined after the last one. */
  readonly nextToken: string | undefined;
  /** Size of the response body, in bytes. */
  readonly bytes: number;
}

/**
 * Returns the error of an aborted call: that of its last attempt if none is in progress, since a call that waits for a retry, or
 * for a budget that throttling has reduced, has not timed out for a reason of its own.
 */
function aborted(call: Call, { budget }: Target, thrown: unknown): ApiError {
  const { operation, signal, failure, attempts, isWaiting, mayHaveTakenEffect } = call;
  const reason = signal.reason instanceof Error ? signal.reason.message : String(signal.reason);
  if (signal.reason !== SHUTDOWN && failure !== undefined) {
    const { error, message, requestId } = toApiError(operation, failure);
    const details = { attempts, requestId, mayHaveTakenEffect, cause: failure };
    return new ApiError(error, operation, `${message}; ${reason}`, details);
  }
  if (signal.reason !== SHUTDOWN && isWaiting && budget.rate < budget.limit) {
    const rate = budget.rate.toPrecision(2);
    const cause = `not sent, because throttling has reduced the request budget to ${rate} per second`;
    return new ApiError('ThrottlingException', operation, `${cause}; ${reason}`, { cause: thrown });
  }
  return new ApiError('TimeoutError', operation, reason, { mayHaveTakenEffect, cause: thrown });
}

/** The calls of one client in a target, within its request budget. Failures become ApiErrors. */
export class Calls<Sdk> {
  readonly #options: CallsOptions<Sdk>;
  readonly #calls = new WeakMap<object, Call>();
  readonly #sdk = lazy<Sdk>(() => this.#options.createSdk((input) => this.#callOf(input)));

  constructor(options: CallsOptions<Sdk>) {
    this.#options = options;
  }

  #callOf(input: object): Call {
    const call = this.#calls.get(input);
    if (call === undefined) {
      throw new Error('internal error: an attempt of an unknown call');
    }
    return call;
  }

  /** @throws ApiError */
  async make<Arguments>(
    { name: operation, prepare }: SdkOperation<Sdk, Arguments>,
    args: Arguments,
    signal: AbortSignal,
    { isOnce = false, onEnd }: CallOptions = {},
  ): Promise<CallResponse> {
    const request = prepare(args);
    const { target, observer } = this.#options;
    const release = target.budget.reserve();
    const call: Call = {
      ...{ operation, release, signal, isOnce },
      ...{ received: 0, accepted: 0, attempts: 0, failure: undefined, isWaiting: false, mayHaveTakenEffect: false },
    };
    this.#calls.set(request.input, call);
    try {
      const sent = this.#sdk().then((sdk) => request.send(sdk, signal));
      // The SDK checks the signal only while a request is in progress, not while it waits for credentials or before a retry.
      return { response: await untilAborted(sent, signal), bytes: call.received };
    } catch (thrown) {
      if (signal.aborted) {
        throw aborted(call, target, thrown);
      }
      if (thrown instanceof CredentialsUnavailable) {
        observer.attempted(target, operation, { seconds: undefined, error: 'CredentialsError', up: false });
      }
      throw toApiError(operation, thrown, call.mayHaveTakenEffect);
    } finally {
      release();
      onEnd?.(call.accepted);
    }
  }

  /**
   * Makes a call whose response is a page.
   * @throws ApiError; `InvalidResponse` if `read` throws InvalidResponse, or for a token that no request can contain
   */
  async page<Arguments, Page>(
    operation: SdkOperation<Sdk, Arguments>,
    args: Arguments,
    read: (response: unknown) => Page,
    signal: AbortSignal,
    options?: CallOptions,
  ): Promise<ResponsePage<Page>> {
    const { response, bytes } = await this.make(operation, args, signal, options);
    const { tokenMember } = this.#options;
    try {
      const token = new Map<string, unknown>(Object.entries(response)).get(tokenMember);
      if (typeof token === 'string' && !isRequestableToken(token)) {
        throw invalid(tokenMember, 'text that a request can contain', token);
      }
      return { page: read(response), nextToken: typeof token === 'string' && token !== '' ? token : undefined, bytes };
    } catch (thrown) {
      if (!(thrown instanceof InvalidResponse)) {
        throw thrown;
      }
      throw this.refused(operation, thrown.message);
    }
  }

  /** Reports an invalid response of a successful call, and returns its error. */
  refused({ name }: { readonly name: string }, message: string, error: ApiErrorName = 'InvalidResponse'): ApiError {
    this.#options.observer.responseRejected(this.#options.target, name, error);
    return new ApiError(error, name, message, { mayHaveTakenEffect: true });
  }
}
