import type { ServerResponse } from 'node:http';
import { sendJson, sendText } from './respond.ts';

/** The errors the exporter answers with, as its API names them, and their HTTP status. */
const STATUS_OF = {
  bad_request: 400,
  unauthorized: 401,
  not_found: 404,
  method_not_allowed: 405,
  internal: 500,
  unavailable: 503,
} as const;

type ErrorCode = keyof typeof STATUS_OF;

export interface HttpErrorAnswer {
  readonly code: ErrorCode;
  /** A sentence for people, without a full stop. */
  readonly message: string;
}

/** Whether errors at this path are JSON: the API's root and everything below it. */
export function isApiPath(path: string, routePrefix: string): boolean {
  return path === `${routePrefix}/api` || path.startsWith(`${routePrefix}/api/`);
}

/**
 * Answers with an error: `{"error": {"code", "message", "details"}}` where `json`, else the message as plain text.
 * `details` lists what is wrong item by item; it is empty where the message says all.
 */
export function sendError(response: ServerResponse, json: boolean, { code, message }: HttpErrorAnswer): void {
  if (json) {
    sendJson(response, STATUS_OF[code], { error: { code, message, details: [] } });
  } else {
    sendText(response, STATUS_OF[code], message);
  }
}
