import type { HttpRequest } from '@smithy/core/protocols';
import { InvalidResponse } from './errors.ts';

/** Largest page of results: 500 rows, the maximum of `limit`, are less than 1 MiB. */
export const LARGEST_RESULTS_BYTES = 8 * 1024 * 1024;
/** Largest page of a list, tags of a monitor, or monitor. */
const LARGEST_LISTING_BYTES = 1024 * 1024;
/** Largest status, start response, error response, or response of STS. */
const LARGEST_SMALL_BYTES = 64 * 1024;
/** Largest page of a DynamoDB table: 1 MiB, in which JSON escapes each quotation mark. */
const LARGEST_TABLE_BYTES = 4 * 1024 * 1024;
/** Largest page of metrics: 500 metrics with 60 points each are about 1 MiB. */
const LARGEST_METRICS_BYTES = 8 * 1024 * 1024;

/** Most values in one response, including lists and objects: five times those of a page of 2,000 full rows. */
const MOST_VALUES = 250_000;
/** Most members of all objects in one response: distinct names take longest to parse. A full row has 29. */
const MOST_MEMBERS = 100_000;
/** Most lists and objects in one response: each of 2,000 rows has two. */
const MOST_CONTAINERS = 20_000;
/** Deepest nesting. The model's responses have five levels. */
const DEEPEST = 32;

/** Maximum size of a response body in bytes, after the transfer coding and independent of `Content-Length`. */
export function largestBody(
  { method, path, headers }: Pick<HttpRequest, 'method' | 'path' | 'headers'>,
  statusCode: number,
): number {
  const operation = statusCode < 300 ? (headers['x-amz-target'] ?? '') : '';
  if (operation.startsWith('DynamoDB_')) {
    return LARGEST_TABLE_BYTES;
  }
  if (operation.endsWith('.GetMetricData')) {
    return LARGEST_METRICS_BYTES;
  }
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
 * Rejects JSON that would take too much time or memory to parse: a page of 8 MiB can hold 2.7 million empty rows.
 * Counts only; invalid JSON is found by the parser.
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
        refuseAbove(DEEPEST, depth, 'nested lists and objects');
        refuseAbove(MOST_CONTAINERS, containers, 'lists and objects in a response');
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth -= 1;
        break;
      case COMMA:
        values += 1;
        refuseAbove(MOST_VALUES, values, 'values in a response');
        break;
      case COLON:
        members += 1;
        refuseAbove(MOST_MEMBERS, members, 'members in a response');
        break;
    }
  }
}

function refuseAbove(most: number, count: number, what: string): void {
  if (count > most) {
    throw new InvalidResponse(`expected at most ${most} ${what}, got more`);
  }
}

/** Index of the end of the text that starts at `start`: its closing quote, or the last byte. */
function endOfText(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) {
    at += bytes[at] === BACKSLASH ? 2 : 1;
  }
  return at;
}
