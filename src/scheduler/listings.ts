import type { Clock } from '../lib/clock.ts';
import type { Dispatcher } from './dispatcher.ts';
import { nextDue, placeInInterval } from './spread.ts';
import type { Target } from './target.ts';

/** `failed`, or `silent` without a response: restarted after a backoff. `unending`: too large; restarted as usual. */
export type ListingResult = 'again' | 'done' | 'failed' | 'silent' | 'unending';

export interface ListingsOptions<Kind> {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly kinds: readonly Kind[];
  /** Makes the next request of a listing, or its first if `isFirst`. It must end soon after `signal` aborts. */
  readonly list: (target: Target, kind: Kind, isFirst: boolean, signal: AbortSignal) => Promise<ListingResult>;
}

interface Entry<Kind> {
  readonly target: Target;
  readonly kind: Kind;
  readonly anchor: number;
  readonly interval: number;
  /** Time at which the listing in progress, or the next one, is due. */
  due: number;
  failures: number;
  cancel: () => void;
  removed: boolean;
}

/** Wait after a failed listing. It doubles with each failure, up to the usual interval. */
const FIRST_RETRY_WAIT_MS = 5_000;

/** Lists the monitors and scopes of each target: immediately at first, then at a fixed place within the interval. */
export class Listings<Kind> {
  readonly #options: ListingsOptions<Kind>;
  readonly #entries = new Map<Target, readonly Entry<Kind>[]>();
  #added = 0;

  constructor(options: ListingsOptions<Kind>) {
    this.#options = options;
  }

  /** Lists a target every `every` milliseconds. */
  add(target: Target, every: number): void {
    const { clock, kinds } = this.#options;
    const now = clock.monotonic();
    const entries = kinds.map((kind): Entry<Kind> => {
      const place = placeInInterval(this.#added, 0);
      this.#added += 1;
      const anchor = now + place * every;
      return { target, kind, anchor, interval: every, due: now, failures: 0, cancel: () => undefined, removed: false };
    });
    this.#entries.set(target, entries);
    for (const entry of entries) {
      this.#request(entry, true, now);
    }
  }

  /** Stops listing a target. The response to a request in flight is ignored. */
  remove(target: Target): void {
    for (const entry of this.#entries.get(target) ?? []) {
      entry.removed = true;
      entry.cancel();
    }
    this.#entries.delete(target);
  }

  #request(entry: Entry<Kind>, isFirst: boolean, due: number): void {
    const { dispatcher, list } = this.#options;
    const { target, kind, failures } = entry;
    entry.cancel = dispatcher.add<ListingResult>({
      target,
      priority: 'list',
      due,
      failing: failures > 0,
      run: (signal) => list(target, kind, isFirst, signal),
      ended: (result) => this.#ended(entry, result),
    });
  }

  #ended(entry: Entry<Kind>, result: ListingResult): void {
    if (entry.removed) {
      return;
    }
    const now = this.#options.clock.monotonic();
    if (result === 'again') {
      this.#request(entry, false, now);
      return;
    }
    entry.failures = result === 'done' ? 0 : entry.failures + 1;
    entry.due =
      result === 'done' || result === 'unending'
        ? nextDue(entry, entry.due, now, 1)
        : now + Math.min(FIRST_RETRY_WAIT_MS * 2 ** (entry.failures - 1), entry.interval);
    this.#request(entry, true, entry.due);
  }
}
