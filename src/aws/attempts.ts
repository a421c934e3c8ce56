import { HttpRequest, HttpResponse } from '@smithy/core/protocols';
import type { FinalizeRequestMiddleware, MiddlewareStack } from '@smithy/types';
import type { Clock } from '../lib/clock.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { Target } from '../scheduler/target.ts';
import { type ApiErrorName, classify, httpStatusOf, showsApiUp } from './errors.ts';
import { isUnsent } from './network/unsent-requests.ts';

export interface AttemptOutcome {
  readonly seconds: number | undefined;
  readonly error: ApiErrorName | undefined;
  readonly up: boolean | undefined;
}

/** Receives the outcome of every attempt, including retries. */
export interface AttemptObserver {
  /**
   * Called after an attempt. `seconds` is undefined if nothing was sent because credentials are missing. `error` is undefined
   * if the attempt succeeded. `up` is true if the outcome shows that the API is available for these credentials.
   * Undefined if it shows nothing about the API of Network Flow Monitor.
   */
  attempted(target: Target, operation: string, outcome: AttemptOutcome): void;
  /** Called if the response of a successful attempt is invalid. */
  responseRejected(target: Target, operation: string, error: ApiErrorName): void;
}

/** For commands without metrics. */
export const UNOBSERVED: AttemptObserver = {
  attempted: () => undefined,
  responseRejected: () => undefined,
};

export interface Call {
  readonly operation: string;
  readonly release: () => void;
  readonly signal: AbortSignal;
  /** Size of the last response body, in bytes. */
  received: number;
  /** The call must not take effect twice: it is not retried after an attempt that may have taken effect. */
  readonly isOnce: boolean;
  /** The last attempt may have taken effect at the service, or is in progress. Set by {@link limitAttempts}. */
  mayHaveTakenEffect: boolean;
  /** Number of attempts that succeeded or may have taken effect. */
  accepted: number;
  /** Number of attempts, with the one in progress. */
  attempts: number;
  /** Between two attempts, the error of the last one. */
  failure: unknown;
  /** The next attempt waits for its turn in the budget. */
  isWaiting: boolean;
}

/**
 * Applies the request budget to each attempt of a client, including retries: a signed attempt waits for its turn right before
 * it is sent, and is measured and counted. `callOf` returns the call of an input, by identity. `final` receives errors
 * after which the client must not retry.
 */
export function limitAttempts<Input extends object, Output extends object>(
  client: { readonly middlewareStack: MiddlewareStack<Input, Output> },
  target: Target,
  clock: Clock,
  observer: AttemptObserver,
  callOf: (input: object) => Call,
  final: WeakSet<object>,
): void {
  const limitAttempt: FinalizeRequestMiddleware<Input, Output> = (next) => async (args) => {
    const call = callOf(args.input);
    const { operation, signal } = call;
    const { budget } = target;
    const turn = budget.acquire(signal);
    call.release();
    call.isWaiting = true;
    await turn;
    const sentAt = clock.monotonic();
    const seconds = () => (clock.monotonic() - sentAt) / 1_000;
    call.mayHaveTakenEffect = true;
    call.isWaiting = false;
    call.failure = undefined;
    call.attempts += 1;
    try {
      const output = await next(args);
      call.received = bodyBytes(output.response);
      call.accepted += 1;
      observer.attempted(target, operation, { seconds: seconds(), error: undefined, up: true });
      return output;
    } catch (thrown) {
      call.mayHaveTakenEffect = mayHaveTakenEffect(thrown, args.request);
      call.failure = signal.aborted ? undefined : thrown;
      call.accepted += call.mayHaveTakenEffect ? 1 : 0;
      if (call.isOnce && call.mayHaveTakenEffect && typeof thrown === 'object' && thrown !== null) {
        final.add(thrown);
      }
      // A call that times out ends during one of its attempts, which counts nevertheless.
      const error = signal.aborted ? 'TimeoutError' : classify(thrown);
      if (error === 'ThrottlingException') {
        budget.throttled();
      }
      if (signal.reason !== SHUTDOWN) {
        const up = showsApiUp(error, httpStatusOf(thrown));
        observer.attempted(target, operation, { seconds: seconds(), error, up });
      }
      throw thrown;
    }
  };
  client.middlewareStack.addRelativeTo(limitAttempt, {
    relation: 'after',
    toMiddleware: 'httpSigningMiddleware',
    name: 'requestBudgetMiddleware',
  });
}

/** The handler has read the whole body. */
function bodyBytes(response: unknown): number {
  return HttpResponse.isInstance(response) && response.body instanceof Uint8Array ? response.body.byteLength : 0;
}

/**
 * Whether a failed attempt may have taken effect at the service: it was sent, and the response is not an error that the
 * service returns before an effect.
 */
function mayHaveTakenEffect(thrown: unknown, request: unknown): boolean {
  const status = httpStatusOf(thrown);
  if (status === undefined) {
    return !(HttpRequest.isInstance(request) && isUnsent(request.headers));
  }
  const error = classify(thrown);
  const isRejected = status >= 400 && status < 500 && status !== REQUEST_TIMEOUT && error !== 'InternalServerException';
  return !isRejected && error !== 'ThrottlingException';
}

/** The only client error that a proxy may return after it has forwarded the request. */
const REQUEST_TIMEOUT = 408;
