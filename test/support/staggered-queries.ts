/** Monitors whose queries have windows at different times of a minute. */
export const STAGGERED_MONITORS: readonly string[] = Array.from({ length: 20 }, (_, n) => `monitor-${n}`);

const STEP_MS = 60_000 / STAGGERED_MONITORS.length;

/** One query for each monitor, with a window every minute. */
export const STAGGERED_QUERIES = STAGGERED_MONITORS.map((monitorName, n) => ({
  name: monitorName,
  monitorName,
  metricName: 'TIMEOUTS',
  destinationCategory: 'INTER_AZ',
  schedule: { every: '1m', lookback: '1m', delay: `${n * STEP_MS}ms`, timeout: '1m' },
}));

/**
 * The windows of these queries that are due between two times, in milliseconds since the epoch, as `NAME END` with the end in
 * ISO 8601.
 */
export function staggeredWindows(from: number, to: number): string[] {
  return STAGGERED_MONITORS.flatMap((name, n) => {
    const windows: string[] = [];
    for (let end = Math.ceil((from - n * STEP_MS) / 60_000) * 60_000; end + n * STEP_MS <= to; end += 60_000) {
      windows.push(`${name} ${new Date(end).toISOString()}`);
    }
    return windows;
  });
}
