/** The simulator's time. It is a parameter, so that tests control it. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start that never decrease. */
  monotonic(): number;
  /** Calls `callback` once after `ms` milliseconds. The returned function cancels the call. */
  setTimer(ms: number, callback: () => void): () => void;
}

/** The longest timer of Node.js, in milliseconds: a longer one fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
