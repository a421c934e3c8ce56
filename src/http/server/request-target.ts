export interface RequestTarget {
  /** Begins with `/`, percent-encoded as it came, and is known to decode. */
  readonly path: string;
  /** Empty, or `?` and the rest. */
  readonly search: string;
}

/**
 * Splits a request's target (RFC 9112, section 3.2), in origin form or, as proxies send it, in absolute form. `undefined`
 * when it is neither, or its path holds malformed percent-encoding.
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
