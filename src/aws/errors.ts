/** Errors that a service may name: those that keep their name in the `error` label. */
const SERVICE_ERRORS = [
  // modelled by Network Flow Monitor
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

/** Why a request failed: the closed list of the `error` label. */
export const API_ERRORS = [
  ...SERVICE_ERRORS,
  // ours
  'TimeoutError',
  'NetworkError',
  'CredentialsError',
  'InvalidResponse',
  'UnknownStatus',
  'OtherError',
] as const;
export type ApiErrorName = (typeof API_ERRORS)[number];

const UNANSWERED: ReadonlySet<ApiErrorName> = new Set(['TimeoutError', 'NetworkError', 'CredentialsError']);

/** Whether nobody has answered: the service was not reached, or could not be asked for want of credentials. */
export function isUnanswered(error: ApiErrorName): boolean {
  return UNANSWERED.has(error);
}

/** A request that failed for good, retries included. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The `error` label. */
  readonly error: ApiErrorName;
  /** The API's name of the operation. */
  readonly operation: string;
  /** Attempts that were made; a call that got no credentials counts as one. */
  readonly attempts: number;
  /** The service's id of the last attempt, where it was answered. */
  readonly requestId: string | undefined;
  /** The service may have done what the call asked for. */
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
 * Raised by our wrapper around the credential chain, so that a refusal of STS or SSO is not taken for one of the API. Its
 * message is ours, and holds no secret.
 */
export class CredentialsUnavailable extends Error {
  override readonly name = 'CredentialsUnavailable';
}

/** An attempt or its answer took longer than `aws.requestTimeout`. The SDK retries errors of this name. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** The answer is not what the protocol allows. */
export class InvalidResponse extends Error {
  override readonly name = 'InvalidResponse';
}

/** What the SDK's errors carry, as far as it is used here; none of it is certain to be there. */
interface SdkErrorShape {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown; readonly attempts?: unknown };
  readonly $response?: { readonly statusCode?: unknown };
  readonly cause?: unknown;
}

/** Node's codes of failed lookups, connections and TLS handshakes, and of answers that are no HTTP. */
const NETWORK_CODE =
  /^(E[A-Z]+|EAI_[A-Z]+|ERR_(SSL|TLS|SOCKET|STREAM)_\w+|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|HPE_\w+)$/;

/**
 * Names under which AWS services and their front ends throttle, as the SDK knows them. They are listed here because this
 * module is loaded at the start, and the SDK is not.
 */
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

/** Maps whatever the SDK, Node or our own layers have thrown to the closed list. */
export function classify(thrown: unknown): ApiErrorName {
  if (thrown instanceof CredentialsUnavailable) {
    return 'CredentialsError';
  }
  if (thrown instanceof InvalidResponse) {
    return 'InvalidResponse';
  }
  const error = shapeOf(thrown);
  const name = typeof error.name === 'string' ? error.name : '';
  const status = httpStatusOf(thrown);
  if (status !== undefined) {
    const known = SERVICE_ERRORS.find((each) => each === name);
    if (known !== undefined) {
      return known;
    }
    if (status === 429 || THROTTLING_NAMES.has(name)) {
      return 'ThrottlingException';
    }
    return status >= 200 && status < 300 ? 'InvalidResponse' : 'OtherError';
  }
  // Node's request handler of the SDK renames resets and broken pipes to TimeoutError as well: the code tells them apart.
  const code = networkCode(thrown);
  if (code === 'ETIMEDOUT' || (code === undefined && name === 'TimeoutError')) {
    return 'TimeoutError';
  }
  return code === undefined ? 'OtherError' : 'NetworkError';
}

/** The HTTP status of the answer that an error stands for, or undefined when there was no answer. */
export function httpStatusOf(thrown: unknown): number | undefined {
  const { $response, $metadata } = shapeOf(thrown);
  const status = $response?.statusCode ?? $metadata?.httpStatusCode;
  return typeof status === 'number' ? status : undefined;
}

/**
 * Whether an attempt that failed shows the API to be up for us nevertheless: the service answered it, and not with an
 * authentication, permission, throttling or 5xx error.
 */
export function showsApiUp(error: ApiErrorName, httpStatus: number | undefined): boolean {
  if (httpStatus === undefined || httpStatus < 400 || httpStatus >= 500) {
    // Nobody answered, something else than the service did (a redirection, a page with status 200), or the service failed.
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

/** Turns what the SDK has thrown into an `ApiError` whose message a person can act on and that holds no secret. */
export function toApiError(operation: string, thrown: unknown, mayHaveTakenEffect = false): ApiError {
  const { $metadata } = shapeOf(thrown);
  const error = classify(thrown);
  return new ApiError(error, operation, explain(error, thrown), {
    attempts: typeof $metadata?.attempts === 'number' ? $metadata.attempts : undefined,
    requestId: typeof $metadata?.requestId === 'string' ? $metadata.requestId : undefined,
    mayHaveTakenEffect,
    cause: thrown,
  });
}

/** What the SDK adds to the message of an error that an unreadable answer caused, for whoever has the error in hand. */
const SDK_HINT = 'Deserialization error: to see the raw response';

/**
 * What went wrong with a call other than one of the API, such as one of STS, in words that a person can act on.
 *
 * @param sensitive texts that must not appear in it, should an answer repeat them
 */
export function describeFailure(thrown: unknown, sensitive: readonly string[] = []): string {
  return explain(classify(thrown), thrown, sensitive);
}

function explain(error: ApiErrorName, thrown: unknown, sensitive: readonly string[] = []): string {
  if (thrown instanceof CredentialsUnavailable) {
    return withoutTexts(thrown.message, sensitive);
  }
  const shape = shapeOf(thrown);
  const [said = ''] = typeof shape.message === 'string' ? shape.message.split(SDK_HINT, 1) : [];
  const message = withoutSecrets(withoutTexts(said, sensitive));
  const text = message === '' ? networkCode(thrown) : message;
  const status = httpStatusOf(thrown);
  // What the credential chain throws says all in its message.
  const named = error === 'OtherError' && shape.name !== 'CredentialsProviderError';
  const name = named && typeof shape.name === 'string' ? onOneLine(shape.name.slice(0, LONGEST_NAME)) : undefined;
  const parts = [name, status === undefined ? undefined : `HTTP ${status}`, text];
  return parts.filter((part) => part !== undefined).join(': ') || error;
}

/** Texts go as they are and as a form has them, the longest first, since one may hold another. */
function withoutTexts(message: string, texts: readonly string[]): string {
  return texts
    .flatMap((text) => [text, encodeURIComponent(text)])
    .filter((text) => text.length > 1)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, text) => rest.replaceAll(text, '…'), message);
}

const LONGEST_NAME = 100;
const LONGEST_MESSAGE = 300;

/** To a wrong signature, services repeat the request from here on to the end of the message. */
const CANONICAL_REQUEST = /The Canonical String for this request should have been[\s\S]*/i;

/**
 * A value after the name of a secret: `Authorization: Bearer x`, `token=x`, `"sessionToken":"x"` (in JSON within JSON,
 * too), `'x-amz-security-token': ['x']`, `<SessionToken>x`.
 */
const NAMED_SECRET = new RegExp(
  [
    /(authorization|signature|credential|password|token|secret[\w-]{0,40})/, // $1, the end of the name
    /(\\*["']?\s{0,4}[:=]?[:=>]\s{0,4})/, // $2, what parts it from the value
    /(?:\\*"[^"]*"?|\\*'[^']*'?|\[[^\]]*\]?|(?:Bearer|Basic|AWS4-HMAC-SHA256)\s+[^\s,;&<>"']+|[^\s,;&<>]+)/,
  ]
    .map(({ source }) => source)
    .join(''),
  'gi',
);

/** An option of a command: a `credential_process` that fails is told with its whole command line. */
const SECRET_OPTION = /(--?[\w-]{0,40}?(?:password|secret|token|key)[\w-]{0,40})([ =])\S+/gi;

/** STS quotes what it takes for malformed, as a profile's external id may be. */
const QUOTED_INPUT = /'[^']*'(?= at '(?:externalId|tags)\b)/g;

const URL_CREDENTIALS = /\/\/[^/\s]+@/g;

/**
 * A message from outside, fit for a log line: one line, bounded, and without what by its form is a secret. (What we sent
 * ourselves is taken out by its value before: see `withoutEcho`.)
 */
export function withoutSecrets(message: string): string {
  // Cut before anything is matched: a message may be of megabytes.
  const begin = message.trimStart().slice(0, 4 * LONGEST_MESSAGE);
  const line = onOneLine(withoutNamedSecrets(begin)).trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}

/** @param text of a bounded length: some of the patterns take time in proportion to its square */
function withoutNamedSecrets(text: string): string {
  return text
    .replace(CANONICAL_REQUEST, '')
    .replace(QUOTED_INPUT, "'…'")
    .replace(SECRET_OPTION, '$1$2…')
    .replace(NAMED_SECRET, '$1$2…')
    .replace(URL_CREDENTIALS, '//…@');
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** Node's code of a failed connection or TLS handshake, looked for in the causes too (several addresses were tried). */
function networkCode(thrown: unknown, depth = 0): string | undefined {
  const { code, cause } = shapeOf(thrown);
  // An answer's own members come along with the SDK's errors, `code` among them.
  if (typeof code === 'string' && code.length <= LONGEST_NAME && NETWORK_CODE.test(code)) {
    return code;
  }
  return cause === undefined || depth > 4 ? undefined : networkCode(cause, depth + 1);
}

/** Any thrown value, seen as an object whose properties are all of unknown type. */
function shapeOf(thrown: unknown): SdkErrorShape {
  return typeof thrown === 'object' && thrown !== null ? thrown : {};
}
