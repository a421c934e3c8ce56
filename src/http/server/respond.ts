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

/** As `sendBody`, but leaves the response, and so the connection, for the caller to end. The client has all of it before. */
export function writeBody(response: ServerResponse, status: number, contentType: string, body: Uint8Array): void {
  setHead(response, status, contentType, body.byteLength);
  response.write(body);
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

export function jsonBody(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
