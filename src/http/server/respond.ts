import type { ServerResponse } from 'node:http';
import { systemClock } from '../../lib/clock.ts';
import { deliver, PIECE } from './delivery.ts';
import { HeldBodies } from './held-bodies.ts';

/** Media types of what the exporter answers with, the expositions aside. */
export const TEXT = 'text/plain; charset=utf-8';
export const HTML = 'text/html; charset=utf-8';
export const EVENT_STREAM = 'text/event-stream; charset=utf-8';
export const JSON_TYPE = 'application/json; charset=utf-8';

/** Bytes of bodies that all clients together may leave untaken. */
const MOST_IN_MEMORY = 128 * 1024 * 1024;
const RETRY_SECONDS = 10;
/** There is one memory, whatever the number of servers. */
const BODIES_IN_MEMORY = new HeldBodies(MOST_IN_MEMORY, systemClock);

/**
 * Sends a whole body with its length. To HEAD, Node sends the same head and drops the body. Express' `res.send` is not
 * used: it answers 304 to `If-None-Match: *`, which no reader of live state wants.
 */
export function sendBody(response: ServerResponse, status: number, contentType: string, body: Uint8Array): void {
  sendParts(response, status, contentType, [body]);
}

/**
 * Sends a whole body that is there in parts, with its length: as `sendBody`, without a copy of what may be tens of
 * megabytes. The response is ended once the client has taken all but the last piece. If the bodies that slow clients have
 * not taken yet use too much memory, the response is 503.
 */
export function sendParts(
  response: ServerResponse,
  status: number,
  contentType: string,
  parts: readonly Uint8Array[],
): void {
  const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (response.req.method === 'HEAD') {
    setHead(response, status, contentType, length);
    response.end();
  } else if (length <= PIECE) {
    setHead(response, status, contentType, length);
    response.end(Buffer.concat(parts));
  } else if (BODIES_IN_MEMORY.hold(response, parts)) {
    setHead(response, status, contentType, length);
    deliver(response, parts);
  } else {
    response.setHeader('Retry-After', RETRY_SECONDS);
    response.removeHeader('Content-Encoding');
    sendText(response, 503, 'Too many responses wait for slow clients.');
  }
}

function setHead(response: ServerResponse, status: number, contentType: string, length: number): void {
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', length);
}

/** Plain text, of one line as a rule; the newline at its end is added here. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  sendBody(response, status, TEXT, Buffer.from(`${text}\n`));
}

export function sendHtml(response: ServerResponse, status: number, page: string): void {
  sendBody(response, status, HTML, Buffer.from(page));
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendBody(response, status, JSON_TYPE, jsonBody(value));
}

function jsonBody(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

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
interface ErrorDetail {
  readonly path: string;
  /** What is there, as a text for people. */
  readonly value: string;
  readonly expected: string;
}

/** Answers the request with an error if a handler throws it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: ErrorCode;
  /** Each error in the body of the request; empty if the message covers all. */
  readonly details: readonly ErrorDetail[];

  /** @param message a sentence for people, without a full stop */
  constructor(code: ErrorCode, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Whether errors at this path are JSON: the API's root and everything below it. */
export function isApiPath(path: string, routePrefix: string): boolean {
  return path === `${routePrefix}/api` || path.startsWith(`${routePrefix}/api/`);
}

/** Sends an error: `{"error": {"code", "message", "details"}}` if `json`, else the message as plain text. */
export function sendError(response: ServerResponse, json: boolean, error: HttpError): void {
  if (json) {
    sendBody(response, STATUS_OF[error.code], JSON_TYPE, errorBody(error));
  } else {
    sendText(response, STATUS_OF[error.code], error.message);
  }
}

/** As `sendError` in JSON, but leaves the response, and so the connection, for the caller to end. */
export function writeJsonError(response: ServerResponse, error: HttpError): void {
  const body = errorBody(error);
  setHead(response, STATUS_OF[error.code], JSON_TYPE, body.byteLength);
  response.write(body);
}

function errorBody({ code, message, details }: HttpError): Uint8Array {
  return jsonBody({ error: { code, message, details } });
}
