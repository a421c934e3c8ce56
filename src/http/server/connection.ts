import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Connection {
  /** The socket that carries HTTP: the accepted connection, or TLS on top of it. */
  socket: Socket;
  readonly address: string;
  readonly peer: string;
  /** Responses to requests whose head was received, in order. All except the first one are waiting. */
  readonly owed: Set<ServerResponse>;
  readonly waiting: (() => void)[];
  request: IncomingMessage | undefined;
  /** When the current response became owed, and how many bytes the client had received before. */
  owedSince: number;
  takenBefore: number;
  /** When the client last received data, or sent a request: milliseconds on the monotonic clock. */
  progressAt: number;
}

/** Returns the number of bytes that the kernel has accepted for the client. */
export function takenOf(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}

/** Returns whether a connection waits for its client, or for a response that has not started. */
export function isUnserved({ socket, owed, request }: Connection): boolean {
  const [response] = owed;
  return response !== undefined && (socket.writableLength > 0 || request?.complete === false || !response.headersSent);
}

/** What is without progress for this long can be ended in favor of others, in milliseconds. */
const STALLED_AFTER = 2_000;

/** Returns the item without progress for the longest time, if it can be ended. Times are of the monotonic clock. */
export function longestStalled<T extends { readonly progressAt: number }>(
  items: Iterable<T>,
  now: number,
): T | undefined {
  let longest: T | undefined;
  for (const item of items) {
    if (item.progressAt <= (longest?.progressAt ?? now - STALLED_AFTER)) {
      longest = item;
    }
  }
  return longest;
}

/** Minimum length of a request in bytes: a flood of empty lines is not parsed line by line. */
const SHORTEST_REQUEST = 16;
/** Bytes to parse at once if they do not contain the end of a head. */
const LARGEST_SLICE = 4096;

/**
 * Parses the requests of each connection one by one: data after a complete request stays in the socket, and is not read
 * from the network, until `resume` is called. By default, Node parses reads of 64 KiB, which can contain thousands of
 * requests, and emits all of them at once. Call this before other listeners for new connections are added.
 */
export function parseOneAtATime(server: Server, connectionOf: (socket: Socket) => Connection | undefined): void {
  server.on('connection', (socket: Socket) => {
    const parsers = socket.listeners('data');
    socket.removeAllListeners('data');
    // This also detaches the socket from Node's native parser, which reads it without `data` events.
    socket.on('data', (chunk: Buffer) => {
      let rest = chunk;
      while (rest.length > 0 && isOpen(socket) && !socket.isPaused() && !isOwing(connectionOf(socket))) {
        const end = endOfSlice(rest);
        for (const parse of parsers) {
          parse.call(socket, rest.subarray(0, end));
        }
        rest = rest.subarray(end);
      }
      if (rest.length > 0 && isOpen(socket)) {
        socket.pause();
        socket.unshift(rest);
      }
    });
  });
}

/** Returns false after the last response (for example, the response to invalid HTTP): further data is dropped. */
function isOpen(socket: Socket): boolean {
  return !socket.destroyed && !socket.writableEnded;
}

/** The rest of a request body is always read, so that a response that depends on it can be completed. */
function isOwing(connection: Connection | undefined): boolean {
  return connection !== undefined && connection.owed.size > 0 && connection.request?.complete === true;
}

/** Returns the end of a slice that completes at most one head. */
function endOfSlice(bytes: Buffer): number {
  const window = bytes.subarray(0, LARGEST_SLICE);
  const ends = ['\n\r\n', '\n\n'].flatMap((blankLine) => {
    const at = window.indexOf(blankLine, SHORTEST_REQUEST - blankLine.length, 'latin1');
    return at === -1 ? [] : [at + blankLine.length];
  });
  return Math.min(window.length, ...ends);
}
