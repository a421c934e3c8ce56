import type { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import type { ApiError } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { Conditions, type ConditionsOptions } from '../lib/conditions.ts';
import type { Logger } from '../lib/log.ts';
import type { Target } from '../scheduler/target.ts';
import { reportFailure } from './target-failure.ts';

const FAILURES = { begun: 'listing failed', ended: 'listing recovered' };
const IGNORED = { begun: 'unusable names ignored in listing', ended: 'unusable names no longer listed' };

/**
 * Logs failures of listings when they begin, hourly while they last, and when they end. Does the same for listed names that no
 * request can contain.
 */
export class ListingLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #credentials: CredentialFailureLog;
  /** Conditions by operation. */
  readonly #failing = new WeakMap<Target, Conditions>();
  readonly #ignoring = new WeakMap<Target, Conditions>();

  constructor(clock: Clock, log: Logger, credentials: CredentialFailureLog) {
    this.#clock = clock;
    this.#log = log;
    this.#credentials = credentials;
  }

  failed(target: Target, error: ApiError): void {
    reportFailure(target, error, this.#credentials, (fields, details) =>
      this.#of(target, this.#failing, FAILURES).found(error.operation, fields, details),
    );
  }

  succeeded(target: Target, operation: string): void {
    this.#credentials.recovered(target);
    const { account, region: aws_region } = target;
    this.#of(target, this.#failing, FAILURES).over(operation, { account, aws_region, operation });
  }

  /** Logs that a complete listing has ignored `count` monitors or scopes, whose names no request can contain. */
  ignored(target: Target, operation: string, count: number): void {
    const { account, region: aws_region } = target;
    const warnings = this.#of(target, this.#ignoring, IGNORED);
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
