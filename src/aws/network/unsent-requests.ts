import type { ClientRequest } from 'node:http';
import { TLSSocket } from 'node:tls';

/** Headers of requests that wait for a connection. Node and the SDK pass this object on unchanged. */
const waiting = new WeakSet<object>();

/** Watches a request from its agent until it has a connection that can send its bytes. */
export function watchConnection(request: ClientRequest, headers: unknown): void {
  if (typeof headers !== 'object' || headers === null) {
    return;
  }
  waiting.add(headers);
  request.once('socket', (socket) => {
    if (request.reusedSocket) {
      waiting.delete(headers);
    } else {
      socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => waiting.delete(headers));
    }
  });
}

/**
 * Whether a request with these headers was certainly not sent: its name was not resolved, or its connection, its tunnel
 * through a proxy, or its TLS handshake was not completed.
 */
export function isUnsent(headers: object): boolean {
  return waiting.has(headers);
}
