import type { IncomingHttpHeaders } from 'node:http';

/** The tags that a condition names, without quotes; `*` stands for any. */
export type TagCondition = '*' | ReadonlySet<string>;

/** What must be true of a resource for a request to be carried out (RFC 9110, section 13.1). */
export interface Preconditions {
  /** Strong tags only: weak ones match nothing here. */
  readonly ifMatch?: TagCondition;
  /** Weak tags count as strong ones. */
  readonly ifNoneMatch?: TagCondition;
}

/** A header of conditions that cannot be read. */
export class PreconditionError extends Error {
  override readonly name = 'PreconditionError';

  constructor(header: string, value: string) {
    super(
      `${header}: got ${JSON.stringify(value.slice(0, 80))}, expected * or quoted tags such as "abc" between commas`,
    );
  }
}

/** @throws PreconditionError */
export function readPreconditions(headers: IncomingHttpHeaders): Preconditions {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: readTags('If-Match', ifMatch, false) }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: readTags('If-None-Match', ifNoneMatch, true) }),
  };
}

/** Whether a request with these conditions may go on; `etag` without quotes, `undefined` where there is no resource. */
export function areMet({ ifMatch, ifNoneMatch }: Preconditions, etag: string | undefined): boolean {
  return (
    (ifMatch === undefined || matches(ifMatch, etag)) && !(ifNoneMatch !== undefined && matches(ifNoneMatch, etag))
  );
}

function matches(condition: TagCondition, etag: string | undefined): boolean {
  return etag !== undefined && (condition === '*' || condition.has(etag));
}

/** An element of the list, which may be empty, and the comma or end after it. */
const ELEMENT = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(?:,|$)/y;

function readTags(header: string, value: string, weakToo: boolean): TagCondition {
  if (value.trim() === '*') {
    return '*';
  }
  const tags = new Set<string>();
  let named = false;
  ELEMENT.lastIndex = 0;
  while (ELEMENT.lastIndex < value.length) {
    const match = ELEMENT.exec(value);
    if (match === null) {
      throw new PreconditionError(header, value);
    }
    const [, weak, tag] = match;
    named ||= tag !== undefined;
    if (tag !== undefined && (weak === undefined || weakToo)) {
      tags.add(tag);
    }
  }
  if (!named) {
    throw new PreconditionError(header, value);
  }
  return tags;
}
