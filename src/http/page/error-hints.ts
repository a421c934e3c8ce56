import type { ApiErrorName } from '../../aws/errors.ts';
import { type NetworkCause, networkCauseOf } from '../../aws/network/network-cause.ts';
import { QUERY_OPERATIONS } from '../../aws/operations.ts';

const POLICIES = 'nfm-exporter iam-policy FILE prints the policies that a config needs.';

/** What to do about a failure that goes on. The exporter itself asks again in each case. */
const HINTS: Readonly<Record<ApiErrorName, string>> = {
  AccessDeniedException: `Allow the operation. ${POLICIES}`,
  ConflictException: 'Usually passes by itself: something else changes the same query.',
  InternalServerException: 'A fault of the service. It is asked again; if it lasts, see the AWS Health Dashboard.',
  ResourceNotFoundException: 'Check the query id, monitor or scope, and that account and region are theirs.',
  ServiceQuotaExceededException: 'Lower maxConcurrentRuns, run less often, or have the quota raised.',
  ThrottlingException:
    'Passes by itself: requests are slowed down. If it lasts, lower aws.requestsPerSecond or poll less often.',
  ValidationException: 'Change in the config what the message names.',
  ExpiredTokenException: 'New credentials are fetched; if it lasts, renew them where they come from.',
  UnrecognizedClientException: 'Check that the credentials still exist and are of the partition of the region.',
  InvalidSignatureException: 'Check the secret access key, and the clock of this machine.',
  MissingAuthenticationTokenException: 'Check endpoint and proxy: something on the way took the signature off.',
  IncompleteSignatureException: 'Check endpoint and proxy: something on the way changed the signature.',
  UnknownOperationException: 'Check endpoint and region: the service may not be there.',
  TimeoutError: 'Check network, proxy and endpoint; aws.requestTimeout is how long is waited.',
  NetworkError: 'Check network, DNS, proxy and endpoint.',
  CredentialsError:
    'Check where the credentials of this account come from: environment, profile, role, and its trust policy.',
  InvalidResponse: 'Check the endpoint: this is no answer of the service, or one of a newer version.',
  UnknownStatus: 'Update the exporter: the service has a status that it does not know.',
  OtherError: 'See what the message says.',
};

/** What to do if the message of a failed connection names its cause. */
const CAUSE_HINTS: Readonly<Record<NetworkCause, string>> = {
  dns: 'Check the DNS resolver of this machine, and the name in the message.',
  proxy: 'Check the proxy in the message, and NO_PROXY.',
  closed: 'Check firewall, proxy and endpoint: the other side closed the connection.',
  refused: 'Check endpoint and port: nothing accepts connections there.',
  hopLimit: 'Set HttpPutResponseHopLimit of the instance to 2 or more, or use a role of the pod or task.',
};

interface Failure {
  /** `start`, `status`, `results` or `stop`. */
  readonly operation: string;
  readonly error: string;
  readonly message: string;
}

/** What a person can do about the last error of a query of this type; of a refusal, with the IAM action that is missing. */
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
  const asked = Object.entries(operations ?? {}).find(([kind]) => kind === operation)?.[1];
  return asked === undefined ? hint : `Allow networkflowmonitor:${asked.name}. ${POLICIES}`;
}
