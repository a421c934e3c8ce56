import type { ServerResponse } from 'node:http';
import { JSON_TYPE, jsonBody, sendJson, sendText, writeBody } from './respond.ts';

/** The errors the exporter answers with, as its API names them, and their HTTP status. */
const STATUS_OF = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  internal: 500,
  unavailable: 503,
  insufficient_storage: 507,
} as const;

type ErrorCode = keyof typeof STATUS_OF;

/** All codes, for the API's description. */
export const ERROR_CODES = Object.keys(STATUS_OF);

/** An item of what is wrong with a request's body. */
export interface ErrorDetail {
  readonly path: string;
  /** What is there, as a text for people. */
  readonly value: string;
  readonly expected: string;
}

export interface HttpErrorAnswer {
  readonly code: ErrorCode;
  /** A sentence for people, without a full stop. */
  readonly message: string;
  /** What is wrong item by item; without any, the message says all. */
  readonly details?: readonly ErrorDetail[];
}

/** Whether errors at this path are JSON: the API's root and everything below it. */
export function isApiPath(path: string, routePrefix: string): boolean {
  return path === `${routePrefix}/api` || path.startsWith(`${routePrefix}/api/`);
}

/** Answers with an error: `{"error": {"code", "message", "details"}}` where `json`, else the message as plain text. */
export function sendError(response: ServerResponse, json: boolean, error: HttpErrorAnswer): void {
  if (json) {
    sendJson(response, STATUS_OF[error.code], errorJson(error));
  } else {
    sendText(response, STATUS_OF[error.code], error.message);
  }
}

/** As `sendError` in JSON, but leaves the response for the caller to end. */
export function writeJsonError(response: ServerResponse, error: HttpErrorAnswer): void {
  writeBody(response, STATUS_OF[error.code], JSON_TYPE, jsonBody(errorJson(error)));
}

function errorJson({ code, message, details = [] }: HttpErrorAnswer) {
  return { error: { code, message, details } };
}
