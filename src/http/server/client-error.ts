import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { SECURITY_HEADERS } from '../security/security-headers.ts';
import { TEXT } from './respond.ts';

const STATUS_OF: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Answers what Node could not read as a request (400, 413, 431), or not in time (408), and ends the connection: as Node
 * would by itself, but with the headers that all our answers have. `busy`: the connection owes an answer to an earlier
 * request, into the middle of which this one must not go.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, busy: boolean): void {
  if (error.code === 'ECONNRESET' || busy || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF[error.code ?? ''] ?? 400;
  socket.end(rawAnswer(status, STATUS_CODES[status] ?? ''));
}

/** The answer to whoever speaks HTTP without TLS where TLS is spoken, in Go's words. */
export const PLAIN_HTTP_ANSWER = rawAnswer(400, 'Client sent an HTTP request to an HTTPS server.');

/** A whole answer of one line, with the headers that all our answers have. */
function rawAnswer(status: number, line: string): string {
  const headers = {
    ...SECURITY_HEADERS,
    'Content-Type': TEXT,
    'Content-Length': line.length + 1,
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${line}\n`;
}
