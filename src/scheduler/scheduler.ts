import TinyQueue from 'tinyqueue';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { backoffIntervals, firstRoundMs, nextDue, placeInInterval } from './spread.ts';
import type { Target, Targets } from './target.ts';

/** What the scheduler needs to know of a registered query. */
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

export interface SchedulerOptions<Query extends Pollable> {
  readonly clock: Clock;
  readonly log: Logger;
  readonly targets: Targets;
  /** Polls in flight over all targets, at most. */
  readonly concurrency: number;
  /** A poll that takes longer than this many milliseconds is aborted, whatever holds it up. */
  readonly pollLimit: number;
  /** Makes one poll. It must end soon after `signal` aborts; if it rejects, the poll has failed. */
  readonly poll: (query: Query, signal: AbortSignal) => Promise<PollResult>;
}

/** Why polls are aborted when the scheduler stops: they have not failed. */
export const SHUTDOWN = new Error('the exporter shuts down');

interface Entry<Query> {
  readonly query: Query;
  readonly lane: Lane<Query>;
  readonly anchor: number;
  readonly interval: number;
  due: number;
  failures: number;
  state: 'waiting' | 'polling' | 'finished';
  startedAt: number;
  abort: AbortController | undefined;
}

/** A target's part of the schedule. */
interface Lane<Query> {
  readonly target: Target;
  readonly index: number;
  /** Queries ever added: the next one's place in the interval. */
  added: number;
  inFlight: number;
  failingInFlight: number;
  /**
   * Polls that may be in flight now. It falls when the whole target is silent, so that a black hole takes few of the slots
   * that all targets share, and doubles with each answer, up to the target's own limit.
   */
  window: number;
  answeredAt: number;
  /** Queries whose last poll was answered, or that are new. */
  readonly healthy: TinyQueue<Entry<Query>>;
  /** Queries whose last poll failed: they may take half of the window, so that they stop no others. */
  readonly failing: TinyQueue<Entry<Query>>;
}

/** Room for one query that fails and for one that has not failed yet. */
const SMALLEST_WINDOW = 2;
/** Even when nothing is due, the scheduler looks at this interval, so that a standstill can be told from idleness. */
const HEARTBEAT_MS = 1_000;
/** No heartbeat for this long means that the scheduler stands still. */
const STANDSTILL_MS = 30_000;

/**
 * Decides which query is polled when: each at a fixed place within its interval, within its target's budget, with free
 * slots going round the targets, and on a monotonic clock only, so that wall-clock jumps change nothing.
 */
export class Scheduler<Query extends Pollable> {
  readonly #options: SchedulerOptions<Query>;
  readonly #clock: Clock;
  readonly #lanes = new Map<Target, Lane<Query>>();
  /** All lanes, the one first whose last start is longest ago. */
  #ring: Lane<Query>[] = [];
  readonly #entries = new Map<string, Entry<Query>>();
  readonly #polling = new Set<Entry<Query>>();
  #running = false;
  #pumping = false;
  #lastTick: number;
  #timerAt = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => undefined;

  constructor(options: SchedulerOptions<Query>) {
    this.#options = options;
    this.#clock = options.clock;
    this.#lastTick = this.#clock.monotonic();
    options.targets.onFree(() => this.#wakeAt(this.#clock.monotonic()));
  }

  /** Adds queries, each with a name of its own; their first polls are spread over a short first round. */
  add(queries: readonly Query[]): void {
    const now = this.#clock.monotonic();
    const counts = new Map<Target, number>();
    for (const query of queries) {
      const target = this.#options.targets.get(query.account, query.region);
      counts.set(target, (counts.get(target) ?? 0) + 1);
    }
    for (const query of queries) {
      const lane = this.#lane(this.#options.targets.get(query.account, query.region));
      const place = placeInInterval(lane.added, lane.index);
      lane.added += 1;
      const entry: Entry<Query> = {
        query,
        lane,
        anchor: now + place * query.interval,
        interval: query.interval,
        due: now + place * firstRoundMs(query.interval, counts.get(lane.target) ?? 1),
        failures: 0,
        state: 'waiting',
        startedAt: 0,
        abort: undefined,
      };
      this.#entries.set(query.name, entry);
      lane.healthy.push(entry);
    }
    this.#wakeAt(now);
  }

  start(): void {
    this.#running = true;
    this.#pump();
  }

  /** Starts no more polls and aborts those in flight. */
  stop(): void {
    this.#running = false;
    this.#cancelTimer();
    for (const entry of this.#polling) {
      entry.abort?.abort(SHUTDOWN);
    }
  }

  /** When a query will be polled next, in milliseconds of the wall clock; undefined when never or unknown. */
  nextPoll(name: string): number | undefined {
    const entry = this.#entries.get(name);
    if (entry?.state !== 'waiting') {
      return undefined;
    }
    return this.#clock.now() + Math.max(0, entry.due - this.#clock.monotonic());
  }

  /** How late the most overdue poll is, in seconds. */
  lag(): number {
    const now = this.#clock.monotonic();
    let earliest = now;
    for (const lane of this.#ring) {
      earliest = Math.min(earliest, lane.healthy.peek()?.due ?? now, lane.failing.peek()?.due ?? now);
    }
    return (now - earliest) / 1_000;
  }

  /** Requests a second that each target's queries need, finished ones left out. */
  planned(): ReadonlyMap<Target, number> {
    const counts = new Map(this.#ring.map(({ target }) => [target, new Map<number, number>()]));
    for (const { state, interval, lane } of this.#entries.values()) {
      if (state !== 'finished') {
        const ofTarget = counts.get(lane.target);
        ofTarget?.set(interval, (ofTarget.get(interval) ?? 0) + 1);
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

  /** Why the scheduler does not work, or undefined while it does. */
  standstill(): string | undefined {
    const silence = this.#clock.monotonic() - this.#lastTick;
    return this.#running && silence > STANDSTILL_MS
      ? `the scheduler has not ticked for ${Math.round(silence / 1_000)} s`
      : undefined;
  }

  #lane(target: Target): Lane<Query> {
    let lane = this.#lanes.get(target);
    if (lane === undefined) {
      const byDue = (a: Entry<Query>, b: Entry<Query>) => a.due - b.due;
      lane = {
        target,
        index: this.#ring.length,
        added: 0,
        inFlight: 0,
        failingInFlight: 0,
        window: target.maxConcurrentRequests,
        answeredAt: Number.NEGATIVE_INFINITY,
        healthy: new TinyQueue<Entry<Query>>([], byDue),
        failing: new TinyQueue<Entry<Query>>([], byDue),
      };
      this.#lanes.set(target, lane);
      this.#ring.push(lane);
    }
    return lane;
  }

  #wakeAt(time: number): void {
    if (!this.#running || this.#pumping || time >= this.#timerAt) {
      return;
    }
    this.#cancelTimer();
    this.#timerAt = time;
    const wait = Math.max(0, Math.ceil(time - this.#clock.monotonic()));
    this.#cancelTimer = this.#clock.setTimer(wait, () => this.#pump());
  }

  /** Starts all polls that may start now, and sets the timer for the next moment. */
  #pump(): void {
    if (!this.#running) {
      return;
    }
    this.#pumping = true;
    this.#cancelTimer();
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    this.#abortOverlong(now);
    const next = this.#startDue(now);
    this.#lastTick = now;
    this.#pumping = false;
    this.#wakeAt(Math.min(next, now + HEARTBEAT_MS));
  }

  /**
   * Starts what may start, one poll of each target at a time, and those targets first whose last start is longest ago: of
   * targets that wait for one budget, or for one free slot, none goes before another twice in a row. A target that has a
   * poll in flight leaves a slot for each that has none (up to half of all), so that one that hangs cannot take them all.
   * Returns when to look again, Infinity where only the end of a poll or a freed budget can change anything.
   */
  #startDue(now: number): number {
    const { concurrency } = this.#options;
    for (;;) {
      let next = Number.POSITIVE_INFINITY;
      let idle = this.#ring.filter(isIdle).length;
      const started = new Set<Lane<Query>>();
      for (const lane of this.#ring) {
        const kept = isIdle(lane) ? 0 : Math.min(idle, Math.floor(concurrency / 2));
        if (this.#polling.size + kept >= concurrency) {
          continue;
        }
        const entry = this.#startable(lane);
        const at = entry ? Math.max(entry.due, now + lane.target.budget.startsIn()) : Number.POSITIVE_INFINITY;
        if (entry !== undefined && at <= now) {
          started.add(lane);
          idle -= isIdle(lane) ? 1 : 0;
          this.#begin(entry, now);
        } else {
          next = Math.min(next, at);
        }
      }
      if (started.size === 0) {
        return next;
      }
      this.#ring = [...this.#ring.filter((lane) => !started.has(lane)), ...started];
    }
  }

  /** The query of a target that goes first among those for which it has a free slot. */
  #startable(lane: Lane<Query>): Entry<Query> | undefined {
    if (lane.inFlight >= lane.window) {
      return undefined;
    }
    const healthy = lane.healthy.peek();
    const failing = lane.failingInFlight * 2 < lane.window ? lane.failing.peek() : undefined;
    return failing !== undefined && (healthy === undefined || failing.due < healthy.due) ? failing : healthy;
  }

  #begin(entry: Entry<Query>, now: number): void {
    const { lane } = entry;
    const wasFailing = entry.failures > 0;
    (wasFailing ? lane.failing : lane.healthy).pop();
    entry.state = 'polling';
    entry.startedAt = now;
    entry.abort = new AbortController();
    lane.inFlight += 1;
    lane.failingInFlight += wasFailing ? 1 : 0;
    this.#polling.add(entry);
    const end = (result: PollResult) => {
      lane.inFlight -= 1;
      lane.failingInFlight -= wasFailing ? 1 : 0;
      this.#polling.delete(entry);
      entry.abort = undefined;
      this.#finish(entry, result);
      this.#wakeAt(this.#clock.monotonic());
    };
    this.#options.poll(entry.query, entry.abort.signal).then(end, (error: unknown) => {
      this.#options.log.error('poll broke', { query: entry.query.name, error: String(error) });
      end('silent');
    });
  }

  #finish(entry: Entry<Query>, result: PollResult): void {
    const { lane } = entry;
    if (result !== 'silent') {
      lane.answeredAt = this.#clock.monotonic();
      lane.window = Math.min(lane.window * 2, lane.target.maxConcurrentRequests);
    } else if (lane.answeredAt < entry.startedAt) {
      lane.window = Math.min(SMALLEST_WINDOW, lane.target.maxConcurrentRequests);
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
    (entry.failures > 0 ? lane.failing : lane.healthy).push(entry);
  }

  #abortOverlong(now: number): void {
    for (const entry of this.#polling) {
      if (now - entry.startedAt <= this.#options.pollLimit) {
        return;
      }
      entry.abort?.abort(new Error(`the poll took longer than ${this.#options.pollLimit / 1_000} s`));
    }
  }
}

/** Whether a target has queries to poll, and none of them in flight. */
function isIdle<Query>({ inFlight, healthy, failing }: Lane<Query>): boolean {
  return inFlight === 0 && healthy.length + failing.length > 0;
}
