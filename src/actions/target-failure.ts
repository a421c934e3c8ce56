import type { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import type { ApiError } from '../aws/errors.ts';
import type { LogFields } from '../lib/log.ts';
import type { Target } from '../scheduler/target.ts';

/** Passes the fields of a failure in a target to `found`, or to the log of credentials if there are none. */
export function reportFailure(
  target: Target,
  { operation, error, attempts, requestId, message }: ApiError,
  credentials: CredentialFailureLog,
  found: (fields: LogFields, details: { readonly kind: string }) => void,
): void {
  if (error === 'CredentialsError') {
    credentials.failed(target, message);
    return;
  }
  credentials.recovered(target);
  const { account, region: aws_region } = target;
  found({ account, aws_region, operation, error, attempts, request_id: requestId, reason: message }, { kind: error });
}
