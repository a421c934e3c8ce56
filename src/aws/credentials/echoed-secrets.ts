import type { HttpRequest } from '@smithy/core/protocols';

/** Headers of requests to AWS with credentials or signatures. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'x-amz-security-token',
  'x-amz-sso_bearer_token',
]);
/** Shorter values are not secrets, and would match other text. */
const SHORTEST_SECRET = 8;

/**
 * Removes the secrets of a request from the body of its response, which reaches the log and the HTTP API. Services
 * repeat parts of a request in error messages (the canonical string of a wrong signature); gateways and debugging
 * proxies may repeat all of it.
 * @param proxyAuthorizations values of `Proxy-Authorization`, which is added to the request later
 */
export function withoutEcho(
  body: Uint8Array,
  { headers }: Pick<HttpRequest, 'headers'>,
  proxyAuthorizations: readonly string[],
): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const proxySecrets = proxyAuthorizations.flatMap((value) => inAllForms(value.replace(/^Basic /, '')));
  const echoed = [...secretsOf(headers), ...proxySecrets].filter((secret) => bytes.includes(secret));
  return echoed.length === 0
    ? body
    : Buffer.from(echoed.reduce((text, secret) => text.replaceAll(secret, '…'), bytes.toString()));
}

/** The values of the secret headers, in all forms. */
function secretsOf(headers: HttpRequest['headers']): string[] {
  return Object.entries(headers)
    .filter(([name, value]) => SECRET_HEADERS.has(name.toLowerCase()) && value.length >= SHORTEST_SECRET)
    .flatMap(([, value]) => inAllForms(value));
}

function inAllForms(secret: string): string[] {
  return [secret, secret.replaceAll('/', '\\/'), encodeURIComponent(secret)];
}
