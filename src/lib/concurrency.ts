import pLimit from 'p-limit';

/** Runs long pieces of work one at a time, in order, so that they do not form one long block of the event loop. */
export class Turns {
  readonly #queue = pLimit(1);

  /** Runs `work` after all earlier work has ended, in a separate turn of the event loop. */
  take<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue(() => nextTurn().then(work));
  }
}

/** Work whose result is shared by all callers that request it before it starts. Later requests start it again. */
export class SharedWork<T> {
  readonly #turns = new Turns();
  readonly #work: () => Promise<T>;
  #next: Promise<T> | undefined;

  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  /** Returns the result of work that starts after this call. */
  result(): Promise<T> {
    this.#next ??= this.#turns.take(() => {
      this.#next = undefined;
      return this.#work();
    });
    return this.#next;
  }
}

/** Loads a value once, on first use. After a failure, the next use loads it again. */
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

/** Resolves in the next turn of the event loop, after all other pending work. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Settles as `work` does, or rejects with the reason of the signal when it aborts. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.finally(() => signal.removeEventListener('abort', onAbort)).then(resolve, reject);
    if (signal.aborted) {
      onAbort();
    }
  });
}

/** Items in one slice of a long loop: a few milliseconds, at some tens of microseconds per item. */
const SLICE = 25;

/**
 * Returns a function to call after each item of a long loop. After a slice of items, it returns a promise to await, which
 * yields to the event loop.
 */
export function slicing(): () => Promise<void> | undefined {
  let done = 0;
  return () => {
    done += 1;
    return done % SLICE === 0 ? nextTurn() : undefined;
  };
}

/** Does `work` for each item, in order. Yields to the event loop after each slice. */
export async function inSlices<T>(items: Iterable<T>, work: (item: T) => void | Promise<void>): Promise<void> {
  const sliced = slicing();
  for (const item of items) {
    // Only what is pending is awaited: an await per item takes longer than most work.
    const pending = work(item);
    if (pending !== undefined) {
      await pending;
    }
    const turn = sliced();
    if (turn !== undefined) {
      await turn;
    }
  }
}

/** Maps items with {@link inSlices}. */
export async function mapInTurns<T, U>(items: Iterable<T>, map: (item: T) => U): Promise<U[]> {
  const mapped: U[] = [];
  await inSlices(items, (item) => {
    mapped.push(map(item));
  });
  return mapped;
}

/** Items that are sorted or merged between two turns of the event loop: about a millisecond. */
const SORTED_SLICE = 1_000;

/** Returns the items in the order of `compare`, like `toSorted`. Yields to the event loop between slices of the work. */
export async function sortInTurns<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  let runs: T[][] = [];
  for (let i = 0; i < items.length; i += SORTED_SLICE) {
    runs.push(items.slice(i, i + SORTED_SLICE).sort(compare));
    await nextTurn();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      merged.push(await mergeInTurns(runs[i] ?? [], runs[i + 1] ?? [], compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

/** Merges two sorted lists. Of equal items, those of `left` are first. */
async function mergeInTurns<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  const merged: T[] = [];
  const others = right.values();
  let other = others.next();
  for (const item of left) {
    while (other.done !== true && compare(other.value, item) < 0) {
      merged.push(other.value);
      other = others.next();
    }
    merged.push(item);
    if (merged.length % SORTED_SLICE === 0) {
      await nextTurn();
    }
  }
  for (; other.done !== true; other = others.next()) {
    merged.push(other.value);
  }
  return merged;
}

/** Runs work with the same key one at a time, in order of arrival. */
export class TurnsByKey {
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

  /** Returns true while a key has unfinished work. */
  isBusy(key: string): boolean {
    return this.#last.has(key);
  }

  /** Resolves when all work so far has succeeded or failed. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}

export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

type Start = () => void;

/**
 * Runs a limited number of tasks at a time. Waiting tasks take turns by origin, so that thousands of tasks of one origin do not
 * delay a single task of another.
 */
export class FairQueue {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  /** Contains no empty sets. The first origin is next. */
  readonly #waiting = new Map<string, Set<Start>>();
  #waitingCount = 0;
  #running = 0;

  constructor({ atOnce, mostWaiting }: { readonly atOnce: number; readonly mostWaiting: number }) {
    this.#atOnce = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Runs `task` in its turn.
   * @param signal aborts waiting, but not a started task
   * @throws {QueueFullError} if too many tasks wait
   * @throws the signal's reason if it aborts
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

  /** Passes the slot of an ended task to the next one, if any. */
  #startNext(): void {
    for (const [origin, [start, ...others]] of this.#waiting) {
      // Move this origin to the end, so that the others take their turns first.
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
