import type { IncomingMessage, ServerResponse } from 'node:http';
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
