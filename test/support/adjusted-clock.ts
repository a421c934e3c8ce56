import { type Clock, systemClock } from '../../src/runtime/clock.ts';

export interface AdjustedClock extends Clock {
  /** Moves the wall clock alone. */
  jump(ms: number): void;
}

/**
 * A clock that begins at `start`, in milliseconds since the epoch, and runs `speed` times as fast as time: schedules of
 * hours can be tried in seconds, against real HTTP.
 */
export function adjustedClock(start: number, speed = 1): AdjustedClock {
  const begin = systemClock.monotonic();
  let jumped = 0;
  const elapsed = () => (systemClock.monotonic() - begin) * speed;
  return {
    now: () => start + jumped + elapsed(),
    monotonic: elapsed,
    setTimer: (ms, callback) => systemClock.setTimer(ms / speed, callback),
    jump(ms) {
      jumped += ms;
    },
  };
}
