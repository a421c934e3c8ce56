import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { SECURITY_HEADERS, TEXT } from './respond.ts';

const STATUS_OF: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Responds to data that Node could not parse as a request (400, 413, 431), or not in time (408), and ends the connection.
 * Unlike Node's default response, it has the headers of all responses. If `busy`, an earlier response is incomplete.
 */
export function sendClientError(error: NodeJS.ErrnoException, socket: Duplex, busy: boolean): void {
  if (error.code === 'ECONNRESET' || busy || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF[error.code ?? ''] ?? 400;
  socket.end(rawResponse(status, STATUS_CODES[status] ?? ''));
}

/** The response to HTTP without TLS on a TLS port, with the text of Go's server. */
export const PLAIN_HTTP_RESPONSE = rawResponse(400, 'Client sent an HTTP request to an HTTPS server.');

/** Returns a complete response with a body of one line and the headers of all responses. */
function rawResponse(status: number, line: string): string {
  const headers = { ...SECURITY_HEADERS, 'Content-Type': TEXT, 'Content-Length': line.length + 1, Connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${line}\n`;
}
