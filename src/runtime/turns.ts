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
