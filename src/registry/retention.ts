import { background } from '../lib/background.ts';
import { LONGEST_TIMER_MS, monotonicOf } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import type { Registration } from '../model/query.ts';
import { isTerminal } from '../model/vocabulary.ts';
import type { QueryState } from '../state/query-state.ts';

export interface RetentionOptions extends Omit<Context, 'shutdown'> {
  /** Returns how long a watched query is kept after its terminal status, in milliseconds. */
  readonly retention: () => number;
  /** Removes a query that was registered over HTTP. Resolves to false if storing the removal failed. */
  readonly remove: (name: string) => Promise<boolean>;
}

/** Delay before a failed removal is retried, in milliseconds. */
const RETRY_MS = 60_000;

/** An ended query. */
interface Ended {
  /** On the monotonic clock. */
  readonly at: number;
  cancel: (() => void) | undefined;
}

/** Removes watched queries that were registered over HTTP after their retention. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #ended = new Map<Registration, Ended>();
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Updates the removal of a query after its state was changed or restored. */
  changed(state: QueryState): void {
    const { registration } = state;
    const end = endOf(state);
    if (end === undefined) {
      this.forget(registration);
    } else if (!this.#ended.has(registration)) {
      // The wall clock is used only once, when the end is first observed: it may jump later.
      const ended: Ended = { at: monotonicOf(this.#options.clock, end), cancel: undefined };
      this.#ended.set(registration, ended);
      this.#wait(registration, ended);
    }
  }

  /** Cancels the removal of a query. */
  forget(registration: Registration): void {
    this.#ended.get(registration)?.cancel?.();
    this.#ended.delete(registration);
  }

  /** Applies a new retention. */
  reconsider(): void {
    for (const [registration, ended] of this.#ended) {
      ended.cancel?.();
      this.#wait(registration, ended);
    }
  }

  /** Cancels all removals. */
  stop(): void {
    this.#stopped = true;
    for (const { cancel } of this.#ended.values()) {
      cancel?.();
    }
  }

  /** Waits in full, whatever the wall clock does in the meantime; by default, for the rest of the retention. */
  #wait(registration: Registration, ended: Ended, ms = this.#left(ended)): void {
    if (this.#stopped || this.#ended.get(registration) !== ended) {
      return;
    }
    const wait = Math.min(Math.max(0, ms), LONGEST_TIMER_MS);
    ended.cancel = this.#options.clock.setTimer(wait, () => {
      ended.cancel = undefined;
      if (ms > wait) {
        this.#wait(registration, ended, ms - wait);
      } else {
        background(this.#options.log, 'removal of an ended query', this.#remove(registration, ended));
      }
    });
  }

  #left({ at }: Ended): number {
    return this.#options.retention() - (this.#options.clock.monotonic() - at);
  }

  async #remove(registration: Registration, ended: Ended): Promise<void> {
    if (!(await this.#options.remove(registration.name)) && ended.cancel === undefined) {
      this.#wait(registration, ended, RETRY_MS);
    }
  }
}

/** Returns when a watched query that was registered over HTTP reached its terminal status, in milliseconds since the epoch. */
function endOf({ registration: { query }, status, statusSince }: QueryState): number | undefined {
  const ends = query.source === 'http' && query.kind === 'watched' && status !== undefined && isTerminal(status);
  return ends ? statusSince : undefined;
}
