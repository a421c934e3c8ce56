import type { ExpositionFormat } from '../../metrics/text.ts';

/** Text format 0.0.4 and OpenMetrics 1.0.0. */
export const EXPOSITION_CONTENT_TYPE: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

interface Match {
  readonly q: number;
  /** Specificity of the range: 3 with version, 2 media type, 1 wildcard of the type, 0 wildcard of all. */
  readonly specificity: number;
  readonly position: number;
}

/**
 * Returns the format that a scraper prefers. OpenMetrics must be named, with version 1.0.0 or without a version, and have a
 * higher weight than the text format. At equal weights, a name precedes a wildcard, and then the first one is used. The
 * default is the text format: for a missing or malformed header, other versions, and unknown formats. Parameters other than
 * the version (Prometheus' `escaping`, `charset`) are ignored.
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  const ranges = parseAcceptHeader(accept ?? '') ?? [];
  // Wildcards never match OpenMetrics: clients that can read it name it.
  const openmetrics = bestMatch(ranges, ['application/openmetrics-text'], '1.0.0');
  const text = bestMatch(ranges, ['text/plain', 'text/*', '*/*'], '0.0.4');
  if (openmetrics === undefined || openmetrics.q === 0) {
    return 'text';
  }
  if (text === undefined || openmetrics.q !== text.q) {
    return openmetrics.q > (text?.q ?? 0) ? 'openmetrics' : 'text';
  }
  return text.specificity < 2 || openmetrics.position < text.position ? 'openmetrics' : 'text';
}

/**
 * Returns the most specific range that matches, whatever the weights of others (RFC 9110, section 12.5.1).
 *
 * @param names the media type, and the wildcards that match it, the most specific first
 */
function bestMatch(ranges: readonly AcceptRange[], names: readonly string[], version: string): Match | undefined {
  const matches = ranges.flatMap(({ value, parameters, q }, position): Match[] => {
    const name = names.indexOf(value);
    const wanted = name === 0 ? parameters.get('version') : undefined;
    if (name === -1 || (wanted !== undefined && wanted !== version)) {
      return [];
    }
    return [{ q, specificity: wanted === undefined ? 2 - name : 3, position }];
  });
  return matches.sort((a, b) => b.specificity - a.specificity || b.q - a.q)[0];
}

/** Returns whether gzip (or its old name, or `*`) is acceptable, with at least the weight of `identity`. */
export function wantsGzip(acceptEncoding: string | undefined): boolean {
  const ranges = parseAcceptHeader(acceptEncoding ?? '') ?? [];
  const weight = (...names: readonly string[]) => ranges.find(({ value }) => names.includes(value))?.q;
  const any = weight('*');
  const gzip = weight('gzip', 'x-gzip') ?? any ?? 0;
  const identity = weight('identity') ?? any ?? 0;
  return gzip > 0 && gzip >= identity;
}

/** One element of an `Accept` or `Accept-Encoding` header; names in lower case. */
interface AcceptRange {
  /** `text/plain`, `gzip`, `*`, … */
  readonly value: string;
  /** Parameters except `q`, without quotes and escapes. */
  readonly parameters: ReadonlyMap<string, string>;
  /** 0 (not acceptable) to 1. */
  readonly q: number;
}

/** RFC 9110's token, and `/` between two of them for media types. */
const VALUE = /[\w!#$%&'*+.^`|~-]+(?:\/[\w!#$%&'*+.^`|~-]+)?/y;
const PARAMETER = /[ \t]*;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:([\w!#$%&'*+.^`|~-]+)|"((?:[^"\\]|\\.)*)"))?/y;
const COMMA = /[ \t]*(?:,[ \t]*)+|[ \t]*$/y;
const LEADING = /[ \t,]*/y;
/** More lenient than RFC 9110, which requires a leading digit and at most three decimals: clients print unrounded floats. */
const QUALITY = /^(?:0?\.\d+|0\.?|1(?:\.0*)?)$/;

/** Reads a header (RFC 9110, section 12.5). Undefined if any part is malformed: the preference is then unknown. */
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
