import type { RequestListener } from 'node:http';
import type { RequestHandler } from 'express';
import { HttpError, sendText } from '../server/respond.ts';

/** `GET /-/healthy`: 200, or 503 with the reason. */
export function healthyEndpoint(unhealthy: () => string | undefined): RequestListener {
  return (_request, response) => {
    const reason = unhealthy();
    if (reason === undefined) {
      sendText(response, 200, 'Network Flow Monitor exporter is healthy.');
    } else {
      sendText(response, 503, `Network Flow Monitor exporter is not healthy: ${reason}`);
    }
  };
}

/** `GET /-/ready`: 503 until each watched query was polled, with the number of those that were not, until a replica has read the shared storage, and during shutdown. */
export function readyEndpoint(
  health: { waiting(): number; isJoining?(): boolean },
  shutdown: AbortSignal,
): RequestListener {
  return (_request, response) => {
    const count = health.waiting();
    if (shutdown.aborted) {
      sendText(response, 503, 'Network Flow Monitor exporter is shutting down.');
    } else if (health.isJoining?.() === true) {
      sendText(response, 503, 'Network Flow Monitor exporter is not ready: the shared storage was not read yet.');
    } else if (count > 0) {
      const queries = count === 1 ? '1 watched query' : `${count} watched queries`;
      sendText(response, 503, `Network Flow Monitor exporter is not ready: ${queries} not polled yet.`);
    } else {
      sendText(response, 200, 'Network Flow Monitor exporter is ready.');
    }
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
