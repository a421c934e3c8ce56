const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * How far `then` is from `now` (both in milliseconds since the Unix epoch), in one unit, cut off rather than rounded:
 * `3 min ago`, `in 12 s`, `now` within a second.
 */
export function relativeTime(then: number, now: number): string {
  const distance = Math.abs(now - then);
  if (distance < SECOND) {
    return 'now';
  }
  return then > now ? `in ${inOneUnit(distance)}` : `${inOneUnit(distance)} ago`;
}

/** Two of a unit at least before the next larger one is used: `119 s` says more than `1 min`. */
function inOneUnit(ms: number): string {
  if (ms < 2 * MINUTE) {
    return `${Math.floor(ms / SECOND)} s`;
  }
  if (ms < 2 * HOUR) {
    return `${Math.floor(ms / MINUTE)} min`;
  }
  return ms < 2 * DAY ? `${Math.floor(ms / HOUR)} h` : `${Math.floor(ms / DAY)} d`;
}
