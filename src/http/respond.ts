import type { ServerResponse } from 'node:http';

/** Media types of what the exporter answers with, the expositions aside. */
export const TEXT = 'text/plain; charset=utf-8';
export const HTML = 'text/html; charset=utf-8';
export const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Sends a whole body with its length. To HEAD, Node sends the same head and drops the body. Express' `res.send` is not
 * used: it answers 304 to `If-None-Match: *`, which no reader of live state wants.
 */
export function sendBody(response: ServerResponse, status: number, contentType: string, body: Uint8Array): void {
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', body.byteLength);
  response.end(body);
}

/** Plain text of one line; the newline is added here. */
export function sendText(response: ServerResponse, status: number, line: string): void {
  sendBody(response, status, TEXT, Buffer.from(`${line}\n`));
}

export function sendHtml(response: ServerResponse, page: string): void {
  sendBody(response, 200, HTML, Buffer.from(page));
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendBody(response, status, JSON_TYPE, Buffer.from(`${JSON.stringify(value)}\n`));
}
