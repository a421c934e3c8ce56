import type { ServerResponse } from 'node:http';

/**
 * Responses load nothing, run no scripts, submit no forms, and cannot be framed; only the status page has its own policy.
 * Responses are not cached: each shows the current state.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** Sets the headers on a response before its head is sent. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    response.setHeader(name, value);
  }
}

/** Replaces the default policy of a page. A policy that the configuration sets or removes stays unchanged. */
export function replacePolicy(response: ServerResponse, policy: string): void {
  if (response.getHeader('Content-Security-Policy') === SECURITY_HEADERS['Content-Security-Policy']) {
    response.setHeader('Content-Security-Policy', policy);
  }
}
