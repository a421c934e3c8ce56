/**
 * Time as the rest of the program sees it. It is passed in, never read from globals, so that tests steer it.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. It may jump in either direction. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go back: the only basis for intervals and deadlines. */
  monotonic(): number;
  /** Calls `callback` once after `ms` milliseconds. The returned function cancels it; calling that twice is harmless. */
  setTimer(ms: number, callback: () => void): () => void;
}

/**
 * Returns when it was `at`, in milliseconds since the epoch, on the monotonic clock. A time that is still to come counts as
 * now: the wall clock was ahead when it was noted, or is behind.
 */
export function monotonicOf(clock: Pick<Clock, 'now' | 'monotonic'>, at: number): number {
  return clock.monotonic() - Math.max(0, clock.now() - at);
}

/** The longest that a timer of Node's can wait, in milliseconds: a longer one would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds on `clock`; rejects with the signal's reason when `signal` aborts first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
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

/** As {@link sleep}, but resolves when `signal` aborts, too. Returns whether it has not. */
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
 * Resolves or rejects when `promise` does, but resolves after `ms` milliseconds at the latest; a failure after that is lost.
 * Returns whether it was in time.
 */
export function within(clock: Pick<Clock, 'setTimer'>, ms: number, promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(ms, () => resolve(false));
    promise.then(() => resolve(true), reject).finally(cancel);
  });
}
