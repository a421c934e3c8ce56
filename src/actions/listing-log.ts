import type { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import type { ApiError } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { type Logger, wholeSeconds } from '../lib/log.ts';
import type { Target } from '../scheduler/target.ts';

const REMINDER_MS = 3_600_000;

/** Times on the monotonic clock. */
interface Failing {
  readonly since: number;
  error: string;
  loggedAt: number;
}

/** Logs when an operation that lists begins to fail in a target and when it works again, and once an hour between. */
export class ListingLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #failing = new WeakMap<Target, Map<string, Failing>>();

  readonly #credentials: CredentialFailureLog;

  constructor(clock: Clock, log: Logger, credentials: CredentialFailureLog) {
    this.#clock = clock;
    this.#log = log;
    this.#credentials = credentials;
  }

  failed(target: Target, { operation, error, attempts, requestId, message }: ApiError): void {
    if (error === 'CredentialsError') {
      this.#credentials.failed(target, message);
      return;
    }
    this.#credentials.recovered(target);
    const now = this.#clock.monotonic();
    const ofTarget = this.#failing.get(target) ?? new Map<string, Failing>();
    this.#failing.set(target, ofTarget);
    const before = ofTarget.get(operation);
    if (before?.error === error && now - before.loggedAt < REMINDER_MS) {
      return;
    }
    const since = before?.since ?? now;
    ofTarget.set(operation, { since, error, loggedAt: now });
    this.#log.warn('listing fails', {
      account: target.account,
      aws_region: target.region,
      operation,
      error,
      attempts,
      request_id: requestId,
      reason: message,
      duration: before === undefined ? undefined : wholeSeconds(now - since),
    });
  }

  worked(target: Target, operation: string): void {
    this.#credentials.recovered(target);
    const before = this.#failing.get(target)?.get(operation);
    if (before !== undefined) {
      this.#failing.get(target)?.delete(operation);
      this.#log.info('listing works again', {
        account: target.account,
        aws_region: target.region,
        operation,
        duration: wholeSeconds(this.#clock.monotonic() - before.since),
      });
    }
  }
}
