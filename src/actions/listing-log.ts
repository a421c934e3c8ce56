import type { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import type { ApiError } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { Conditions, type ConditionsOptions } from '../lib/conditions.ts';
import type { Logger } from '../lib/log.ts';
import type { Target } from '../scheduler/target.ts';

const FAILURES = { begun: 'listing fails', ended: 'listing works again' };
const LEFT_OUT = { begun: 'listed names ignored: no request can hold them', ended: 'listed names used again' };

/**
 * Logs when an operation that lists begins to fail in a target and when it works again, and once an hour between; the same
 * for names in its listing that no request can hold.
 */
export class ListingLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #credentials: CredentialFailureLog;
  /** Each by operation. */
  readonly #failing = new WeakMap<Target, Conditions>();
  readonly #leavingOut = new WeakMap<Target, Conditions>();

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
    this.#of(target, this.#failing, FAILURES).found(operation, fields, { kind: error });
  }

  worked(target: Target, operation: string): void {
    this.#credentials.recovered(target);
    const { account, region: aws_region } = target;
    this.#of(target, this.#failing, FAILURES).over(operation, { account, aws_region, operation });
  }

  /** A whole listing has left out `count` monitors or scopes, whose names no request can hold. */
  leftOut(target: Target, operation: string, count: number): void {
    const { account, region: aws_region } = target;
    const warnings = this.#of(target, this.#leavingOut, LEFT_OUT);
    if (count > 0) {
      warnings.found(operation, { account, aws_region, operation, count });
    } else {
      warnings.over(operation, { account, aws_region, operation });
    }
  }

  #of(target: Target, all: WeakMap<Target, Conditions>, texts: Pick<ConditionsOptions, 'begun' | 'ended'>): Conditions {
    const conditions = all.get(target) ?? new Conditions({ clock: this.#clock, log: this.#log, ...texts });
    all.set(target, conditions);
    return conditions;
  }
}
