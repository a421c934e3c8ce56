import type { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import type { ApiError } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { Conditions } from '../lib/conditions.ts';
import type { Logger } from '../lib/log.ts';
import type { Target } from '../scheduler/target.ts';
import { reportFailure } from './target-failure.ts';

/** Logs failures of reads from CloudWatch when they begin, hourly while they last, and when they end. */
export class MetricReadLog {
  readonly #credentials: CredentialFailureLog;
  readonly #failing: Conditions<Target>;

  constructor(clock: Clock, log: Logger, credentials: CredentialFailureLog) {
    this.#credentials = credentials;
    this.#failing = new Conditions({
      clock,
      log,
      begun: 'monitor metrics not read',
      ended: 'monitor metrics read again',
    });
  }

  failed(target: Target, error: ApiError): void {
    reportFailure(target, error, this.#credentials, (fields, details) => this.#failing.found(target, fields, details));
  }

  succeeded(target: Target): void {
    const { account, region: aws_region } = target;
    this.#credentials.recovered(target);
    this.#failing.over(target, { account, aws_region });
  }

  /** Forgets a target that is no longer read. */
  forget(target: Target): void {
    this.#failing.forget(target);
  }
}
