import type { HttpRequest } from '@smithy/core/protocols';

/** Headers of requests to AWS whose values are credentials or made with them. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'x-amz-security-token',
  'x-amz-sso_bearer_token',
]);
/** Shorter values are no secrets, and could not be told from the text around them. */
const SHORTEST_SECRET = 8;

/**
 * A body without the secrets of the request that it answers. Services repeat parts of a request in what they say about
 * it (the canonical string, to a wrong signature), gateways and debugging proxies all of it; what is said goes to the
 * log and the API.
 *
 * @param proxyAuthorizations values of a header that is added to the request on its way
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

/** The values, and how JSON and URLs may write them. */
function secretsOf(headers: HttpRequest['headers']): string[] {
  return Object.entries(headers)
    .filter(([name, value]) => SECRET_HEADERS.has(name.toLowerCase()) && value.length >= SHORTEST_SECRET)
    .flatMap(([, value]) => inAllForms(value));
}

function inAllForms(secret: string): string[] {
  return [secret, secret.replaceAll('/', '\\/'), encodeURIComponent(secret)];
}
