import { OneAtATime } from './one-at-a-time.ts';

/** Lets those who have much to work through do so one at a time, in order: what they do does not add up to one long block. */
export class Turns {
  readonly #queue = new OneAtATime();

  /** Does `work` alone: it begins in a turn of the event loop of its own, once all that was given before has ended. */
  take<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(() => nextTurn().then(work));
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
