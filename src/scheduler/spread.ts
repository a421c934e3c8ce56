/** The fractional part of the golden ratio. Its multiples fill an interval more evenly than those of any other number. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Returns the place of a target's `index`-th query within its interval, from 0 to below 1. Places are spread evenly for any
 * number of queries, and with queries that are added later. `targetIndex` keeps targets out of step.
 */
export function placeInInterval(index: number, targetIndex: number): number {
  return (index * GOLDEN + targetIndex * Math.SQRT2) % 1;
}

/**
 * Returns when a query is due again, in milliseconds of a monotonic clock: the first point of its grid, `anchor` plus whole
 * intervals, that is not in the past and about `intervals` or more after it was last due. Missed polls are not repeated.
 */
export function nextDue(
  schedule: { anchor: number; interval: number },
  due: number,
  now: number,
  intervals: number,
): number {
  const earliest = Math.max(now, due + (intervals - 0.5) * schedule.interval);
  const steps = Math.ceil((earliest - schedule.anchor) / schedule.interval);
  return schedule.anchor + steps * schedule.interval;
}
