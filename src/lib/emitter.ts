import { failureFields } from './background.ts';
import type { Logger } from './log.ts';

/**
 * One type of event with its listeners. If a listener throws, its failure is logged at level error, and the emitting code and
 * the other listeners are unaffected.
 */
export class Emitter<Event extends readonly unknown[]> {
  readonly #log: Pick<Logger, 'error'>;
  readonly #name: string;
  readonly #listeners = new Map<symbol, (...event: Event) => void>();

  /** @param name name of the event in the log (for example, `listing of a target`) */
  constructor(log: Pick<Logger, 'error'>, name: string) {
    this.#log = log;
    this.#name = name;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Calls `listener` for each event from now on, in the order of registration. Returns a function that removes it. */
  on(listener: (...event: Event) => void): () => void {
    const key = Symbol();
    this.#listeners.set(key, listener);
    return () => {
      this.#listeners.delete(key);
    };
  }

  emit(...event: Event): void {
    for (const listener of this.#listeners.values()) {
      try {
        listener(...event);
      } catch (error) {
        this.#log.error('listener failed', { event: this.#name, ...failureFields(error) });
      }
    }
  }
}
