import { type Clock, systemClock } from '../../src/lib/clock.ts';

export interface AdjustedClock extends Clock {
  /** Moves the wall clock alone. */
  jump(ms: number): void;
}

/** The system's clock, but that it is `start` now, in milliseconds since the epoch. */
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
