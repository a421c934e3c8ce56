import { background } from '../lib/background.ts';
import { type Clock, LONGEST_TIMER_MS } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { isTerminal } from '../model/vocabulary.ts';
import type { QueryState } from '../state/query-state.ts';

export interface RetentionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a watched query stays after its terminal status, in milliseconds: what is in force now. */
  readonly retention: () => number;
  readonly state: (name: string) => QueryState | undefined;
  /** Removes a query that was registered over HTTP. Resolves to false where that could not be stored. */
  readonly remove: (name: string) => Promise<boolean>;
}

/** From a removal that could not be stored to the next try. */
const RETRY_MS = 60_000;

/** Lets watched queries that were registered over HTTP leave some time after they have ended. */
export class Retention {
  readonly #options: RetentionOptions;
  /** Cancels of the timers, by the query's name. */
  readonly #timers = new Map<string, () => void>();
  /** Ends by the query's name: as the state has them, and on the monotonic clock. */
  readonly #ends = new Map<string, { readonly end: number; readonly at: number }>();
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** The state of a query has changed, or is known again. */
  changed(state: QueryState): void {
    const { retention } = this.#options;
    const { name } = state.query;
    const end = endOf(state);
    if (end !== undefined && !this.#timers.has(name)) {
      this.#wait(name, end, retention() - this.#ageOf(name, end));
    }
  }

  /** The retention may be another than before. */
  reconsider(states: Iterable<QueryState>): void {
    this.#cancelAll();
    for (const state of states) {
      this.changed(state);
    }
    for (const name of this.#ends.keys()) {
      if (!this.#timers.has(name)) {
        this.#ends.delete(name);
      }
    }
  }

  /** Nothing is removed any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancelAll();
  }

  #cancelAll(): void {
    for (const cancel of this.#timers.values()) {
      cancel();
    }
    this.#timers.clear();
  }

  /**
   * Milliseconds since a query ended. The wall clock counts once, when the end is first seen, and never as less than 0: it may
   * jump later, and may have been ahead before.
   */
  #ageOf(name: string, end: number): number {
    const { clock } = this.#options;
    let known = this.#ends.get(name);
    if (known?.end !== end) {
      known = { end, at: clock.monotonic() - Math.max(0, clock.now() - end) };
      this.#ends.set(name, known);
    }
    return clock.monotonic() - known.at;
  }

  /** Once waited for, the time is over, wherever the wall clock has gone meanwhile. */
  #wait(name: string, end: number, ms: number): void {
    if (this.#stopped) {
      return;
    }
    const wait = Math.min(Math.max(0, ms), LONGEST_TIMER_MS);
    const cancel = this.#options.clock.setTimer(wait, () => {
      this.#timers.delete(name);
      const state = this.#options.state(name);
      if (state === undefined) {
        this.#ends.delete(name);
      }
      if (state === undefined || endOf(state) !== end) {
        // Another query under the old name, which may have ended, too.
        if (state !== undefined) {
          this.changed(state);
        }
      } else if (ms > wait) {
        this.#wait(name, end, ms - wait);
      } else {
        background(this.#options.log, 'removal of an ended query', this.#remove(name, end));
      }
    });
    this.#timers.set(name, cancel);
  }

  async #remove(name: string, end: number): Promise<void> {
    if (!(await this.#options.remove(name)) && !this.#timers.has(name)) {
      this.#wait(name, end, RETRY_MS);
    }
  }
}

/** When a watched query that was registered over HTTP got its terminal status, in milliseconds since the epoch. */
function endOf({ query, status, statusSince }: QueryState): number | undefined {
  const ends = query.source === 'http' && query.kind === 'watched' && status !== undefined && isTerminal(status);
  return ends ? statusSince : undefined;
}
