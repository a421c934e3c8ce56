import { type Clock, systemClock } from '../../src/lib/clock.ts';

export interface AdjustedClock extends Clock {
  /** Moves only the wall clock. */
  jump(ms: number): void;
}

/** A clock that runs with `base`, and shows `start` now, in milliseconds since the epoch. */
export function adjustedClock(start: number, base: Clock = systemClock): AdjustedClock {
  const begin = base.monotonic();
  let jumped = 0;
  const elapsed = () => base.monotonic() - begin;
  return {
    now: () => start + jumped + elapsed(),
    monotonic: elapsed,
    setTimer: (ms, callback) => base.setTimer(ms, callback),
    jump(ms) {
      jumped += ms;
    },
  };
}
