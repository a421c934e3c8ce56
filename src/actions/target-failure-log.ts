import type { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import type { ApiError } from '../aws/errors.ts';
import { Conditions, type ConditionsOptions } from '../lib/conditions.ts';
import type { LogFields } from '../lib/log.ts';
import type { Target } from '../scheduler/target.ts';

/** Logs failures of calls in each target, by operation: when they begin, hourly while they last, and when they end. */
export class TargetFailureLog {
  readonly #credentials: CredentialFailureLog;
  readonly #conditionsOf: (target: Target) => Conditions;

  constructor(options: ConditionsOptions, credentials: CredentialFailureLog) {
    this.#credentials = credentials;
    this.#conditionsOf = conditionsByTarget(options);
  }

  failed(target: Target, { operation, error, attempts, requestId, message }: ApiError): void {
    if (error === 'CredentialsError') {
      this.#credentials.failed(target, message);
      return;
    }
    this.#credentials.recovered(target);
    const { account, region: aws_region } = target;
    const fields = { account, aws_region, operation, error, attempts, request_id: requestId, reason: message };
    this.#conditionsOf(target).found(operation, fields, { kind: error });
  }

  /** @param fields logged beside the account and region */
  succeeded(target: Target, operation: string, fields: LogFields = { operation }): void {
    this.#credentials.recovered(target);
    const { account, region: aws_region } = target;
    this.#conditionsOf(target).over(operation, { account, aws_region, ...fields });
  }

  /** Forgets failures of an operation that is no longer called in the target. */
  forget(target: Target, operation: string): void {
    this.#conditionsOf(target).forget(operation);
  }
}

/** Returns a function that returns the conditions of a target. They are forgotten with it. */
export function conditionsByTarget(options: ConditionsOptions): (target: Target) => Conditions {
  const all = new WeakMap<Target, Conditions>();
  return (target) => {
    const conditions = all.get(target) ?? new Conditions(options);
    all.set(target, conditions);
    return conditions;
  };
}
