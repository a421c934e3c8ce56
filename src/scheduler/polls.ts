import type { Clock } from '../lib/clock.ts';
import type { Registration } from '../model/query.ts';
import type { Dispatcher } from './dispatcher.ts';
import { backoffIntervals, firstRoundMs, nextDue, placeInInterval } from './spread.ts';
import type { Target, Targets } from './target.ts';

/** What is needed of a query that is polled. */
export interface Pollable {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** Milliseconds between polls. */
  readonly interval: number;
}

/**
 * How a poll ended: `good` and `throttled` queries are due again in their turn, `failed` ones and those to which nobody
 * answered (`silent`) back off, `finished` ones are never polled again.
 */
export type PollResult = 'good' | 'throttled' | 'failed' | 'silent' | 'finished';

export interface PollsOptions<Query extends Pollable> {
  readonly clock: Clock;
  readonly targets: Targets;
  readonly dispatcher: Dispatcher;
  /** Makes one poll. It must end soon after `signal` aborts. */
  readonly poll: (registration: Registration<Query>, signal: AbortSignal) => Promise<PollResult>;
}

interface Entry<Query> {
  readonly registration: Registration<Query>;
  readonly target: Target;
  /** Within the interval, from 0 to below 1. */
  readonly place: number;
  anchor: number;
  interval: number;
  due: number;
  failures: number;
  state: 'waiting' | 'polling' | 'finished';
  /** Removes the next poll if it has not started. */
  cancel: () => void;
}

/** Polls each watched query at a fixed place within its interval, spread so that polls come evenly. */
export class Polls<Query extends Pollable> {
  readonly #options: PollsOptions<Query>;
  readonly #clock: Clock;
  readonly #entries = new Map<Registration<Query>, Entry<Query>>();
  /** Each target's place in the order of their first queries, with the number of queries ever added. */
  readonly #added = new WeakMap<Target, { readonly index: number; count: number }>();
  #targets = 0;

  constructor(options: PollsOptions<Query>) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /**
   * Adds queries; their first polls are spread over a short first round. Those that are
   * finished already are never polled.
   */
  add(
    registrations: readonly Registration<Query>[],
    isFinished: (registration: Registration<Query>) => boolean = () => false,
  ): void {
    const { targets } = this.#options;
    const now = this.#clock.monotonic();
    const counts = new Map<Target, number>();
    for (const { query } of registrations) {
      const target = targets.get(query.account, query.region);
      counts.set(target, (counts.get(target) ?? 0) + 1);
    }
    for (const registration of registrations) {
      const { query } = registration;
      const target = targets.get(query.account, query.region);
      const place = this.#nextPlace(target);
      const entry: Entry<Query> = {
        registration,
        target,
        place,
        anchor: now + place * query.interval,
        interval: query.interval,
        due: now + place * firstRoundMs(query.interval, counts.get(target) ?? 1),
        failures: 0,
        state: 'waiting',
        cancel: () => undefined,
      };
      this.#entries.set(registration, entry);
      if (isFinished(registration)) {
        entry.state = 'finished';
      } else {
        this.#dispatch(entry);
      }
    }
  }

  /**
   * A query is polled otherwise from now on. With another interval it keeps its place within it, and is not due later than
   * it was.
   */
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

  /** Polls a query no more; the answer to a poll in flight changes nothing. */
  remove(registration: Registration<Query>): void {
    const entry = this.#entries.get(registration);
    if (entry !== undefined) {
      this.#entries.delete(registration);
      entry.state = 'finished';
      entry.cancel();
    }
  }

  /** When a query will be polled next, in milliseconds of the wall clock; undefined when never or unknown. */
  nextPoll(registration: Registration<Query>): number | undefined {
    const entry = this.#entries.get(registration);
    if (entry?.state !== 'waiting') {
      return undefined;
    }
    return this.#clock.now() + Math.max(0, entry.due - this.#clock.monotonic());
  }

  /** How late the most overdue poll is, in seconds. */
  lag(): number {
    return this.#options.dispatcher.lag('poll');
  }

  /** Requests a second that each target's queries need, finished ones left out. */
  planned(): ReadonlyMap<Target, number> {
    const counts = new Map<Target, Map<number, number>>();
    for (const { state, interval, target } of this.#entries.values()) {
      const ofTarget = counts.get(target) ?? new Map<number, number>();
      counts.set(target, ofTarget);
      if (state !== 'finished') {
        ofTarget.set(interval, (ofTarget.get(interval) ?? 0) + 1);
      }
    }
    const planned = new Map<Target, number>();
    for (const [target, byInterval] of counts) {
      // Counted first, so that thousands of small fractions do not add up to a figure that is nearly right.
      const rates = Array.from(byInterval, ([interval, count]) => (count * 1_000) / interval);
      planned.set(
        target,
        rates.reduce((sum, rate) => sum + rate, 0),
      );
    }
    return planned;
  }

  #nextPlace(target: Target): number {
    let added = this.#added.get(target);
    if (added === undefined) {
      added = { index: this.#targets, count: 0 };
      this.#targets += 1;
      this.#added.set(target, added);
    }
    const place = placeInInterval(added.count, added.index);
    added.count += 1;
    return place;
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
    if (result === 'finished') {
      entry.state = 'finished';
      return;
    }
    entry.state = 'waiting';
    const failed = result === 'failed' || result === 'silent';
    if (result === 'good') {
      entry.failures = 0;
    } else if (failed) {
      entry.failures += 1;
    }
    const intervals = failed ? backoffIntervals(entry.failures) : 1;
    entry.due = nextDue(entry, entry.due, this.#clock.monotonic(), intervals);
    this.#dispatch(entry);
  }
}
