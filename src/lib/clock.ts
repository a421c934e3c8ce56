/** The time of the program. It is a parameter and never read from globals, so that tests control it. */
export interface Clock {
  /** Returns the wall-clock time in milliseconds since the Unix epoch. It may jump in either direction. */
  now(): number;
  /** Returns milliseconds since an arbitrary start. They never decrease. The only basis for intervals and deadlines. */
  monotonic(): number;
  /** Calls `callback` once after `ms` milliseconds. Returns a function that cancels it, any number of times. */
  setTimer(ms: number, callback: () => void): () => void;
}

/**
 * Converts `at`, in milliseconds since the epoch, to the monotonic clock. A future time counts as now: the wall clock was
 * ahead when `at` was recorded, or is behind now.
 */
export function monotonicOf(clock: Pick<Clock, 'now' | 'monotonic'>, at: number): number {
  return clock.monotonic() - Math.max(0, clock.now() - at);
}

/** Longest timer of Node, in milliseconds. A longer one would fire immediately. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds. Rejects with the signal's reason if `signal` aborts first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.setTimer(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** {@link sleep} that also resolves if `signal` aborts. Returns false in this case. */
export async function sleepUnlessAborted(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(clock, ms, signal);
    return true;
  } catch (reason) {
    if (!signal.aborted) {
      throw reason;
    }
    return false;
  }
}

/**
 * Waits for `promise` for at most `ms` milliseconds. Returns true if it resolved in time, and rejects if it rejected in time.
 * Ignores a later failure.
 */
export function within(clock: Pick<Clock, 'setTimer'>, ms: number, promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(ms, () => resolve(false));
    promise.then(() => resolve(true), reject).finally(cancel);
  });
}
