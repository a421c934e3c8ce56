import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import { type Connection, isUnserved, longestStalled, parseOneAtATime, takenOf } from './connection.ts';

/** How fast a client must receive a response, and how many connections can be open. Times are in milliseconds. */
export interface ConnectionLimits {
  /** A further connection ends another one; see {@link Connections}. */
  readonly maxConnections: number;
  /** How long a client can receive nothing of a response. */
  readonly progressTimeout: number;
  /** Bytes per second that a client must receive of a finite response, on average, after {@link rateGrace}. */
  readonly minRate: number;
  readonly rateGrace: number;
  readonly checkingInterval: number;
}

/** An address with this share of the connections cannot use the reserved share. */
const LARGE_SHARE = 1 / 2;
const RESERVED_SHARE = 1 / 16;

/**
 * The open connections of a server. The server handles one request per connection at a time. It neither parses nor handles
 * the next one before the client has received the last response, so at most one response per connection is pending.
 *
 * Clients that do not receive their responses in time are disconnected. At the limit of connections, a new one ends a
 * connection of the client address that has the most: the one without progress for the longest, otherwise the one that was
 * idle for the longest. If all of them are served, the next address follows, but none that has fewer connections than the
 * new client's. An address that has half of the connections can use 15 of 16, so that others are admitted while all of its
 * own are served. If no connection can be ended, the new one is refused.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  /** By socket, typed as in Node's events; with TLS, by both sockets. */
  readonly #bySocket = new Map<Duplex, Connection>();
  /** By {@link peerOf}. */
  readonly #byPeer = new Map<string, Connection>();
  /** By client address, in the order of their last use. Never contains an empty set. */
  readonly #byAddress = new Map<string, Set<Connection>>();
  #draining = false;
  #cancelCheck: () => void = () => undefined;

  constructor(server: Server, limits: ConnectionLimits, clock: Pick<Clock, 'monotonic' | 'setTimer'>) {
    this.#limits = limits;
    this.#clock = clock;
    parseOneAtATime(server, (socket) => this.#bySocket.get(socket));
    server.once('listening', () => this.#checkLater());
    server.once('close', () => this.#cancelCheck());
  }

  /** Counts the connections that the server accepts, before other listeners are called. */
  accept(server: Server): void {
    server.prependListener('connection', (socket: Socket) => this.#open(socket));
  }

  handle(request: IncomingMessage, response: ServerResponse, handler: RequestListener): void {
    const connection = this.#bySocket.get(request.socket);
    if (connection === undefined) {
      request.socket.destroy();
      return;
    }
    connection.request = request;
    connection.owed.add(response);
    response.once('close', () => this.#finished(connection, response));
    const begin = () => {
      connection.owedSince = this.#clock.monotonic();
      connection.progressAt = connection.owedSince;
      connection.takenBefore = takenOf(connection.socket);
      handler(request, response);
    };
    if (this.#draining) {
      announceEnd(connection);
    }
    if (connection.owed.size === 1) {
      begin();
    } else {
      connection.waiting.push(begin);
    }
  }

  #finished(connection: Connection, response: ServerResponse): void {
    const { socket, owed, waiting } = connection;
    owed.delete(response);
    this.#used(connection);
    this.#endIfDrained(connection);
    if (socket.destroyed) {
      return;
    }
    waiting.shift()?.();
    if (owed.size === 0 && socket.isPaused()) {
      // The listener that was added first parses the data.
      socket.once('data', () => this.#endIfDrained(connection));
      socket.resume();
    }
  }

  /** Registers the TLS socket of an accepted connection. */
  secure(socket: Socket): void {
    const connection = this.#byPeer.get(peerOf(socket));
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    connection.socket = socket;
    this.#bySocket.set(socket, connection);
    this.#follow(connection);
    socket.once('close', () => this.#bySocket.delete(socket));
  }

  isBusy(socket: Duplex): boolean {
    return (this.#bySocket.get(socket)?.owed.size ?? 0) > 0;
  }

  /** Ends idle connections now, and others after their responses. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#byPeer.values()) {
      announceEnd(connection);
      this.#endIfDrained(connection);
    }
  }

  /** Ends all connections at once. */
  destroy(): void {
    for (const { socket } of this.#byPeer.values()) {
      socket.destroy();
    }
  }

  #open(socket: Socket): void {
    const { remoteAddress: address } = socket;
    if (address === undefined || (this.#isFullFor(address) && !this.#replaceOne(address))) {
      socket.destroy();
      return;
    }
    const connection: Connection = {
      socket,
      address,
      peer: peerOf(socket),
      owed: new Set(),
      waiting: [],
      request: undefined,
      owedSince: 0,
      takenBefore: 0,
      progressAt: this.#clock.monotonic(),
    };
    this.#byPeer.set(connection.peer, connection);
    this.#bySocket.set(socket, connection);
    this.#used(connection);
    this.#follow(connection);
    socket.once('close', () => {
      this.#bySocket.delete(socket);
      this.#forget(connection);
    });
  }

  #follow(connection: Connection): void {
    connection.socket.on('drain', () => {
      connection.progressAt = this.#clock.monotonic();
    });
  }

  #forget(connection: Connection): void {
    // The peer may have reconnected from the same port.
    if (this.#byPeer.get(connection.peer) === connection) {
      this.#byPeer.delete(connection.peer);
    }
    const connections = this.#byAddress.get(connection.address);
    connections?.delete(connection);
    if (connections?.size === 0) {
      this.#byAddress.delete(connection.address);
    }
  }

  /** An address with many connections must leave some to others, even if all of its own are being served. */
  #isFullFor(address: string): boolean {
    const { maxConnections } = this.#limits;
    const own = this.#byAddress.get(address)?.size ?? 0;
    const reserve = own >= maxConnections * LARGE_SHARE ? Math.floor(maxConnections * RESERVED_SHARE) : 0;
    return this.#byPeer.size >= maxConnections - reserve;
  }

  /** Ends a connection in favor of a new one from `address`. Returns false if none can be ended. */
  #replaceOne(address: string): boolean {
    const own = this.#byAddress.get(address)?.size ?? 0;
    const rivals = [...this.#byAddress.values()].filter(({ size }) => size >= own).sort((a, b) => b.size - a.size);
    for (const connections of rivals) {
      const all = [...connections];
      const stalled = longestStalled(all.filter(isUnserved), this.#clock.monotonic());
      // In the order of their last use.
      const victim = stalled ?? all.find(({ owed }) => owed.size === 0);
      if (victim !== undefined) {
        this.#forget(victim);
        victim.socket.destroy();
        return true;
      }
    }
    return false;
  }

  /** Moves a connection behind the others of its address. */
  #used(connection: Connection): void {
    if (connection.socket.destroyed) {
      return;
    }
    const connections = this.#byAddress.get(connection.address) ?? new Set();
    connections.delete(connection);
    this.#byAddress.set(connection.address, connections.add(connection));
  }

  #endIfDrained({ socket, owed }: Connection): void {
    if (this.#draining && owed.size === 0 && socket.readableLength === 0) {
      // Not `destroy`: the end of the last response may not have reached the kernel yet.
      socket.destroySoon();
    }
  }

  #checkLater(): void {
    this.#cancelCheck = this.#clock.setTimer(this.#limits.checkingInterval, () => {
      const now = this.#clock.monotonic();
      for (const connection of this.#byPeer.values()) {
        if (this.#isTooSlow(connection, now)) {
          connection.socket.destroy();
        }
      }
      this.#checkLater();
    });
  }

  #isTooSlow({ socket, owed, owedSince, takenBefore, progressAt }: Connection, now: number): boolean {
    const [response] = owed;
    if (response === undefined || socket.writableLength === 0) {
      return false;
    }
    const { progressTimeout, minRate, rateGrace } = this.#limits;
    // Event streams have no length. Their backlog is bounded.
    const due = response.hasHeader('Content-Length') ? (minRate * (now - owedSince - rateGrace)) / 1_000 : 0;
    return now - progressAt >= progressTimeout || takenOf(socket) - takenBefore < due;
  }
}

/** Unique among the open connections of a server. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** Announces the end in the last response. In an earlier one, it would end the connection too soon. */
function announceEnd({ owed, socket }: Connection): void {
  const last = [...owed].at(-1);
  if (last !== undefined && !last.headersSent && socket.readableLength === 0) {
    last.setHeader('Connection', 'close');
  }
}
