const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Milliseconds since the Unix epoch of a Smithy `date-time`: RFC 3339 with `Z` or an offset, with or without a fraction.
 * `undefined` for anything else, such as a number or a day that the month does not have.
 */
export function parseTimestamp(value: unknown): number | undefined {
  if (typeof value !== 'string' || !DATE_TIME.test(value)) {
    return undefined;
  }
  const ms = Date.parse(value);
  const [, month = 0, day = 0] = value.slice(0, 10).split('-').map(Number);
  // Date.parse takes 31 February for 3 March. Day 0 of the next month is the last one of this.
  const lastDay = new Date(Date.UTC(Number(value.slice(0, 4)), month, 0)).getUTCDate();
  return Number.isNaN(ms) || day > lastDay ? undefined : ms;
}
