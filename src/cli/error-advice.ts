import type { ApiError, ApiErrorName } from '../aws/errors.ts';
import { type NetworkCause, networkCauseOf } from '../aws/network/network-cause.ts';

const ADVICE: Readonly<Record<ApiErrorName, string>> = {
  AccessDeniedException:
    'allow the operation for these credentials (nfm-exporter iam-policy prints the required policy)',
  ConflictException: 'try again',
  InternalServerException: 'try again later: the service has failed',
  ResourceNotFoundException: 'check the name or ID, the account, and the Region',
  ServiceQuotaExceededException: 'wait until other queries of the account end, or request a higher quota',
  ThrottlingException: 'try again later, or reduce the calls of other clients',
  ValidationException: 'correct the value in the message',
  ExpiredTokenException: 'renew the credentials',
  UnrecognizedClientException: 'check that the credentials are valid in the partition of the Region',
  InvalidSignatureException: 'check the secret access key and the clock of this machine',
  MissingAuthenticationTokenException: 'check the endpoint and the proxy: the signature was removed on the way',
  IncompleteSignatureException: 'check the endpoint and the proxy: the signature was changed on the way',
  UnknownOperationException: 'check the endpoint, and whether the service is available in the Region',
  TimeoutError: 'check the network, the proxy, and the endpoint',
  NetworkError: 'check the network, DNS, the proxy, and the endpoint',
  CredentialsError:
    'provide credentials: set AWS_PROFILE, sign in with the AWS CLI (aws sso), or attach a role to this machine',
  InvalidResponse: 'check the endpoint: the response is not from the service, or from a newer version',
  UnknownStatus: 'update this exporter: the service returned an unknown status',
  OtherError: 'see the message',
};

/** Advice for messages with the cause of a failed connection. */
const CAUSE_ADVICE: Readonly<Record<NetworkCause, string>> = {
  dns: 'check the name, and the DNS resolver of this machine',
  proxy: 'check the proxy and NO_PROXY',
  closed: 'check the firewall, the proxy, and the endpoint: the other side closed the connection',
  refused: 'check the endpoint and the port: nothing accepts connections there',
  hopLimit: 'use other credentials than those of the instance, or raise the hop limit',
};

/** A failed call in one line: the operation, the reason, and what to do. */
export function explainFailure({
  operation,
  error,
  message,
}: Pick<ApiError, 'operation' | 'error' | 'message'>): string {
  const cause = networkCauseOf({ error, message });
  const advice = cause === undefined ? ADVICE[error] : CAUSE_ADVICE[cause];
  return `${operation}: ${error}: ${message.replace(/\.$/, '')}: ${advice}`;
}
