import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A connection that a server has accepted. */
export interface Connection {
  /** What HTTP is spoken over: the connection that was accepted, or TLS over that. */
  socket: Socket;
  readonly address: string;
  readonly peer: string;
  /** Responses to requests whose head was received, in their order. All but the first one wait for their turn. */
  readonly owed: Set<ServerResponse>;
  /** Handles the requests that wait. */
  readonly waiting: (() => void)[];
  /** The last one. */
  request: IncomingMessage | undefined;
  /** When the current response became owed, and how many bytes the client had taken before. */
  owedSince: number;
  takenBefore: number;
  /** When the client last took something, or sent a request: the monotonic clock's milliseconds. */
  progressAt: number;
}

/** Bytes that the kernel has accepted for the client. */
export function takenOf(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}

/** Whether a connection waits for its client, or for a response of which nothing is there yet. */
function isUnserved({ socket, owed, request }: Connection): boolean {
  const [response] = owed;
  return response !== undefined && (socket.writableLength > 0 || request?.complete === false || !response.headersSent);
}

/** The one that was idle for the longest, if they are in the order of their last use. */
export function firstIdle(connections: Iterable<Connection>): Connection | undefined {
  for (const connection of connections) {
    if (connection.owed.size === 0) {
      return connection;
    }
  }
  return undefined;
}

/** The one whose client has made no progress for the longest, since `before` at the latest. */
export function longestStalled(connections: Iterable<Connection>, before: number): Connection | undefined {
  let longest: Connection | undefined;
  for (const connection of connections) {
    if (connection.progressAt <= (longest?.progressAt ?? before) && isUnserved(connection)) {
      longest = connection;
    }
  }
  return longest;
}
