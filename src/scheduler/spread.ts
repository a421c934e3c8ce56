/** The fractional part of the golden ratio: its multiples fill an interval more evenly than any other number's. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The place of a target's `index`-th query within its interval, from 0 to below 1. However many queries there are, and
 * whichever are added later, places are spread evenly; `targetIndex` keeps targets from starting in step.
 */
export function placeInInterval(index: number, targetIndex: number): number {
  return (index * GOLDEN + targetIndex * Math.SQRT2) % 1;
}

/** How long a batch of new queries takes to be polled for the first time, in milliseconds, where the budget allows it. */
export function firstRoundMs(interval: number, count: number): number {
  return Math.min(interval, 10_000, count * 100);
}

/**
 * When a query is due again, in milliseconds of a monotonic clock: the first moment of its own grid, `anchor` plus whole
 * intervals, that is not past and at least about `intervals` after it was last due. A poll that was late by more than
 * an interval is made once, not caught up.
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

/** Intervals to wait after `failures` failed polls in a row: 1, 2, 4, 8, then 10. */
export function backoffIntervals(failures: number): number {
  return Math.min(10, 2 ** Math.max(0, failures - 1));
}
