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
 * intervals, that is not in the past and about `turns` intervals or more after it was last due. Missed polls are not repeated.
 */
export function nextDue(grid: { anchor: number; interval: number }, due: number, now: number, turns: number): number {
  const { anchor, interval } = grid;
  const earliest = Math.max(now, due + (turns - 0.5) * interval);
  return anchor + Math.ceil((earliest - anchor) / interval) * interval;
}
