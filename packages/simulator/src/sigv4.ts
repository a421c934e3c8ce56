import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { CredentialStore, KnownCredentials } from './credentials.ts';
import { ServiceError } from './service-error.ts';

export interface HttpRequest {
  method: string;
  /** Percent-encoded, without the query string. */
  path: string;
  /** The text after the `?`, percent-encoded. */
  queryString: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The credential scope of an Authorization header. */
export interface CredentialScope {
  accessKeyId: string;
  /** Eight digits. */
  date: string;
  region: string;
  service: string;
}

/** Reasons to reject a request. Each service has its own names for these. */
type AuthenticationFailure =
  | 'missing token'
  | 'incomplete signature'
  | 'unrecognized client'
  | 'invalid signature'
  | 'expired token';

export type AuthenticationCodes = Readonly<Record<AuthenticationFailure, string>>;

const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_SKEW = 300_000;

/** The scope of an Authorization header, even if the signature is invalid; `undefined` if there is none. */
export function credentialScope(authorization: string | undefined): CredentialScope | undefined {
  const match = /\bCredential=([^/,\s=]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request\b/.exec(authorization ?? '');
  const [, accessKeyId, date, region, service] = match ?? [];
  return accessKeyId && date && region && service ? { accessKeyId, date, region, service } : undefined;
}

/**
 * Verifies the AWS Signature Version 4 of a request as the service's front end does. The key must be known, its token correct
 * and not expired, the date within five minutes of `now` (milliseconds since the Unix epoch), and the signature correct.
 *
 * @throws ServiceError
 */
export function verifySignature(
  request: HttpRequest,
  { service, codes }: { service: string; codes: AuthenticationCodes },
  known: Pick<CredentialStore, 'find'>,
  now: number,
): KnownCredentials {
  const { headers } = request;
  const { authorization } = headers;
  const invalid = (message: string) => refused(codes, 'invalid signature', message);
  if (authorization === undefined) {
    throw refused(codes, 'missing token', 'Missing Authentication Token');
  }
  const scope = credentialScope(authorization);
  const signedHeaders = /\bSignedHeaders=([^,\s]+)/.exec(authorization)?.[1]?.split(';');
  const signature = /\bSignature=([^,\s]+)/.exec(authorization)?.[1];
  const date = text(headers, 'x-amz-date');
  const signedAt = parseBasicDate(date);
  if (!authorization.startsWith(`${ALGORITHM} `) || !scope || !signedHeaders || !signature || signedAt === undefined) {
    const message = `Authorization header requires '${ALGORITHM}' with 'Credential', 'SignedHeaders' and 'Signature', and an 'X-Amz-Date' header.`;
    throw refused(codes, 'incomplete signature', message);
  }
  const credentials = known.find(scope.accessKeyId);
  if (!credentials || (credentials.sessionToken ?? '') !== text(headers, 'x-amz-security-token')) {
    throw refused(codes, 'unrecognized client', 'The security token included in the request is invalid.');
  }
  refuseExpired(credentials, codes, now);
  if (Math.abs(now - signedAt) > MAX_SKEW) {
    const order = signedAt < now ? 'Signature expired' : 'Signature not yet current';
    throw invalid(`${order}: ${date} is more than 5 min from ${basicDate(now)}.`);
  }
  if (scope.service !== service || scope.date !== date.slice(0, 8)) {
    throw invalid(`Credential should be scoped to correct service: '${service}', and to the date of the request.`);
  }
  if (!signedHeaders.includes('host') || !signedHeaders.includes('x-amz-date')) {
    throw invalid("'Host' and 'X-Amz-Date' must be signed.");
  }
  const expected = Buffer.from(sign(request, scope, signedHeaders, date, credentials.secretAccessKey));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
  }
  return credentials;
}

/** @throws ServiceError if `credentials` have expired at `now` */
export function refuseExpired({ expiresAt }: KnownCredentials, codes: AuthenticationCodes, now: number): void {
  if (now >= expiresAt) {
    throw refused(codes, 'expired token', 'The security token included in the request is expired');
  }
}

function refused(codes: AuthenticationCodes, failure: AuthenticationFailure, message: string): ServiceError {
  return new ServiceError(codes[failure], 403, message);
}

function sign(
  request: HttpRequest,
  { date: day, region, service }: CredentialScope,
  signedHeaders: readonly string[],
  date: string,
  secret: string,
): string {
  const canonical = [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.queryString),
    ...signedHeaders.map((name) => `${name}:${text(request.headers, name).trim().replace(/\s+/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
  const stringToSign = [ALGORITHM, date, `${day}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n');
  const signingKey = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (key, part) => hmac(key, part),
    `AWS4${secret}`,
  );
  return hmac(signingKey, stringToSign).toString('hex');
}

/** Resolves dot segments and encodes each segment a second time: the rule of all services except S3. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') {
      segments.pop();
    } else if (segment !== '' && segment !== '.') {
      segments.push(encode(segment));
    }
  }
  const trailing = segments.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${segments.join('/')}${trailing}`;
}

function canonicalQuery(queryString: string): string {
  return queryString
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...value] = part.split('=');
      return [encode(decode(name)), encode(decode(value.join('=')))] as const;
    })
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map((pair) => pair.join('='))
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Percent-encodes all but the unreserved characters of RFC 3986. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Keeps an invalid percent-encoding: the signature does not match then, which is the correct error. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function text(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

/** Milliseconds since the Unix epoch of `20260131T235959Z`. */
function parseBasicDate(date: string): number | undefined {
  const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(date) ?? [];
  const ms = Date.parse(`${day?.replace(/(....)(..)/, '$1-$2-')}T${time?.replace(/(..)(..)/, '$1:$2:')}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function basicDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
