/** Time as the simulator sees it: a parameter, so that tests control it. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start that never decrease. */
  monotonic(): number;
  /** Calls `callback` once after `ms` milliseconds. The returned function cancels the call. */
  setTimer(ms: number, callback: () => void): () => void;
}

/** Longest time that a timer of Node.js waits, in milliseconds: a longer timer fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
