import { parseRfc3339DateTimeWithOffset } from '@smithy/core/serde';

/**
 * The instant of a timestamp in a response. A number, or text like `1767225600.5` or `1e9`, is seconds since the Unix
 * epoch; other text is an RFC 3339 date-time with `Z` or an offset. Both may have a fraction, of which milliseconds are
 * kept. `""` is what the service writes for an absent value: undefined.
 * @throws TypeError for anything else.
 */
export function readTimestamp(value: unknown): Date | undefined {
  if (value === '') {
    return undefined;
  }
  const instant = parse(value);
  if (instant === undefined || Number.isNaN(instant.getTime())) {
    throw new TypeError(`expected a timestamp in the response, got ${JSON.stringify(value).slice(0, 60)}`);
  }
  return instant;
}

function parse(value: unknown): Date | undefined {
  if (typeof value === 'number' || (typeof value === 'string' && /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(value))) {
    return new Date(Math.round(Number(value) * 1_000));
  }
  try {
    return parseRfc3339DateTimeWithOffset(value);
  } catch {
    return undefined;
  }
}
