import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Target } from './target.ts';

/** Intervals of reads in milliseconds, multiples of a minute. */
export interface ReadIntervals {
  /** Between reads of HealthIndicator. */
  readonly interval: number;
  /** Between reads of the other metrics. */
  readonly sumsInterval: number;
}

export interface DueReads {
  readonly health: boolean;
  readonly sums: boolean;
}

/** `failed`: an error response, repeated at the usual time. `silent`: no response, repeated after a minute. */
export type ReadResult = 'done' | 'failed' | 'silent';

export interface MetricReadsOptions {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly intervalsOf: (target: Target) => ReadIntervals;
  /** Makes the requests of a read. It must end soon after `signal` aborts. */
  readonly read: (target: Target, due: DueReads, signal: AbortSignal) => Promise<ReadResult>;
}

interface Entry {
  readonly target: Target;
  readonly offset: number;
  /** Times of the last reads in milliseconds since the epoch, without the offset. At first, the time of the addition. */
  healthAt: number;
  sumsAt: number;
  cancel: () => void;
}

const MINUTE_MS = 60_000;

/** Reads each target at multiples of its intervals plus a fixed offset below a minute: a restart adds no reads. */
export class MetricReads {
  readonly #options: MetricReadsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: MetricReadsOptions) {
    this.#options = options;
  }

  /** Reads a target from its next minute on. `target` has the budget of the reads. */
  add(target: Target): void {
    const { clock } = this.#options;
    const offset = offsetOf(target);
    const now = clock.now() - offset;
    const times = { offset, healthAt: now, sumsAt: now };
    const entry: Entry = { target, ...times, cancel: () => undefined };
    this.remove(target);
    this.#entries.set(keyOf(target), entry);
    this.#next(entry);
  }

  /** Stops reading a target. The response to a request in flight is ignored. */
  remove(target: Target): void {
    const entry = this.#entries.get(keyOf(target));
    if (entry !== undefined) {
      entry.cancel();
      this.#entries.delete(keyOf(target));
    }
  }

  /** Waits for the next minute of a target. Its intervals may change until then. */
  #next(entry: Entry, failing = false): void {
    const { clock, dispatcher } = this.#options;
    const { target, offset } = entry;
    const now = clock.now() - offset;
    const wait = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS - now;
    entry.cancel = dispatcher.add<ReadResult>({
      target,
      priority: 'list',
      due: clock.monotonic() + wait,
      failing,
      run: (signal) => this.#read(entry, signal),
      ended: (result) => this.#ended(entry, result),
    });
  }

  async #read(entry: Entry, signal: AbortSignal): Promise<ReadResult> {
    const { clock, read, intervalsOf } = this.#options;
    const { target, offset, healthAt, sumsAt } = entry;
    const now = clock.now() - offset;
    const { interval, sumsInterval } = intervalsOf(target);
    const due = { health: isDue(interval, healthAt, now), sums: isDue(sumsInterval, sumsAt, now) };
    if (!due.health && !due.sums) {
      return 'done';
    }
    const result = await read(target, due, signal);
    if (result !== 'silent') {
      entry.healthAt = due.health ? now : healthAt;
      entry.sumsAt = due.sums ? now : sumsAt;
    }
    return result;
  }

  #ended(entry: Entry, result: ReadResult): void {
    if (this.#entries.get(keyOf(entry.target)) === entry) {
      this.#next(entry, result !== 'done');
    }
  }
}

/** Returns whether two times are in different intervals. The wall clock may have been set back between them. */
function isDue(interval: number, before: number, now: number): boolean {
  return Math.floor(before / interval) !== Math.floor(now / interval);
}

/** Returns a target's own fixed place in a minute, in milliseconds. */
function offsetOf(target: Target): number {
  return createHash('sha256').update(keyOf(target)).digest().readUInt32BE(0) % MINUTE_MS;
}

function keyOf({ account, region }: Target): string {
  return `${region} ${account}`;
}
