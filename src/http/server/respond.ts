import type { ServerResponse } from 'node:http';
import { systemClock } from '../../lib/clock.ts';
import { QueueFullError } from '../../lib/concurrency.ts';
import { deliver, PIECE } from './delivery.ts';
import { HeldBodies } from './held-bodies.ts';

export const TEXT = 'text/plain; charset=utf-8';
export const HTML = 'text/html; charset=utf-8';
export const TSV = 'text/tab-separated-values; charset=utf-8';
export const EVENT_STREAM = 'text/event-stream; charset=utf-8';
export const CSS = 'text/css; charset=utf-8';
export const JAVASCRIPT = 'text/javascript; charset=utf-8';
export const JSON_TYPE = 'application/json; charset=utf-8';

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

/** Limit of bytes that all clients together have not received yet. */
const MOST_IN_MEMORY = 128 * 1024 * 1024;
const RETRY_SECONDS = 10;
/** Shared by all servers: the process has one memory. */
const BODIES_IN_MEMORY = new HeldBodies(MOST_IN_MEMORY, systemClock);

/**
 * Sends a body with its length. For HEAD, Node sends the same head without the body. Express' `res.send` is not used: it
 * responds with 304 to `If-None-Match: *`, which is wrong for live state.
 */
export function sendBody(response: ServerResponse, status: number, contentType: string, body: Uint8Array): void {
  sendParts(response, status, contentType, [body]);
}

/**
 * Sends a body in parts, with its length: as `sendBody`, without copying what may be tens of megabytes. The response ends
 * after the client has received all pieces except the last one. If bodies for slow clients use too much memory, the
 * response is 503.
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
    sendText(response, 503, 'Too many responses are waiting for slow clients. Try again later.');
  }
}

function setHead(response: ServerResponse, status: number, contentType: string, length: number): void {
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', length);
}

/** Sends plain text, usually one line. Adds the final newline. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  sendBody(response, status, TEXT, Buffer.from(`${text}\n`));
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendBody(response, status, JSON_TYPE, jsonBody(value));
}

function jsonBody(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** Error codes of the API, and their HTTP status. */
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

export const ERROR_CODES = Object.keys(STATUS_OF);

interface ErrorDetail {
  readonly path: string;
  /** Value at the path, as readable text. */
  readonly value: string;
  readonly expected: string;
}

/** An error response. Handlers throw it; {@link createApp} sends it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: ErrorCode;
  /** Each error in the request body; empty if the message covers all. */
  readonly details: readonly ErrorDetail[];

  /** @param message a sentence for people, without a full stop */
  constructor(code: ErrorCode, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The client of a request that waits in a queue. */
export interface Client {
  /** Addresses take turns. */
  readonly address: string;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}

/** Returns the result of a task that waits in a queue; undefined if the client disconnects. @throws HttpError if it is full */
export async function inQueue<T>(
  response: ServerResponse,
  retrySeconds: number,
  waiting: string,
  task: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  const disconnected = new AbortController();
  response.once('close', () => disconnected.abort());
  try {
    return await task({ address: response.req.socket.remoteAddress ?? '', signal: disconnected.signal });
  } catch (error) {
    if (error instanceof QueueFullError) {
      response.setHeader('Retry-After', retrySeconds);
      throw new HttpError('unavailable', `Too many ${waiting} are waiting. Try again later`);
    }
    if (!disconnected.signal.aborted) {
      throw error;
    }
    return undefined;
  }
}

export function redirect(response: ServerResponse, status: 302 | 307, location: string): void {
  response.writeHead(status, { Location: location, 'Content-Length': 0 }).end();
}

/**
 * Splits a request target (RFC 9112, section 3.2) in origin form or, as proxies send it, in absolute form. Returns undefined
 * if it is neither, or its path has malformed percent-encoding.
 *
 * @returns `path`: starts with `/`, percent-encoded as received, and decodable; `search`: empty, or `?` and the query string
 */
export function splitTarget(target: string): { readonly path: string; readonly search: string } | undefined {
  let origin = target;
  if (!target.startsWith('/')) {
    if (!URL.canParse(target)) {
      return undefined;
    }
    const url = new URL(target);
    origin = url.pathname + url.search;
  }
  const [path = ''] = origin.split('?', 1);
  try {
    decodeURIComponent(path);
  } catch {
    return undefined;
  }
  return { path, search: origin.slice(path.length) };
}

/** Returns whether errors at this path are JSON: the root of the API and everything below it. */
export function isApiPath(path: string, routePrefix: string): boolean {
  return path === `${routePrefix}/api` || path.startsWith(`${routePrefix}/api/`);
}

/** Sends an error: `{"error": {"code", "message", "details"}}` if `json`, else the message as plain text. */
export function sendError(response: ServerResponse, json: boolean, error: HttpError): void {
  const [type, body] = json ? [JSON_TYPE, errorBody(error)] : [TEXT, Buffer.from(`${error.message}\n`)];
  sendBody(response, STATUS_OF[error.code], type, body);
}

/** As `sendError` in JSON, but the caller ends the response, and thus the connection. */
export function writeJsonError(response: ServerResponse, error: HttpError): void {
  const body = errorBody(error);
  setHead(response, STATUS_OF[error.code], JSON_TYPE, body.byteLength);
  response.write(body);
}

function errorBody({ code, message, details }: HttpError): Uint8Array {
  return jsonBody({ error: { code, message, details } });
}
