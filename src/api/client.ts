import { NetworkFlowMonitorClient } from '@aws-sdk/client-networkflowmonitor';
import type { WatchedQuery } from '../queries/query.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Target } from '../scheduler/target.ts';
import { type AttemptObserver, type Call, limitAttempts } from './attempts.ts';
import type { BoundedHandler } from './bounded-handler.ts';
import { type Credentials, forSdkClient, refusesCredentials } from './credentials.ts';
import { ApiError, CredentialsUnavailable, toApiError } from './errors.ts';
import { type PreparedRequest, STATUS_OPERATIONS } from './operations.ts';

/** The statuses of a query that the service's model knows; any other answer is an error. */
export const QUERY_STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type QueryStatus = (typeof QUERY_STATUSES)[number];

/** A query in one of these states stays in it. */
export function isTerminal(status: QueryStatus): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELED';
}

export interface TargetClientOptions {
  readonly target: Target;
  readonly clock: Clock;
  readonly handler: BoundedHandler;
  readonly credentials: Credentials;
  readonly observer: AttemptObserver;
  /** URL without `{region}`; undefined: the SDK's own endpoint rules and variables. */
  readonly endpoint: string | undefined;
  /** Attempts a call, retries included. */
  readonly maxAttempts: number;
  /** Of this exporter, for the user agent. */
  readonly version: string;
}

/** Network Flow Monitor in one target, within its budget. All that the exporter knows of the SDK's client is in here. */
export class TargetClient {
  readonly #options: TargetClientOptions;
  readonly #client: NetworkFlowMonitorClient;
  readonly #calls = new WeakMap<object, Call>();

  constructor(options: TargetClientOptions) {
    this.#options = options;
    const { target, handler, credentials, endpoint, maxAttempts, version, clock, observer } = options;
    this.#client = new NetworkFlowMonitorClient({
      region: target.region,
      credentials: forSdkClient(credentials),
      requestHandler: handler,
      maxAttempts,
      retryMode: 'standard',
      customUserAgent: [['nfm-exporter', version]],
      ...(endpoint === undefined ? {} : { endpoint }),
    });
    limitAttempts(this.#client, target, clock, observer, (input) => this.#calls.get(input));
  }

  /**
   * The status of a query.
   *
   * @throws ApiError with `UnknownStatus` for a text that is none of the five, `InvalidResponse` for an answer without
   * one, else with what the service, the network or the credential chain said.
   */
  async queryStatus(query: WatchedQuery, signal: AbortSignal): Promise<QueryStatus> {
    const { name, prepare } = STATUS_OPERATIONS[query.type];
    const { status } = await this.#send(name, prepare(query), signal);
    if (isQueryStatus(status)) {
      return status;
    }
    const error = typeof status === 'string' && status !== '' ? 'UnknownStatus' : 'InvalidResponse';
    this.#options.observer.answerRefused(this.#options.target, name, error);
    throw new ApiError(error, name, `expected status to be one of ${QUERY_STATUSES.join(', ')}, got ${shown(status)}`);
  }

  async #send(operation: string, request: PreparedRequest, signal: AbortSignal): ReturnType<PreparedRequest['send']> {
    const { target, observer, credentials } = this.#options;
    const reservation = target.budget.reserve();
    this.#calls.set(request.input, { operation, reservation, signal });
    try {
      return await untilAborted(request.send(this.#client, signal), signal);
    } catch (thrown) {
      if (signal.aborted) {
        const { reason } = signal;
        const message = reason instanceof Error ? reason.message : String(reason);
        throw new ApiError('TimeoutError', operation, message, { cause: thrown });
      }
      if (thrown instanceof CredentialsUnavailable) {
        observer.attempted(target, operation, { seconds: undefined, error: 'CredentialsError', up: false });
      }
      const failure = toApiError(operation, thrown);
      if (refusesCredentials(failure.error)) {
        credentials.refused();
      }
      throw failure;
    } finally {
      reservation.release();
    }
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

function isQueryStatus(status: unknown): status is QueryStatus {
  return QUERY_STATUSES.some((known) => known === status);
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value).slice(0, 100);
}
