import { invalid } from './constraints.ts';
import { hash32 } from './random.ts';

/** A stretch of a list: items from `from` up to, not including, `to`; and what asks for the next stretch, if any. */
export interface Page {
  from: number;
  to: number;
  nextToken?: string;
}

/**
 * The page that `token` asks for, the first when it is null. `listing` names the list: a token is good for the list it
 * was made for only. Throws a ValidationException on any other token.
 */
export function pageOf(listing: string, total: number, size: number, token: string | null): Page {
  const from = token === null ? 0 : offsetOf(listing, token);
  const to = Math.min(total, from + size);
  return to < total ? { from, to, nextToken: tokenOf(listing, to) } : { from, to };
}

function tokenOf(listing: string, offset: number): string {
  return Buffer.from(`${offset}.${hash32(`${listing}/${offset}`)}`).toString('base64url');
}

function offsetOf(listing: string, token: string): number {
  const offset = Number(Buffer.from(token, 'base64url').toString('latin1').split('.')[0]);
  if (!Number.isSafeInteger(offset) || token !== tokenOf(listing, offset)) {
    throw invalid('The pagination token is invalid.');
  }
  return offset;
}
