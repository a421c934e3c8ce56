import type { Clock } from '../runtime/clock.ts';
import type { Dispatcher } from './dispatcher.ts';
import { nextDue, placeInInterval } from './spread.ts';
import type { Target } from './target.ts';

/**
 * How a request of a listing went. `again`: there is more to come. `done`: the listing is complete. `failed`, and `silent`
 * where nobody answered: it is given up, and begun anew later.
 */
export type ListingResult = 'again' | 'done' | 'failed' | 'silent';

export interface ListingsOptions<Kind> {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  /** Time from listing to listing, in milliseconds. */
  readonly every: number;
  readonly kinds: readonly Kind[];
  /**
   * Makes the next request of a listing, the first one where `isFirst`. It must end soon after `signal` aborts.
   */
  readonly list: (target: Target, kind: Kind, isFirst: boolean, signal: AbortSignal) => Promise<ListingResult>;
}

/** One kind of thing in one target. */
interface Entry<Kind> {
  readonly target: Target;
  readonly kind: Kind;
  readonly anchor: number;
  readonly interval: number;
  /** When the listing under way, or else the next one, is due. */
  due: number;
  /** Listings in a row that failed. */
  failures: number;
}

/** Waits after a listing that failed: this, then twice as long each time, never longer than the usual interval. */
const FIRST_RETRY_WAIT_MS = 5_000;

/** Lists what there is in each target: at once at first, then at its own place within the interval. */
export class Listings<Kind> {
  readonly #options: ListingsOptions<Kind>;
  #added = 0;

  constructor(options: ListingsOptions<Kind>) {
    this.#options = options;
  }

  add(target: Target): void {
    const { clock, every, kinds } = this.#options;
    const now = clock.monotonic();
    for (const kind of kinds) {
      const place = placeInInterval(this.#added, 0);
      this.#added += 1;
      this.#ask({ target, kind, anchor: now + place * every, interval: every, due: now, failures: 0 }, true, now);
    }
  }

  #ask(entry: Entry<Kind>, isFirst: boolean, due: number): void {
    const { dispatcher, list } = this.#options;
    const { target, kind, failures } = entry;
    dispatcher.add({
      target,
      priority: 'list',
      due,
      failing: failures > 0,
      run: async (signal) => {
        const result = await list(target, kind, isFirst, signal).catch((error: unknown) => {
          this.#answered(entry, 'silent');
          throw error;
        });
        this.#answered(entry, result);
        return result === 'silent' ? 'silent' : 'answered';
      },
    });
  }

  #answered(entry: Entry<Kind>, result: ListingResult): void {
    const now = this.#options.clock.monotonic();
    if (result === 'again') {
      this.#ask(entry, false, now);
      return;
    }
    if (result === 'done') {
      entry.failures = 0;
      entry.due = nextDue(entry, entry.due, now, 1);
    } else {
      entry.failures += 1;
      entry.due = now + Math.min(FIRST_RETRY_WAIT_MS * 2 ** (entry.failures - 1), entry.interval);
    }
    this.#ask(entry, true, entry.due);
  }
}
