import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 5;

/**
 * Watches how long this process's event loop is held up, by other tests and other processes: by so much a moment that is
 * noted in it can be late. The function returned gives the longest time so far, in milliseconds.
 */
export function watchStalls(): () => number {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return () => Math.max(0, delays.max / 1e6 - RESOLUTION_MS);
}
