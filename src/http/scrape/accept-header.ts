/** One element of an `Accept` or `Accept-Encoding` header; names in lower case. */
export interface AcceptRange {
  /** `text/plain`, `gzip`, `*`, … */
  readonly value: string;
  /** Parameters but `q`, with quotes and escapes undone. */
  readonly parameters: ReadonlyMap<string, string>;
  /** 0 (not acceptable) to 1. */
  readonly q: number;
}

/** RFC 9110's token, and `/` between two of them for media types. */
const VALUE = /[\w!#$%&'*+.^`|~-]+(?:\/[\w!#$%&'*+.^`|~-]+)?/y;
const PARAMETER = /[ \t]*;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:([\w!#$%&'*+.^`|~-]+)|"((?:[^"\\]|\\.)*)"))?/y;
const COMMA = /[ \t]*(?:,[ \t]*)+|[ \t]*$/y;
const LEADING = /[ \t,]*/y;
/** A little wider than RFC 9110, which wants a leading digit and at most three decimals: clients print floats as they come. */
const QUALITY = /^(?:0?\.\d+|0\.?|1(?:\.0*)?)$/;

/**
 * Reads a header of the form of RFC 9110, section 12.5: elements between commas, empty ones skipped, each with
 * parameters and a weight. `undefined` when any part of it cannot be read: what the client prefers is then not known.
 */
export function parseAcceptHeader(header: string): readonly AcceptRange[] | undefined {
  const ranges: AcceptRange[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    at += match?.[0].length ?? 0;
    return match;
  };

  take(LEADING);
  while (at < header.length) {
    const value = take(VALUE)?.[0];
    if (value === undefined) {
      return undefined;
    }
    const parameters = new Map<string, string>();
    let q = 1;
    for (let match = take(PARAMETER); match !== null; match = take(PARAMETER)) {
      const [, name, token, quoted] = match;
      if (name === undefined) {
        continue;
      }
      const parameter = token ?? (quoted ?? '').replace(/\\(.)/g, '$1');
      if (name.toLowerCase() !== 'q') {
        parameters.set(name.toLowerCase(), parameter);
      } else if (QUALITY.test(parameter)) {
        q = Number(parameter);
      } else {
        return undefined;
      }
    }
    if (take(COMMA) === null) {
      return undefined;
    }
    ranges.push({ value: value.toLowerCase(), parameters, q });
  }
  return ranges;
}
