const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Returns the distance of two epoch times in milliseconds, truncated: `3 min ago`, `in 12 s`, `now` within a second. */
export function relativeTime(then: number, now: number): string {
  const distance = Math.abs(now - then);
  if (distance < SECOND) {
    return 'now';
  }
  return then > now ? `in ${inOneUnit(distance)}` : `${inOneUnit(distance)} ago`;
}

/** Uses a larger unit only from two of it on: `119 s` is more precise than `1 min`. */
function inOneUnit(ms: number): string {
  if (ms < 2 * MINUTE) {
    return `${Math.floor(ms / SECOND)} s`;
  }
  if (ms < 2 * HOUR) {
    return `${Math.floor(ms / MINUTE)} min`;
  }
  return ms < 2 * DAY ? `${Math.floor(ms / HOUR)} h` : `${Math.floor(ms / DAY)} d`;
}
