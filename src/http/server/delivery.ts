import type { ServerResponse } from 'node:http';

/** Bytes per write. Each connection keeps as many in memory, with TLS twice. */
export const PIECE = 64 * 1024;

/** Most pieces to write in one turn of the event loop. The kernel may need a third of a millisecond for each. */
const MOST_IN_TURN = 4;

/**
 * Writes that are ready, by client address; never contains an empty set. The first address is next. Addresses take turns, as
 * do the connections of each: the kernel accepts megabytes for each of a thousand clients that read nothing, which must not
 * delay the response to another client. Shared by all servers: the process has one event loop.
 */
const READY = new Map<string, Set<() => void>>();
let isPlanned = false;

function plan(): void {
  if (!isPlanned && READY.size > 0) {
    isPlanned = true;
    setImmediate(writeSome);
  }
}

function writeSome(): void {
  isPlanned = false;
  // One per address: its next write is known in the next turn.
  let left = Math.min(MOST_IN_TURN, READY.size);
  for (const [address, writes] of READY) {
    if (left === 0) {
      break;
    }
    left -= 1;
    READY.delete(address);
    const [write] = writes;
    if (write !== undefined && writes.delete(write) && writes.size > 0) {
      // Moved to the end: the other addresses are next.
      READY.set(address, writes);
    }
    write?.();
  }
  plan();
}

/** Writes a body piece by piece, each after the client has received the previous one, and ends the response. */
export function deliver(response: ServerResponse, parts: readonly Uint8Array[]): void {
  const address = response.req.socket.remoteAddress ?? '';
  const pieces = piecesOf(parts);
  const later = () => {
    READY.set(address, (READY.get(address) ?? new Set()).add(write));
    plan();
  };
  const write = () => {
    // A write would emit an error that ends the process.
    if (response.destroyed) {
      return;
    }
    const piece = pieces.next();
    if (piece.done) {
      response.end();
    } else if (response.write(piece.value)) {
      later();
    } else {
      response.once('drain', later);
    }
  };
  later();
}

/** Joins small parts: a write costs more than a copy. */
function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array, void> {
  let small: Uint8Array[] = [];
  let length = 0;
  for (const part of parts) {
    if (length > 0 && length + part.byteLength > PIECE) {
      yield Buffer.concat(small);
      small = [];
      length = 0;
    }
    if (part.byteLength <= PIECE) {
      small.push(part);
      length += part.byteLength;
      continue;
    }
    for (let begin = 0; begin < part.byteLength; begin += PIECE) {
      yield part.subarray(begin, begin + PIECE);
    }
  }
  if (length > 0) {
    yield Buffer.concat(small);
  }
}
