/** Gives each who asks a turn of the event loop of its own, in order: what they do then does not add up to one long block. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves in a turn in which nobody else's promise does. What is done at once then is done alone. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#last;
  }
}
