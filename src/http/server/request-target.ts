export interface RequestTarget {
  /** Starts with `/`. Percent-encoded as received, and decodable. */
  readonly path: string;
  /** Empty, or `?` and the query string. */
  readonly search: string;
}

/**
 * Splits a request target (RFC 9112, section 3.2) in origin form or, as proxies send it, in absolute form. Returns undefined
 * if it is neither, or its path has malformed percent-encoding.
 */
export function splitTarget(target: string): RequestTarget | undefined {
  let origin = target;
  if (!target.startsWith('/')) {
    if (!URL.canParse(target)) {
      return undefined;
    }
    const url = new URL(target);
    origin = url.pathname + url.search;
  }
  const mark = origin.indexOf('?');
  const path = mark === -1 ? origin : origin.slice(0, mark);
  try {
    decodeURIComponent(path);
  } catch {
    return undefined;
  }
  return { path, search: mark === -1 ? '' : origin.slice(mark) };
}
