import type { RequestListener } from 'node:http';
import type { RequestHandler } from 'express';
import { counted } from '../../lib/text.ts';
import { HttpError, sendText } from '../server/respond.ts';

/** `GET /-/healthy`: 200, or 503 with the reason. */
export function healthyEndpoint(unhealthy: () => string | undefined): RequestListener {
  return (_request, response) => {
    const reason = unhealthy();
    const state = reason === undefined ? 'healthy.' : `not healthy: ${reason}`;
    sendText(response, reason === undefined ? 200 : 503, `Network Flow Monitor exporter is ${state}`);
  };
}

/**
 * `GET /-/ready`: 503 until each watched query was polled, with the number of those that were not, until a replica has read the
 * shared storage, and during shutdown.
 */
export function readyEndpoint(
  health: { waiting(): number; isJoining?(): boolean },
  shutdown: AbortSignal,
): RequestListener {
  const notReady = () => {
    if (shutdown.aborted) {
      return 'shutting down';
    }
    if (health.isJoining?.() === true) {
      return 'not ready: the shared storage was not read yet';
    }
    const count = health.waiting();
    return count > 0 ? `not ready: ${counted(count, 'watched query', 'watched queries')} not polled yet` : undefined;
  };
  return (_request, response) => {
    const reason = notReady();
    sendText(response, reason === undefined ? 200 : 503, `Network Flow Monitor exporter is ${reason ?? 'ready'}.`);
  };
}

/** Outcome of a reload. `errors` has one line per error. */
export type ReloadOutcome = { readonly ok: true } | { readonly ok: false; readonly errors: readonly string[] };

/** `POST /-/reload`, and PUT: 200 after the configuration, read after the request, is in effect, or 500 with every error. */
export function reloadEndpoint(reload: () => Promise<ReloadOutcome>): RequestHandler {
  return async (_request, response) => {
    const outcome = await reload();
    if (!outcome.ok) {
      throw new HttpError('internal', ['Reloading the configuration failed:', ...outcome.errors].join('\n'));
    }
    sendText(response, 200, 'Configuration reloaded.');
  };
}
