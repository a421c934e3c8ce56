import { type Clock, systemClock } from '../../src/lib/clock.ts';

export interface AdjustedClock extends Clock {
  /** Moves only the wall clock. */
  jump(ms: number): void;
}

/** The system's clock, set to `start` now, in milliseconds since the epoch. */
export function adjustedClock(start: number): AdjustedClock {
  const begin = systemClock.monotonic();
  let jumped = 0;
  const elapsed = () => systemClock.monotonic() - begin;
  return {
    now: () => start + jumped + elapsed(),
    monotonic: elapsed,
    setTimer: systemClock.setTimer,
    jump(ms) {
      jumped += ms;
    },
  };
}
