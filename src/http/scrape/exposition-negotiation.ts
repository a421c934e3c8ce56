import type { ExpositionFormat } from '../../metrics/text.ts';

/** Text format 0.0.4 and OpenMetrics 1.0.0. */
export const EXPOSITION_CONTENT_TYPE: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

interface Offer {
  readonly mediaType: string;
  readonly version: string;
  /** Ranges with `*` that take it. */
  readonly wildcards: readonly string[];
}

const TEXT_OFFER: Offer = { mediaType: 'text/plain', version: '0.0.4', wildcards: ['text/*', '*/*'] };
/** Wildcards never choose OpenMetrics: who can read it names it. */
const OPENMETRICS_OFFER: Offer = { mediaType: 'application/openmetrics-text', version: '1.0.0', wildcards: [] };

interface Match {
  readonly q: number;
  /** How exactly the client named the offer: 3 with its version, 2 by media type, 1 by its type's wildcard, 0 by the one for all. */
  readonly specificity: number;
  /** Its place in the header. */
  readonly position: number;
}

/**
 * The format a scraper prefers. OpenMetrics only when it is named, in version 1.0.0 or none, with a higher weight than
 * the text format; at equal weights what is named goes before what a wildcard takes, then what comes first. All else is
 * the text format: no header, an unreadable one, other versions, formats we do not have. Parameters other than the
 * version (Prometheus' `escaping`, `charset`) choose nothing.
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  const ranges = parseAcceptHeader(accept ?? '') ?? [];
  const openmetrics = bestMatch(ranges, OPENMETRICS_OFFER);
  const text = bestMatch(ranges, TEXT_OFFER);
  if (openmetrics === undefined || openmetrics.q === 0) {
    return 'text';
  }
  if (text === undefined || openmetrics.q !== text.q) {
    return openmetrics.q > (text?.q ?? 0) ? 'openmetrics' : 'text';
  }
  return text.specificity < 2 || openmetrics.position < text.position ? 'openmetrics' : 'text';
}

/** The most specific range that takes the offer decides, whatever the weights of others (RFC 9110, section 12.5.1). */
function bestMatch(ranges: readonly AcceptRange[], offer: Offer): Match | undefined {
  let best: Match | undefined;
  ranges.forEach((range, position) => {
    const specificity = specificityOf(range, offer);
    if (specificity === undefined) {
      return;
    }
    if (
      best === undefined ||
      specificity > best.specificity ||
      (specificity === best.specificity && range.q > best.q)
    ) {
      best = { q: range.q, specificity, position };
    }
  });
  return best;
}

function specificityOf({ value, parameters }: AcceptRange, offer: Offer): number | undefined {
  const wildcard = offer.wildcards.indexOf(value);
  if (wildcard !== -1) {
    return offer.wildcards.length - 1 - wildcard;
  }
  const version = parameters.get('version');
  if (value !== offer.mediaType || (version !== undefined && version !== offer.version)) {
    return undefined;
  }
  return version === undefined ? 2 : 3;
}

/**
 * Whether to compress with gzip: `gzip` (or its old name, or `*`) is acceptable and not less welcome than no coding at
 * all. No header or an unreadable one: no.
 */
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
