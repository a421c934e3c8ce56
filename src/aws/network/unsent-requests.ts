import type { ClientRequest } from 'node:http';
import { TLSSocket } from 'node:tls';

/** Headers of the requests that wait for their connection: Node and the SDK hand this object on as it is. */
const waiting = new WeakSet<object>();

/** Watches a request that was just handed to its agent, until it has a connection on which its bytes go out. */
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
 * Whether a request with these headers is certain not to have been sent: its name was not resolved, or its connection, the
 * tunnel through its proxy, or its TLS handshake was not completed.
 */
export function isUnsent(headers: object): boolean {
  return waiting.has(headers);
}
