import type { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import type { ApiError } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { Conditions } from '../lib/conditions.ts';
import type { Logger } from '../lib/log.ts';
import type { Target } from '../scheduler/target.ts';

/** Logs when an operation that lists begins to fail in a target and when it works again, and once an hour between. */
export class ListingLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #credentials: CredentialFailureLog;
  /** By operation. */
  readonly #failing = new WeakMap<Target, Conditions>();

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
    const { account, region: aws_region } = target;
    const fields = { account, aws_region, operation, error, attempts, request_id: requestId, reason: message };
    this.#failuresOf(target).found(operation, fields, { kind: error });
  }

  worked(target: Target, operation: string): void {
    this.#credentials.recovered(target);
    const { account, region: aws_region } = target;
    this.#failuresOf(target).over(operation, { account, aws_region, operation });
  }

  #failuresOf(target: Target): Conditions {
    const known = this.#failing.get(target);
    if (known !== undefined) {
      return known;
    }
    const texts = { begun: 'listing fails', ended: 'listing works again' };
    const failures = new Conditions({ clock: this.#clock, log: this.#log, ...texts });
    this.#failing.set(target, failures);
    return failures;
  }
}
