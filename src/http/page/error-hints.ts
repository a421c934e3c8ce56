import type { ApiErrorName } from '../../aws/errors.ts';
import { type NetworkCause, networkCauseOf } from '../../aws/network/network-cause.ts';
import { QUERY_OPERATIONS } from '../../aws/operations.ts';

const POLICIES = 'To print the required policies, run nfm-exporter iam-policy FILE.';

/** Remedies for persistent failures. The exporter retries in each case. */
const HINTS: Readonly<Record<ApiErrorName, string>> = {
  AccessDeniedException: `Allow the operation. ${POLICIES}`,
  ConflictException: 'Usually temporary: something else is changing the same query.',
  InternalServerException:
    'Error of the AWS service, retried automatically. If it persists, check the AWS Health Dashboard.',
  ResourceNotFoundException: 'Check the query ID, monitor, or scope, and whether it exists in this account and Region.',
  ServiceQuotaExceededException: 'Lower maxConcurrentRuns, run queries less often, or request a higher quota.',
  ThrottlingException:
    'The exporter backs off automatically. If it persists, lower aws.requestsPerSecond or poll less often.',
  ValidationException: 'Correct the setting named in the message.',
  ExpiredTokenException: 'The exporter fetches new credentials. If it persists, renew them at their source.',
  UnrecognizedClientException: 'Check that the credentials still exist and belong to the partition of the Region.',
  InvalidSignatureException: 'Check the secret access key and the clock of this machine.',
  MissingAuthenticationTokenException: 'Check the endpoint and the proxy: the signature was removed in transit.',
  IncompleteSignatureException: 'Check the endpoint and the proxy: the signature was changed in transit.',
  UnknownOperationException: 'Check the endpoint and the Region: the service may not be available there.',
  TimeoutError: 'Check the network, the proxy, and the endpoint. Requests time out after aws.requestTimeout.',
  NetworkError: 'Check the network, DNS, the proxy, and the endpoint.',
  CredentialsError:
    'Check the source of the credentials of this account: environment, profile, or role and its trust policy.',
  InvalidResponse: 'Check the endpoint: the response is not from the service, or from a newer version of it.',
  UnknownStatus: 'Update the exporter: the service returned an unknown status.',
  OtherError: 'See the message.',
};

/** Remedies if the message of a failed connection contains its cause. */
const CAUSE_HINTS: Readonly<Record<NetworkCause, string>> = {
  dns: 'Check the DNS resolver of this machine and the name in the message.',
  proxy: 'Check the proxy in the message and NO_PROXY.',
  closed: 'Check the firewall, the proxy, and the endpoint: the peer closed the connection.',
  refused: 'Check the endpoint and the port: nothing accepts connections there.',
  hopLimit: 'Set HttpPutResponseHopLimit of the instance to 2 or more, or use a role of the pod or task.',
};

interface Failure {
  /** `start`, `status`, `results` or `stop`. */
  readonly operation: string;
  readonly error: string;
  readonly message: string;
}

/** Returns a remedy for the last error of a query of this type; if access is denied, with the missing IAM action. */
export function errorHint(queryType: string, { operation, error, message }: Failure): string | undefined {
  const cause = networkCauseOf({ error, message });
  if (cause !== undefined) {
    return CAUSE_HINTS[cause];
  }
  const hint = Object.entries(HINTS).find(([name]) => name === error)?.[1];
  if (error !== 'AccessDeniedException') {
    return hint;
  }
  const operations = Object.entries(QUERY_OPERATIONS).find(([type]) => type === queryType)?.[1];
  const called = Object.entries(operations ?? {}).find(([kind]) => kind === operation)?.[1];
  return called === undefined ? hint : `Allow networkflowmonitor:${called.name}. ${POLICIES}`;
}
