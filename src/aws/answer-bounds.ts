import type { HttpRequest } from '@smithy/core/protocols';
import { InvalidResponse } from './errors.ts';

/** A page of results: 500 rows, the largest `limit`, take less than 1 MiB. */
export const LARGEST_RESULTS_BYTES = 8 * 1024 * 1024;
/** A page of a listing, the tags of a monitor, a monitor. */
const LARGEST_LISTING_BYTES = 1024 * 1024;
/** A status, the id of a started query, an error, and all that STS returns. */
const LARGEST_SMALL_BYTES = 64 * 1024;

/** Values in one response, lists and objects included: five times those of a page of 2,000 full rows. */
const MOST_VALUES = 250_000;
/** Members of all objects in one response: distinct names are what takes longest to parse. A full row has 29. */
const MOST_MEMBERS = 100_000;
/** Lists and objects in one response: each of 2,000 rows has two. */
const MOST_CONTAINERS = 20_000;
/** The model's responses nest five deep. */
const DEEPEST = 32;

/** Bytes that the body of a response may have, as it arrives: after the transfer coding, whatever `Content-Length` says. */
export function largestBody({ method, path }: Pick<HttpRequest, 'method' | 'path'>, statusCode: number): number {
  if (method !== 'GET' || statusCode >= 300 || path.endsWith('/status')) {
    return LARGEST_SMALL_BYTES;
  }
  return path.endsWith('/results') ? LARGEST_RESULTS_BYTES : LARGEST_LISTING_BYTES;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Refuses JSON that would take too long to parse, or too much memory, before anything is made of it: a page of 8 MiB can
 * hold 2.7 million empty rows. Only counts; whether the bytes are JSON at all is seen when they are parsed.
 *
 * @throws InvalidResponse
 */
export function refuseExcessiveJson(bytes: Uint8Array): void {
  let values = 0;
  let members = 0;
  let containers = 0;
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case QUOTE:
        at = endOfText(bytes, at);
        break;
      case 0x7b: // {
      case 0x5b: // [
        containers += 1;
        depth += 1;
        if (depth > DEEPEST) {
          throw excessive(`${DEEPEST} lists and objects within one another`);
        }
        if (containers > MOST_CONTAINERS) {
          throw excessive(`${MOST_CONTAINERS} lists and objects in a response`);
        }
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth -= 1;
        break;
      case COMMA:
        values += 1;
        if (values > MOST_VALUES) {
          throw excessive(`${MOST_VALUES} values in a response`);
        }
        break;
      case COLON:
        members += 1;
        if (members > MOST_MEMBERS) {
          throw excessive(`${MOST_MEMBERS} members in a response`);
        }
        break;
    }
  }
}

function excessive(most: string): InvalidResponse {
  return new InvalidResponse(`expected at most ${most}, got more`);
}

/** Where the text that begins at `start` ends: its closing quote, or the last byte. */
function endOfText(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) {
    at += bytes[at] === BACKSLASH ? 2 : 1;
  }
  return at;
}
