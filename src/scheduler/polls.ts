import type { Clock } from '../lib/clock.ts';
import { groupBy } from '../lib/group-by.ts';
import type { Registration, WatchedQuery } from '../model/query.ts';
import type { Dispatcher } from './dispatcher.ts';
import { nextDue, placeInInterval } from './spread.ts';
import type { Target, Targets } from './target.ts';

export type Pollable = Pick<WatchedQuery, 'name' | 'account' | 'region' | 'interval'>;

/** After `failed`, or `silent` without a response, polls back off exponentially. After `finished`, there are none. */
export type PollResult = 'good' | 'throttled' | 'failed' | 'silent' | 'finished';

export interface PollsOptions<Query extends Pollable> {
  readonly clock: Clock;
  readonly targets: Targets;
  readonly dispatcher: Dispatcher;
  /** Makes one poll. It must end soon after `signal` aborts. */
  readonly poll: (registration: Registration<Query>, signal: AbortSignal) => Promise<PollResult>;
  /** Called when a poll has ended: with the polls that were due since the last one, and how many of them were late. */
  readonly counted: (target: Target, polls: { readonly due: number; readonly late: number }) => void;
}

/** A poll that ends later than this, or than half of its interval, is late. In milliseconds. */
const LATE_MS = 10_000;

interface Entry<Query> {
  readonly registration: Registration<Query>;
  readonly target: Target;
  /** Place within the interval, from 0 to below 1. */
  readonly place: number;
  anchor: number;
  interval: number;
  due: number;
  failures: number;
  state: 'waiting' | 'polling' | 'finished';
  cancel: () => void;
}

/** Polls each watched query at a fixed place within its interval, so that polls are evenly spread. */
export class Polls<Query extends Pollable> {
  readonly #options: PollsOptions<Query>;
  readonly #clock: Clock;
  readonly #entries = new Map<Registration<Query>, Entry<Query>>();
  /** For each target, its place in the order of first queries and the number of queries added so far. */
  readonly #added = new WeakMap<Target, { readonly index: number; count: number }>();
  #targets = 0;

  constructor(options: PollsOptions<Query>) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Adds queries. Their first polls are spread over a short first round. Finished queries are never polled. */
  add(registrations: readonly Registration<Query>[], isFinished = (_: Registration<Query>): boolean => false): void {
    const { targets } = this.#options;
    const now = this.#clock.monotonic();
    const byTarget = groupBy(registrations, ({ query }) => targets.get(query.account, query.region));
    for (const [target, group] of byTarget) {
      let added = this.#added.get(target);
      if (added === undefined) {
        added = { index: this.#targets, count: 0 };
        this.#targets += 1;
        this.#added.set(target, added);
      }
      for (const registration of group) {
        const { interval } = registration.query;
        const place = placeInInterval(added.count, added.index);
        added.count += 1;
        const times = { place, anchor: now + place * interval, interval };
        // The budget may allow less.
        const due = now + place * Math.min(interval, 10_000, group.length * 100);
        const state = isFinished(registration) ? 'finished' : 'waiting';
        const cancel = () => undefined;
        const entry: Entry<Query> = { registration, target, ...times, due, failures: 0, state, cancel };
        this.#entries.set(registration, entry);
        if (state === 'waiting') {
          this.#dispatch(entry);
        }
      }
    }
  }

  /** Applies a changed interval. The query keeps its place within the interval, and is not due later than before. */
  change(registration: Registration<Query>): void {
    const entry = this.#entries.get(registration);
    const { interval } = registration.query;
    if (entry === undefined || entry.interval === interval) {
      return;
    }
    entry.interval = interval;
    entry.anchor = this.#clock.monotonic() + entry.place * interval;
    if (entry.state === 'waiting' && entry.anchor < entry.due) {
      entry.cancel();
      entry.due = entry.anchor;
      this.#dispatch(entry);
    }
  }

  /** Stops polling a query. The response to a poll in flight is ignored. */
  remove(registration: Registration<Query>): void {
    const entry = this.#entries.get(registration);
    if (entry !== undefined) {
      this.#entries.delete(registration);
      entry.state = 'finished';
      entry.cancel();
    }
  }

  /** Returns when a query is polled next, in milliseconds of the wall clock; undefined if never or unknown. */
  nextPoll(registration: Registration<Query>): number | undefined {
    const entry = this.#entries.get(registration);
    if (entry?.state !== 'waiting') {
      return undefined;
    }
    return this.#clock.now() + Math.max(0, entry.due - this.#clock.monotonic());
  }

  /** Returns the requests per second that the unfinished queries of each target need. */
  planned(): ReadonlyMap<Target, number> {
    const counts = new Map<Target, Map<number, number>>();
    for (const { state, interval, target } of this.#entries.values()) {
      const ofTarget = counts.get(target) ?? new Map<number, number>();
      counts.set(target, ofTarget);
      if (state !== 'finished') {
        ofTarget.set(interval, (ofTarget.get(interval) ?? 0) + 1);
      }
    }
    // Counting first avoids the rounding errors of a sum over thousands of small fractions.
    const rateOf = (byInterval: ReadonlyMap<number, number>) =>
      [...byInterval].reduce((sum, [interval, count]) => sum + (count * 1_000) / interval, 0);
    return new Map(Array.from(counts, ([target, byInterval]) => [target, rateOf(byInterval)]));
  }

  #dispatch(entry: Entry<Query>): void {
    entry.cancel = this.#options.dispatcher.add<PollResult>({
      target: entry.target,
      priority: 'poll',
      due: entry.due,
      failing: entry.failures > 0,
      run: (signal) => {
        entry.state = 'polling';
        return this.#options.poll(entry.registration, signal);
      },
      ended: (result) => this.#finish(entry, result),
    });
  }

  #finish(entry: Entry<Query>, result: PollResult): void {
    if (entry.state === 'finished') {
      return;
    }
    const { due, interval, target } = entry;
    const late = Number(this.#clock.monotonic() - due > Math.max(LATE_MS, interval / 2));
    if (result === 'finished') {
      entry.state = 'finished';
      this.#options.counted(target, { due: 1, late });
      return;
    }
    entry.state = 'waiting';
    const failed = result === 'failed' || result === 'silent';
    if (result === 'good') {
      entry.failures = 0;
    } else if (failed) {
      entry.failures += 1;
    }
    // 1, 2, 4, 8, then 10.
    const intervals = failed ? Math.min(10, 2 ** (entry.failures - 1)) : 1;
    entry.due = nextDue(entry, due, this.#clock.monotonic(), intervals);
    // Turns without a poll. A first round ends up to half a turn early.
    const missed = Math.max(0, Math.floor((entry.due - due) / interval + 0.25) - 1);
    this.#options.counted(target, { due: 1 + missed, late: late + missed });
    this.#dispatch(entry);
  }
}
