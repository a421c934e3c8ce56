import { OneAtATime } from './one-at-a-time.ts';

/** Lets those who have much to work through do so one at a time, in order: what they do does not add up to one long block. */
export class Turns {
  readonly #queue = new OneAtATime();

  /** Does `work` alone: it begins in a turn of the event loop of its own, once all that was given before has ended. */
  take<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(() => nextTurn().then(work));
  }
}

/** Resolves in the next turn of the event loop: whatever else waits comes before. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Items of an {@link inSlices} slice: a few milliseconds of work at some tens of microseconds for each. */
const SLICE = 50;

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
