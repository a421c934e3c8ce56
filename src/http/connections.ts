import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

interface Connection {
  readonly socket: Socket;
  /** Answers owed to requests whose head has come, in their order; more than one where the client sends ahead. */
  readonly owed: Set<ServerResponse>;
}

/**
 * Knows a server's open connections and which are busy. Node's own `closeIdleConnections` leaves those that never sent
 * a request (browsers open some ahead), and those that become idle after it was called.
 */
export class Connections {
  /** By socket, as wide as Node types it in the events that name one. */
  readonly #open = new Map<Duplex, Connection>();
  #draining = false;

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#open.set(socket, { socket, owed: new Set() });
      socket.once('close', () => this.#open.delete(socket));
    });
    server.on('request', ({ socket }, response) => {
      const connection = this.#open.get(socket);
      if (connection === undefined) {
        return;
      }
      connection.owed.add(response);
      response.once('close', () => {
        connection.owed.delete(response);
        this.#endIfDrained(connection);
      });
      if (this.#draining) {
        announceEnd(connection);
      }
    });
  }

  /** Whether a request on this connection waits for its answer, or for the rest of it. */
  isBusy(socket: Duplex): boolean {
    return (this.#open.get(socket)?.owed.size ?? 0) > 0;
  }

  /** Ends the idle connections now, and each other one once its requests are answered. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#open.values()) {
      announceEnd(connection);
      this.#endIfDrained(connection);
    }
  }

  /** Cuts all off, answered or not. */
  destroy(): void {
    for (const { socket } of this.#open.values()) {
      socket.destroy();
    }
  }

  #endIfDrained({ socket, owed }: Connection): void {
    if (this.#draining && owed.size === 0) {
      // Not `destroy`: the end of the last answer may still be on its way to the kernel.
      socket.destroySoon();
    }
  }
}

/** Has the last answer tell the client not to send more. On an earlier one it would end the connection too soon. */
function announceEnd({ owed }: Connection): void {
  const last = [...owed].at(-1);
  if (last !== undefined && !last.headersSent) {
    last.setHeader('Connection', 'close');
  }
}
