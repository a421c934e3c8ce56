import { parseEpochTimestamp, parseRfc3339DateTimeWithOffset } from '@smithy/core/serde';

/**
 * The instant that a timestamp in an answer means: a number (or one written as text) is seconds since the Unix epoch,
 * other text an RFC 3339 date-time with `Z` or an offset; both with or without a fraction, kept to the millisecond.
 * `""` is how the service writes an absent value: undefined.
 *
 * @throws TypeError for anything else.
 */
export function readTimestamp(value: unknown): Date | undefined {
  if (value === '') {
    return undefined;
  }
  const instant = parse(value);
  if (instant === undefined || Number.isNaN(instant.getTime())) {
    throw new TypeError(`expected a timestamp in the answer, got ${JSON.stringify(value).slice(0, 60)}`);
  }
  return instant;
}

function parse(value: unknown): Date | undefined {
  try {
    return typeof value === 'number' || (typeof value === 'string' && /^-?[\d.]+$/.test(value))
      ? parseEpochTimestamp(value)
      : parseRfc3339DateTimeWithOffset(value);
  } catch {
    return undefined;
  }
}
