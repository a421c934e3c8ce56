import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 5;

/**
 * Watches the delay of this process's event loop by other tests and processes, which is the error of times that are measured
 * in it. The returned function returns the longest delay so far, in milliseconds.
 */
export function watchStalls(): () => number {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return () => Math.max(0, delays.max / 1e6 - RESOLUTION_MS);
}
