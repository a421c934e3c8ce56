import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import { type Connection, firstIdle, longestStalled, takenOf } from './connection.ts';
import { parseOneAtATime } from './pipelining.ts';

/** How fast a client must take a response, and how many connections there may be. Times are in milliseconds. */
export interface ConnectionLimits {
  /** One more ends another connection; see {@link Connections}. */
  readonly maxConnections: number;
  /** How long a client may take nothing of a response. */
  readonly progressTimeout: number;
  /** Bytes per second that a client must take of a finite response, on average, after {@link rateGrace}. */
  readonly minRate: number;
  readonly rateGrace: number;
  /** How often progress is checked. */
  readonly checkingInterval: number;
}

/** How long a connection at the limit may make no progress before it can be ended for another, in milliseconds. */
const STALLED_AFTER = 2_000;
/** An address with this share of the connections leaves the reserved share of them to others. */
const LARGE_SHARE = 1 / 2;
const RESERVED_SHARE = 1 / 16;

/**
 * The open connections of a server. Each connection has one request handled at a time: the next one is neither parsed nor
 * handled before the client has taken the last response, so that a client that pipelines is owed one response.
 *
 * Clients that do not take their responses in time are cut off. At the limit of connections, a new one ends one of the
 * client address that has the most: the one that has made no progress for the longest, else the one that was idle for the
 * longest. If all of them are served, the next address follows, but none that has fewer connections than the new client's.
 * An address that has half of the connections can use 15 of 16, so that others are admitted while all of its own are served.
 * If there is no connection to end, the new one is refused.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  /** By socket, as wide as Node types it in the events that name one; with TLS by both. */
  readonly #bySocket = new Map<Duplex, Connection>();
  /** By {@link peerOf}. */
  readonly #byPeer = new Map<string, Connection>();
  /** By the client's address; those that were last busy last. Never holds an empty set. */
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

  /** Counts the connections that the server accepts, before other listeners hear of them. */
  accept(server: Server): void {
    server.prependListener('connection', (socket: Socket) => this.#open(socket));
  }

  /** Handles a request once its turn has come. */
  handle(request: IncomingMessage, response: ServerResponse, handler: RequestListener): void {
    const connection = this.#bySocket.get(request.socket);
    if (connection === undefined) {
      request.socket.destroy();
      return;
    }
    connection.request = request;
    connection.owed.add(response);
    response.once('close', () => this.#answered(connection, response));
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

  #answered(connection: Connection, response: ServerResponse): void {
    const { socket, owed, waiting } = connection;
    owed.delete(response);
    this.#used(connection);
    this.#endIfDrained(connection);
    if (socket.destroyed) {
      return;
    }
    waiting.shift()?.();
    if (owed.size === 0 && socket.isPaused()) {
      // Parsed by the listener that was there first.
      socket.once('data', () => this.#endIfDrained(connection));
      socket.resume();
    }
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
    this.#follow(connection);
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
    if (address === undefined || (this.#isFullFor(address) && !this.#makeRoom(address))) {
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

  /** An address that has many connections leaves some to the others: those that it has may all be served. */
  #isFullFor(address: string): boolean {
    const { maxConnections } = this.#limits;
    const own = this.#byAddress.get(address)?.size ?? 0;
    const reserve = own >= maxConnections * LARGE_SHARE ? Math.floor(maxConnections * RESERVED_SHARE) : 0;
    return this.#byPeer.size >= maxConnections - reserve;
  }

  /** Ends a connection in favor of a new one from `address`. False if there is none that may be ended. */
  #makeRoom(address: string): boolean {
    const own = this.#byAddress.get(address)?.size ?? 0;
    const rivals = [...this.#byAddress.values()].filter(({ size }) => size >= own).sort((a, b) => b.size - a.size);
    const before = this.#clock.monotonic() - STALLED_AFTER;
    for (const connections of rivals) {
      const victim = longestStalled(connections, before) ?? firstIdle(connections);
      if (victim !== undefined) {
        this.#forget(victim);
        victim.socket.destroy();
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
    if (this.#draining && owed.size === 0 && socket.readableLength === 0) {
      // Not `destroy`: the end of the last answer may still be on its way to the kernel.
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

/** Of one server's connections, no two open ones have the same. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** Has the last response tell the client not to send more. On an earlier one it would end the connection too soon. */
function announceEnd({ owed, socket }: Connection): void {
  const last = [...owed].at(-1);
  if (last !== undefined && !last.headersSent && socket.readableLength === 0) {
    last.setHeader('Connection', 'close');
  }
}
