import { numberOf, textOf } from '../lib/json-values.ts';
import { onOneLine, withoutSecrets, withoutTexts } from './redaction.ts';

/** Names of service errors that the `error` label keeps. */
const SERVICE_ERRORS = [
  // from the model of Network Flow Monitor
  'AccessDeniedException',
  'ConflictException',
  'InternalServerException',
  'ResourceNotFoundException',
  'ServiceQuotaExceededException',
  'ThrottlingException',
  'ValidationException',
  // from the front end that AWS services share
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
  'UnknownOperationException',
] as const;

/** Reasons of failed calls: the closed list of the `error` label. */
export const API_ERRORS = [
  ...SERVICE_ERRORS,
  // from the exporter
  'TimeoutError',
  'NetworkError',
  'CredentialsError',
  'InvalidResponse',
  'UnknownStatus',
  'OtherError',
] as const;
export type ApiErrorName = (typeof API_ERRORS)[number];

/** Whether there was no response: the service was not reached, or credentials are missing. */
export function isUnanswered(error: ApiErrorName): boolean {
  return error === 'TimeoutError' || error === 'NetworkError' || error === 'CredentialsError';
}

/** A call that failed, after all retries. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly error: ApiErrorName;
  readonly operation: string;
  /** Number of attempts; 1 for a call without credentials. */
  readonly attempts: number;
  /** The service's ID of the last attempt; undefined if there was no response. */
  readonly requestId: string | undefined;
  readonly mayHaveTakenEffect: boolean;

  constructor(
    error: ApiErrorName,
    operation: string,
    message: string,
    details: {
      readonly attempts?: number | undefined;
      readonly requestId?: string | undefined;
      readonly mayHaveTakenEffect?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.error = error;
    this.operation = operation;
    this.attempts = details.attempts ?? 1;
    this.requestId = details.requestId;
    this.mayHaveTakenEffect = details.mayHaveTakenEffect ?? false;
  }
}

/**
 * No credentials, from any provider. Distinguishes error responses of STS and SSO from those of the API. The message has no
 * secret.
 */
export class CredentialsUnavailable extends Error {
  override readonly name = 'CredentialsUnavailable';
}

/** An attempt took longer than `aws.requestTimeout`. The SDK retries errors of this name. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** The response does not match the protocol. */
export class InvalidResponse extends Error {
  override readonly name = 'InvalidResponse';
}

/** The used members of the SDK's errors, all of which may be missing. */
interface SdkErrorShape {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown; readonly attempts?: unknown };
  readonly $response?: { readonly statusCode?: unknown };
  readonly cause?: unknown;
}

/** Node's codes of failed lookups, connections, and TLS handshakes, and of responses that are not HTTP. */
const NETWORK_CODE =
  /^(E[A-Z]+|EAI_[A-Z]+|ERR_(SSL|TLS|SOCKET|STREAM)_\w+|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|HPE_\w+)$/;

/** Names of throttling errors, as in the SDK. They are repeated here because the SDK is not loaded at startup. */
const THROTTLING_NAMES: ReadonlySet<string> = new Set([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);

/** Names of the same errors in services with the query protocol, which CloudWatch once had. */
const QUERY_NAMES: Readonly<Record<string, ApiErrorName>> = {
  AccessDenied: 'AccessDeniedException',
  ExpiredToken: 'ExpiredTokenException',
  IncompleteSignature: 'IncompleteSignatureException',
  InternalFailure: 'InternalServerException',
  InternalServiceFault: 'InternalServerException',
  InvalidClientTokenId: 'UnrecognizedClientException',
  MissingAuthenticationToken: 'MissingAuthenticationTokenException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  ValidationError: 'ValidationException',
};

/** Maps any error of the SDK, Node, or the exporter to the closed list. */
export function classify(thrown: unknown): ApiErrorName {
  if (thrown instanceof CredentialsUnavailable) {
    return 'CredentialsError';
  }
  if (thrown instanceof InvalidResponse) {
    return 'InvalidResponse';
  }
  const name = textOf(shapeOf(thrown).name) ?? '';
  const status = httpStatusOf(thrown);
  if (status !== undefined) {
    const known =
      SERVICE_ERRORS.find((each) => each === name) ??
      (Object.hasOwn(QUERY_NAMES, name) ? QUERY_NAMES[name] : undefined);
    if (known !== undefined) {
      return known;
    }
    if (status === 429 || THROTTLING_NAMES.has(name)) {
      return 'ThrottlingException';
    }
    return status >= 200 && status < 300 ? 'InvalidResponse' : 'OtherError';
  }
  // The SDK also names resets and broken pipes TimeoutError. Their code distinguishes them.
  const code = networkCode(thrown);
  if (code === 'ETIMEDOUT' || (code === undefined && name === 'TimeoutError')) {
    return 'TimeoutError';
  }
  return code === undefined ? 'OtherError' : 'NetworkError';
}

/** The HTTP status of an error response; undefined if there was no response. */
export function httpStatusOf(thrown: unknown): number | undefined {
  const { $response, $metadata } = shapeOf(thrown);
  return numberOf($response?.statusCode ?? $metadata?.httpStatusCode);
}

/**
 * Whether a failed attempt shows that the API is available: the service returned an error other than authentication,
 * permission, throttling, and 5xx errors.
 */
export function showsApiUp(error: ApiErrorName, httpStatus: number | undefined): boolean {
  if (httpStatus === undefined || httpStatus < 400 || httpStatus >= 500) {
    // No response, a response that is not from the service (a redirect, a page with status 200), or a failure of the service.
    return false;
  }
  switch (error) {
    case 'ConflictException':
    case 'ResourceNotFoundException':
    case 'ServiceQuotaExceededException':
    case 'UnknownOperationException':
    case 'ValidationException':
      return true;
    case 'OtherError':
      return httpStatus !== 401 && httpStatus !== 403 && httpStatus !== 407;
    default:
      return false;
  }
}

/** Converts an error of the SDK to an `ApiError`, whose message is actionable and has no secret. */
export function toApiError(operation: string, thrown: unknown, mayHaveTakenEffect = false): ApiError {
  const { $metadata } = shapeOf(thrown);
  const error = classify(thrown);
  return new ApiError(error, operation, explain(error, thrown), {
    attempts: numberOf($metadata?.attempts),
    requestId: textOf($metadata?.requestId),
    mayHaveTakenEffect,
    cause: thrown,
  });
}

/** The hint for developers that the SDK appends to the message about an unreadable response. */
const SDK_HINT = 'Deserialization error: to see the raw response';

/**
 * Describes the failure of a call to another service (for example, STS) in an actionable message.
 * @param sensitive texts to remove from the message, in case a response repeats them
 */
export function describeFailure(thrown: unknown, sensitive: readonly string[] = []): string {
  return explain(classify(thrown), thrown, sensitive);
}

function explain(error: ApiErrorName, thrown: unknown, sensitive: readonly string[] = []): string {
  if (thrown instanceof CredentialsUnavailable) {
    return withoutTexts(thrown.message, sensitive);
  }
  const shape = shapeOf(thrown);
  const [original = ''] = textOf(shape.message)?.split(SDK_HINT, 1) ?? [];
  const message = withoutSecrets(withoutTexts(original, sensitive));
  const text = message === '' ? networkCode(thrown) : message;
  const status = httpStatusOf(thrown);
  // The name of the service, if it is not that of the list. The message of an error of the credential chain is complete.
  const given = shape.name === 'CredentialsProviderError' ? '' : (textOf(shape.name) ?? '');
  const isOther = error === 'OtherError' || Object.hasOwn(QUERY_NAMES, given);
  const name = isOther && given !== '' ? onOneLine(given.slice(0, LONGEST_NAME)) : undefined;
  const parts = [name, status === undefined ? undefined : `HTTP ${status}`, text];
  return parts.filter((part) => part !== undefined).join(': ') || error;
}

const LONGEST_NAME = 100;

/** Node's code of a failed connection or TLS handshake, also from the causes (one per address). */
function networkCode(thrown: unknown, depth = 0): string | undefined {
  const { code, cause } = shapeOf(thrown);
  // The SDK's errors have the members of the response, including `code`.
  if (typeof code === 'string' && code.length <= LONGEST_NAME && NETWORK_CODE.test(code)) {
    return code;
  }
  return cause === undefined || depth > 4 ? undefined : networkCode(cause, depth + 1);
}

/** Treats any thrown value as an object with members of unknown types. */
function shapeOf(thrown: unknown): SdkErrorShape {
  return typeof thrown === 'object' && thrown !== null ? thrown : {};
}
