import { background } from '../lib/background.ts';
import { type Clock, LONGEST_TIMER_MS } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Registration } from '../model/query.ts';
import { isTerminal } from '../model/vocabulary.ts';
import type { QueryState } from '../state/query-state.ts';

export interface RetentionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a watched query stays after its terminal status, in milliseconds: what is in force now. */
  readonly retention: () => number;
  /** Removes a query that was registered over HTTP. Resolves to false where that could not be stored. */
  readonly remove: (name: string) => Promise<boolean>;
}

/** From a removal that could not be stored to the next try. */
const RETRY_MS = 60_000;

/** A query that has ended. */
interface Ended {
  /** On the monotonic clock. */
  readonly at: number;
  cancel: (() => void) | undefined;
}

/** Removes watched queries that were registered over HTTP some time after they have ended. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #ended = new Map<Registration, Ended>();
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** The state of a query has changed, or is known again. */
  changed(state: QueryState): void {
    const { registration } = state;
    const end = endOf(state);
    if (end === undefined) {
      this.forget(registration);
    } else if (!this.#ended.has(registration)) {
      const { clock } = this.#options;
      // The wall clock counts once, when the end is first seen, and never as less than 0: it may jump later, and may have
      // been ahead before.
      const ended: Ended = { at: clock.monotonic() - Math.max(0, clock.now() - end), cancel: undefined };
      this.#ended.set(registration, ended);
      this.#waitForRetention(registration, ended);
    }
  }

  /** A query is removed, or does not leave after its end any more. */
  forget(registration: Registration): void {
    this.#ended.get(registration)?.cancel?.();
    this.#ended.delete(registration);
  }

  /** The retention may be another than before. */
  reconsider(): void {
    for (const [registration, ended] of this.#ended) {
      ended.cancel?.();
      this.#waitForRetention(registration, ended);
    }
  }

  /** Nothing is removed any more. */
  stop(): void {
    this.#stopped = true;
    for (const { cancel } of this.#ended.values()) {
      cancel?.();
    }
  }

  #waitForRetention(registration: Registration, ended: Ended): void {
    const { clock, retention } = this.#options;
    this.#wait(registration, ended, retention() - (clock.monotonic() - ended.at));
  }

  /** Once waited for, the time is over, wherever the wall clock has gone meanwhile. */
  #wait(registration: Registration, ended: Ended, ms: number): void {
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

  async #remove(registration: Registration, ended: Ended): Promise<void> {
    if (!(await this.#options.remove(registration.name)) && ended.cancel === undefined) {
      this.#wait(registration, ended, RETRY_MS);
    }
  }
}

/** When a watched query that was registered over HTTP got its terminal status, in milliseconds since the epoch. */
function endOf({ registration: { query }, status, statusSince }: QueryState): number | undefined {
  const ends = query.source === 'http' && query.kind === 'watched' && status !== undefined && isTerminal(status);
  return ends ? statusSince : undefined;
}
