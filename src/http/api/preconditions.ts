import type { IncomingHttpHeaders } from 'node:http';
import type { Preconditions, TagCondition } from '../../registry/preconditions.ts';

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
