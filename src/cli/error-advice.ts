import type { ApiError, ApiErrorName } from '../aws/errors.ts';
import { type NetworkCause, networkCauseOf } from '../aws/network/network-cause.ts';

const ADVICE: Readonly<Record<ApiErrorName, string>> = {
  AccessDeniedException:
    'allow the operation for these credentials: nfm-exporter iam-policy prints what a config needs',
  ConflictException: 'try again',
  InternalServerException: 'try again; the service had a fault of its own',
  ResourceNotFoundException: 'check name or id, account and region',
  ServiceQuotaExceededException: 'wait until other queries of the account end, or have the quota raised',
  ThrottlingException: 'try again later, or let others ask less',
  ValidationException: 'change what the message names',
  ExpiredTokenException: 'renew the credentials',
  UnrecognizedClientException: 'check that the credentials exist and are of the partition of the region',
  InvalidSignatureException: 'check the secret access key, and the clock of this machine',
  MissingAuthenticationTokenException: 'check the endpoint: something on the way took the signature off',
  IncompleteSignatureException: 'check the endpoint: something on the way changed the signature',
  UnknownOperationException: 'check the endpoint and the region: the service may not be there',
  TimeoutError: 'check network, proxy and endpoint',
  NetworkError: 'check network, DNS, proxy and endpoint',
  CredentialsError: 'set credentials: AWS_PROFILE, aws sso login, or a role of this machine',
  InvalidResponse: 'check the endpoint: this is no answer of the service, or one of a newer version',
  UnknownStatus: 'update this exporter: the service has a status that it does not know',
  OtherError: 'see what the message says',
};

/** For a message that names why the connection failed. */
const CAUSE_ADVICE: Readonly<Record<NetworkCause, string>> = {
  dns: 'check the DNS resolver of this machine, and the name',
  proxy: 'check the proxy, and NO_PROXY',
  closed: 'check firewall, proxy and endpoint: the other side closed the connection',
  refused: 'check endpoint and port: nothing accepts connections there',
  hopLimit: 'use credentials that are not those of the instance, or raise the limit',
};

/** A request that failed, in a line: what it was, why, and what a person can do about it. */
export function explainFailure({
  operation,
  error,
  message,
}: Pick<ApiError, 'operation' | 'error' | 'message'>): string {
  const cause = networkCauseOf({ error, message });
  const advice = cause === undefined ? ADVICE[error] : CAUSE_ADVICE[cause];
  return `${operation}: ${error}: ${message.replace(/\.$/, '')}: ${advice}`;
}
