import type {
  NetworkFlowMonitorClient,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-networkflowmonitor';
import { HttpRequest, HttpResponse } from '@smithy/core/protocols';
import type { FinalizeRequestMiddleware } from '@smithy/types';
import type { Clock } from '../lib/clock.ts';
import type { Reservation } from '../scheduler/budget.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { Target } from '../scheduler/target.ts';
import { type ApiErrorName, classify, httpStatusOf, showsApiUp } from './errors.ts';
import { isUnsent } from './network/unsent-requests.ts';

/** What is told of every attempt, retries included. */
export interface AttemptObserver {
  /**
   * `seconds` is undefined where nothing could be sent for want of credentials; `error` is undefined where the attempt
   * went well; `up` says whether its outcome shows the API to be up for us.
   */
  attempted(
    target: Target,
    operation: string,
    outcome: { readonly seconds: number | undefined; readonly error: ApiErrorName | undefined; readonly up: boolean },
  ): void;
  /** An attempt told of before was answered with something that the caller could not use. */
  answerRefused(target: Target, operation: string, error: ApiErrorName): void;
}

/** The call that attempts belong to. */
export interface Call {
  readonly operation: string;
  readonly reservation: Reservation;
  readonly signal: AbortSignal;
  /** Bytes of the last response's body. */
  received: number;
  /** It must not take effect twice: no attempt follows one that may have. */
  readonly isOnce: boolean;
  /** Its last attempt may have taken effect at the service, or is under way. Set by {@link limitAttempts}. */
  mayHaveTakenEffect: boolean;
}

/**
 * Puts the budget below the client's retries: each attempt waits for its turn after it is signed, right before it is
 * sent, and is measured and counted. `callOf` finds the call by the identity of its input. `final` receives the errors
 * after which the client must make no further attempt.
 */
export function limitAttempts(
  client: NetworkFlowMonitorClient,
  target: Target,
  clock: Clock,
  observer: AttemptObserver,
  callOf: (input: object) => Call | undefined,
  final: WeakSet<object>,
): void {
  const limitAttempt: FinalizeRequestMiddleware<ServiceInputTypes, ServiceOutputTypes> = (next) => async (args) => {
    const call = callOf(args.input);
    const { budget } = target;
    const turn = budget.acquire(call?.signal);
    call?.reservation.release();
    await turn;
    const operation = call?.operation ?? 'Unknown';
    const sentAt = clock.monotonic();
    const seconds = () => (clock.monotonic() - sentAt) / 1_000;
    if (call !== undefined) {
      call.mayHaveTakenEffect = true;
    }
    try {
      const answer = await next(args);
      if (call !== undefined) {
        call.received = bodyBytes(answer.response);
      }
      observer.attempted(target, operation, { seconds: seconds(), error: undefined, up: true });
      return answer;
    } catch (thrown) {
      if (call !== undefined) {
        call.mayHaveTakenEffect = mayHaveTakenEffect(thrown, args.request);
        if (call.isOnce && call.mayHaveTakenEffect && typeof thrown === 'object' && thrown !== null) {
          final.add(thrown);
        }
      }
      // A call that takes too long is given up within one of its attempts, which was made all the same.
      const error = call?.signal.aborted ? 'TimeoutError' : classify(thrown);
      if (error === 'ThrottlingException') {
        budget.throttled();
      }
      if (call?.signal.reason !== SHUTDOWN) {
        observer.attempted(target, operation, {
          seconds: seconds(),
          error,
          up: showsApiUp(error, httpStatusOf(thrown)),
        });
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

/** The handler has read bodies whole. */
function bodyBytes(response: unknown): number {
  const { body } = HttpResponse.isInstance(response) ? response : { body: undefined };
  return body instanceof Uint8Array ? body.byteLength : 0;
}

/**
 * Whether the service may have done what an attempt asked for, though the attempt failed: it was sent, and its response is
 * not an error that the service returns before it does anything.
 */
function mayHaveTakenEffect(thrown: unknown, request: unknown): boolean {
  const status = httpStatusOf(thrown);
  if (status === undefined) {
    return !(HttpRequest.isInstance(request) && isUnsent(request.headers));
  }
  const error = classify(thrown);
  const isRefused = status >= 400 && status < 500 && status !== REQUEST_TIMEOUT && error !== 'InternalServerException';
  return !isRefused && error !== 'ThrottlingException';
}

/** An HTTP status that a proxy may send after it has passed the request on. */
const REQUEST_TIMEOUT = 408;
