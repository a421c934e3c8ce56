import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

interface Connection {
  /** What HTTP is spoken over: the connection that was accepted, or TLS over that. */
  socket: Socket;
  readonly address: string;
  readonly peer: string;
  /** Answers owed to requests whose head has come, in their order; more than one where the client sends ahead. */
  readonly owed: Set<ServerResponse>;
}

/**
 * Knows a server's open connections and which are busy. Node's own `closeIdleConnections` leaves those that never sent
 * a request (browsers open some ahead), and those that become idle after it was called.
 *
 * Their number is bounded: one too many costs the client address that has the most its connection that was idle the
 * longest, so that nobody can keep others out by holding connections open. Where all of that client's are busy, the new
 * connection is refused.
 */
export class Connections {
  readonly #most: number;
  /** By socket, as wide as Node types it in the events that name one; with TLS by both. */
  readonly #bySocket = new Map<Duplex, Connection>();
  /** By {@link peerOf}. */
  readonly #byPeer = new Map<string, Connection>();
  /** By the client's address; those that were last busy last. Never holds an empty set. */
  readonly #byAddress = new Map<string, Set<Connection>>();
  #draining = false;

  constructor(server: Server, most: number) {
    this.#most = most;
    // Before whatever else hears of a connection.
    server.prependListener('connection', (socket: Socket) => this.#open(socket));
    server.on('request', ({ socket }, response) => {
      const connection = this.#bySocket.get(socket);
      if (connection === undefined) {
        return;
      }
      connection.owed.add(response);
      response.once('close', () => {
        connection.owed.delete(response);
        this.#used(connection);
        this.#endIfDrained(connection);
      });
      if (this.#draining) {
        announceEnd(connection);
      }
    });
  }

  /** Takes note that TLS is spoken over a connection that was accepted. */
  secure(socket: Socket): void {
    const connection = this.#byPeer.get(peerOf(socket));
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    connection.socket = socket;
    this.#bySocket.set(socket, connection);
    socket.once('close', () => this.#bySocket.delete(socket));
  }

  /** Whether a request on this connection waits for its answer, or for the rest of it. */
  isBusy(socket: Duplex): boolean {
    return (this.#bySocket.get(socket)?.owed.size ?? 0) > 0;
  }

  /** Ends the idle connections now, and each other one once its requests are answered. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#byPeer.values()) {
      announceEnd(connection);
      this.#endIfDrained(connection);
    }
  }

  /** Cuts all off, answered or not. */
  destroy(): void {
    for (const { socket } of this.#byPeer.values()) {
      socket.destroy();
    }
  }

  #open(socket: Socket): void {
    const { remoteAddress: address } = socket;
    if (address === undefined || (this.#byPeer.size >= this.#most && !this.#makeRoom())) {
      socket.destroy();
      return;
    }
    const connection: Connection = { socket, address, peer: peerOf(socket), owed: new Set() };
    this.#byPeer.set(connection.peer, connection);
    this.#bySocket.set(socket, connection);
    this.#used(connection);
    socket.once('close', () => {
      this.#bySocket.delete(socket);
      this.#forget(connection);
    });
  }

  #forget(connection: Connection): void {
    // Its peer may have come again on the same port.
    if (this.#byPeer.get(connection.peer) === connection) {
      this.#byPeer.delete(connection.peer);
    }
    const connections = this.#byAddress.get(connection.address);
    connections?.delete(connection);
    if (connections?.size === 0) {
      this.#byAddress.delete(connection.address);
    }
  }

  /** Ends an idle connection. False where there is none that may be ended. */
  #makeRoom(): boolean {
    let most: ReadonlySet<Connection> = new Set();
    for (const connections of this.#byAddress.values()) {
      if (connections.size > most.size) {
        most = connections;
      }
    }
    for (const connection of most) {
      if (connection.owed.size === 0) {
        this.#forget(connection);
        connection.socket.destroy();
        return true;
      }
    }
    return false;
  }

  /** Puts a connection behind the others of its address. */
  #used(connection: Connection): void {
    if (connection.socket.destroyed) {
      return;
    }
    const connections = this.#byAddress.get(connection.address) ?? new Set();
    connections.delete(connection);
    this.#byAddress.set(connection.address, connections.add(connection));
  }

  #endIfDrained({ socket, owed }: Connection): void {
    if (this.#draining && owed.size === 0) {
      // Not `destroy`: the end of the last answer may still be on its way to the kernel.
      socket.destroySoon();
    }
  }
}

/** Of one server's connections, no two open ones have the same. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** Has the last answer tell the client not to send more. On an earlier one it would end the connection too soon. */
function announceEnd({ owed }: Connection): void {
  const last = [...owed].at(-1);
  if (last !== undefined && !last.headersSent) {
    last.setHeader('Connection', 'close');
  }
}
