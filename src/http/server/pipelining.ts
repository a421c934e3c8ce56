import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** The least number of bytes that a request has, so that a flood of empty lines is not parsed line by line. */
const SHORTEST_REQUEST = 16;
/** Bytes that are parsed at once if no end of a head is found in them. */
const LARGEST_SLICE = 4096;

/** What a connection owes at the moment. */
export interface Owing {
  /** The last request whose head was received; undefined before the first. */
  readonly request: Pick<IncomingMessage, 'complete'> | undefined;
  /** Responses that the client has not taken yet. */
  readonly owed: { readonly size: number };
}

/**
 * Parses the requests of each connection one by one: what follows a complete request stays in the socket, and is not read
 * from the network, until `resume` is called. Otherwise Node parses whole reads of 64 KiB, which hold thousands of requests,
 * and emits them all at once.
 *
 * Call this before other listeners for new connections are added.
 *
 * @param owingOf what is known of the connection; undefined if nothing is
 */
export function parseOneAtATime(server: Server, owingOf: (socket: Socket) => Owing | undefined): void {
  server.on('connection', (socket: Socket) => {
    const parsers = socket.listeners('data');
    socket.removeAllListeners('data');
    // Also takes the socket away from Node's native parser, which reads it without `data` events.
    socket.on('data', (chunk: Buffer) => {
      let rest = chunk;
      while (rest.length > 0 && isOpen(socket) && !socket.isPaused() && !isOwing(owingOf(socket))) {
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

/** False after the last response, for example after the response to what is not HTTP: what follows is dropped. */
function isOpen(socket: Socket): boolean {
  return !socket.destroyed && !socket.writableEnded;
}

/** The rest of a request's body is always read, so that a response that depends on it can be completed. */
function isOwing(owing: Owing | undefined): boolean {
  return owing !== undefined && owing.owed.size > 0 && owing.request?.complete === true;
}

/** Where the first request of `bytes` may end: at most one head is completed by what precedes it. */
function endOfSlice(bytes: Buffer): number {
  const window = bytes.subarray(0, LARGEST_SLICE);
  const ends = ['\n\r\n', '\n\n'].flatMap((blankLine) => {
    const at = window.indexOf(blankLine, SHORTEST_REQUEST - blankLine.length, 'latin1');
    return at === -1 ? [] : [at + blankLine.length];
  });
  return Math.min(window.length, ...ends);
}
