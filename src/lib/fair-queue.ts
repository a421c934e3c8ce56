/** The queue is full. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

/** Starts a task that waits. */
type Start = () => void;

/**
 * Runs a few tasks at a time. Those that wait take turns by origin, so that one origin's thousands do not hold up
 * another's one.
 */
export class FairQueue {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  /** Never holds an empty set. The first origin's turn is next. */
  readonly #waiting = new Map<string, Set<Start>>();
  #waitingCount = 0;
  #running = 0;

  constructor({ atOnce, mostWaiting }: { readonly atOnce: number; readonly mostWaiting: number }) {
    this.#atOnce = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Runs `task` in its turn.
   *
   * @param signal aborts the waiting, not the task
   * @throws {QueueFullError} when too many wait; the signal's reason when it aborts
   */
  async run<T>(origin: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) {
      this.#running += 1;
    } else if (this.#waitingCount < this.#mostWaiting) {
      await this.#turn(origin, signal);
    } else {
      throw new QueueFullError();
    }
    try {
      return await task();
    } finally {
      this.#startNext();
    }
  }

  #turn(origin: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#remove(origin, start);
        reject(signal.reason);
      };
      const others = this.#waiting.get(origin) ?? new Set();
      this.#waiting.set(origin, others.add(start));
      this.#waitingCount += 1;
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #remove(origin: string, start: Start): void {
    const others = this.#waiting.get(origin);
    if (others?.delete(start)) {
      this.#waitingCount -= 1;
      if (others.size === 0) {
        this.#waiting.delete(origin);
      }
    }
  }

  /** Passes the place of a task that has ended to the next one, if any. */
  #startNext(): void {
    for (const [origin, [start, ...others]] of this.#waiting) {
      // To the end: the other origins have their turns first.
      this.#waiting.delete(origin);
      if (others.length > 0) {
        this.#waiting.set(origin, new Set(others));
      }
      if (start !== undefined) {
        this.#waitingCount -= 1;
        start();
        return;
      }
    }
    this.#running -= 1;
  }
}
