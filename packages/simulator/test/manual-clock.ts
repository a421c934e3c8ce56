import type { Clock } from '../src/clock.ts';

/** A clock that tests advance. */
export interface ManualClock extends Clock {
  /** Advances by `ms`, and calls the timers that are due. */
  advance(ms: number): void;
  /** Number of pending timers. */
  waiting(): number;
}

/** 2026-01-01T00:00:00Z, in milliseconds since the Unix epoch. */
export const CLOCK_START = 1_767_225_600_000;

export function createManualClock(): ManualClock {
  let elapsed = 0;
  const timers = new Set<{ due: number; callback: () => void }>();
  return {
    now: () => CLOCK_START + elapsed,
    monotonic: () => elapsed,
    setTimer(ms, callback) {
      const timer = { due: elapsed + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    waiting: () => timers.size,
    advance(ms) {
      elapsed += ms;
      for (const timer of [...timers].sort((a, b) => a.due - b.due)) {
        if (timer.due <= elapsed && timers.delete(timer)) {
          timer.callback();
        }
      }
    },
  };
}
