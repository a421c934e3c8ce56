import { failureFields } from './background.ts';
import type { Logger } from './log.ts';

/**
 * One kind of event, and the parts that are called each time it happens. A part that throws does not disturb the one that
 * emits, nor the others: its failure is logged at level error.
 */
export class Emitter<Event extends readonly unknown[]> {
  readonly #log: Pick<Logger, 'error'>;
  readonly #name: string;
  readonly #listeners = new Map<symbol, (...event: Event) => void>();

  /** @param name names the event in the log, such as `listing of a target` */
  constructor(log: Pick<Logger, 'error'>, name: string) {
    this.#log = log;
    this.#name = name;
  }

  /** The number of listeners. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Calls `listener` at each event from now on, after those that were added before. Returns what removes it. */
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
