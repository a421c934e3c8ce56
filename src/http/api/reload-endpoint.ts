import type { RequestHandler } from 'express';
import { sendError } from '../server/http-error.ts';
import { sendText } from '../server/respond.ts';

/** How a reload of the configuration ended: with all that is wrong, a line each, when it was refused. */
export type ReloadOutcome = { readonly ok: true } | { readonly ok: false; readonly errors: readonly string[] };

/** `POST /-/reload`, and PUT: 200 once the configuration that was read after the request is in force, or 500 with every error. */
export function reloadEndpoint(reload: () => Promise<ReloadOutcome>): RequestHandler {
  return async (_request, response) => {
    const outcome = await reload();
    if (outcome.ok) {
      sendText(response, 200, 'The configuration is reloaded.');
    } else {
      const message = ['The configuration was not reloaded:', ...outcome.errors].join('\n');
      sendError(response, false, { code: 'internal', message });
    }
  };
}
