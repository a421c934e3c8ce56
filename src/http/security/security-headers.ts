import type { ServerResponse } from 'node:http';

/**
 * No answer loads anything, runs a script, sends a form or may be framed; only the status page has a policy of its own.
 * Nothing may be cached: every answer is the state of the moment.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** Sets them on a response whose head is not sent yet. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    response.setHeader(name, value);
  }
}

/** Gives a page a policy of its own in the place of ours; one that users have set, or taken away, stays as it is. */
export function replacePolicy(response: ServerResponse, policy: string): void {
  if (response.getHeader('Content-Security-Policy') === SECURITY_HEADERS['Content-Security-Policy']) {
    response.setHeader('Content-Security-Policy', policy);
  }
}
