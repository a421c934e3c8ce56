import type { ServerResponse } from 'node:http';

/** Media types of what the exporter answers with, the expositions aside. */
export const TEXT = 'text/plain; charset=utf-8';
export const HTML = 'text/html; charset=utf-8';
export const EVENT_STREAM = 'text/event-stream; charset=utf-8';
export const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Sends a whole body with its length. To HEAD, Node sends the same head and drops the body. Express' `res.send` is not
 * used: it answers 304 to `If-None-Match: *`, which no reader of live state wants.
 */
export function sendBody(response: ServerResponse, status: number, contentType: string, body: Uint8Array): void {
  setHead(response, status, contentType, body.byteLength);
  response.end(body);
}

/** As `sendBody`, but leaves the response, and so the connection, for the caller to end. The client has all of it before. */
export function writeBody(response: ServerResponse, status: number, contentType: string, body: Uint8Array): void {
  setHead(response, status, contentType, body.byteLength);
  response.write(body);
}

/** Sends a whole body that is there in parts, with its length: as `sendBody`, without a copy of what may be tens of megabytes. */
export function sendParts(
  response: ServerResponse,
  status: number,
  contentType: string,
  parts: readonly Uint8Array[],
): void {
  setHead(
    response,
    status,
    contentType,
    parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
  );
  // The parts then leave together, instead of each in a packet of its own.
  response.cork();
  for (const part of parts) {
    response.write(part);
  }
  response.end();
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
