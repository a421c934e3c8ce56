import type { ServerResponse } from 'node:http';

/** Bytes that are written at once. Each connection keeps so many in memory, for TLS twice. */
export const PIECE = 64 * 1024;

/** Writes a body piece by piece, each when the client has taken the one before, and ends the response. */
export function deliver(response: ServerResponse, parts: readonly Uint8Array[]): void {
  const pieces = piecesOf(parts);
  // The kernel may take megabytes for each of many clients: others have their turn after each piece.
  const later = () => setImmediate(next);
  const next = () => {
    // A write would be an error that ends the process.
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
  next();
}

/** Small parts are joined, since each write costs more than the copy. */
function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array, undefined> {
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
  return undefined;
}
