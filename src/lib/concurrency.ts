import pLimit from 'p-limit';

/** Lets those who have much to work through do so one at a time, in order: what they do does not add up to one long block. */
export class Turns {
  readonly #queue = pLimit(1);

  /** Does `work` alone: it begins in a turn of the event loop of its own, once all that was given before has ended. */
  take<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue(() => nextTurn().then(work));
  }
}

/** Work whose result serves all who ask for it before it begins; what is asked for afterward is done once more. */
export class SharedWork<T> {
  readonly #turns = new Turns();
  readonly #work: () => Promise<T>;
  #next: Promise<T> | undefined;

  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  /** The result of work that begins after this call. */
  result(): Promise<T> {
    this.#next ??= this.#turns.take(() => {
      this.#next = undefined;
      return this.#work();
    });
    return this.#next;
  }
}

/** Loads something with its first use, and once. A failure is not remembered: the next use loads it again. */
export function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}

/** Resolves in the next turn of the event loop: whatever else waits comes before. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Items of an {@link inSlices} slice: a few milliseconds of work at some tens of microseconds for each. */
const SLICE = 25;

/** Does `work` for each item, in order; all else that waits has its turn after every few of them. */
export async function inSlices<T>(items: Iterable<T>, work: (item: T) => void | Promise<void>): Promise<void> {
  let done = 0;
  for (const item of items) {
    const pending = work(item);
    if (pending !== undefined) {
      await pending;
    }
    done += 1;
    if (done % SLICE === 0) {
      await nextTurn();
    }
  }
}

/** Maps items by {@link inSlices}. */
export async function mapInTurns<T, U>(items: Iterable<T>, map: (item: T) => U): Promise<U[]> {
  const mapped: U[] = [];
  await inSlices(items, (item) => {
    mapped.push(map(item));
  });
  return mapped;
}

/** Lets pieces of work on the same thing go on one after another, in the order in which they came. */
export class TurnsByKey {
  /** The last piece of work for each key. */
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const done = before.then(work, work);
    this.#last.set(key, done);
    try {
      return await done;
    } finally {
      if (this.#last.get(key) === done) {
        this.#last.delete(key);
      }
    }
  }

  /** Whether there is work for a key that is not done. */
  isBusy(key: string): boolean {
    return this.#last.has(key);
  }

  /** Resolves when all work so far is done, well or not. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}

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
