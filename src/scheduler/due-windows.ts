import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Schedule } from '../model/query.ts';
import type { Span, WantedWindow, Window } from '../model/run.ts';

export interface DueWindow {
  /** The newest due window. Undefined if it was run before. */
  readonly wanted: WantedWindow | undefined;
  /** Other windows that became due since the last check, and are skipped. */
  readonly leftBehind: number;
  /** The wall clock was set back: windows that were due before are more than one window ahead of it, and ignored. */
  readonly wasSetBack: boolean;
}

/**
 * The windows of one query as they become due, each of them once. The clock is checked regularly, because the wall clock may
 * jump: a mark more than one window ahead of it is of a wrong clock, and is ignored. Windows that were run before or after
 * a jump are remembered, so that none is run again.
 */
export class DueWindows {
  /** The newest window whose data was complete at registration, whatever its offset. Undefined if it was run before. */
  readonly first: WantedWindow | undefined;
  /** The last window that an earlier process has run is more than one window ahead of the wall clock. */
  readonly wasSetBack: boolean;
  #schedule: Schedule;
  #offset: number;
  readonly #name: string;
  readonly #clock: Clock;
  #newest: number;
  #covered: readonly Span[];
  /** Time of the last check on both clocks. */
  #checked: { readonly at: number; readonly monotonic: number };

  constructor(name: string, schedule: Schedule, clock: Clock, covered: readonly Span[] = []) {
    this.#name = name;
    this.#schedule = schedule;
    this.#offset = offsetOf(name, schedule);
    this.#clock = clock;
    this.#covered = covered;
    this.#checked = { at: clock.now(), monotonic: clock.monotonic() };
    this.#newest = newestWindow(schedule, clock.now());
    this.wasSetBack = (covered.at(-1)?.end ?? 0) > (this.#newest + 1) * schedule.every;
    this.first = this.#wanted(this.#newest);
  }

  /** Checks the clock. Returns undefined if no other window is due than at the last check. */
  check(): DueWindow | undefined {
    const before = this.#newest;
    const { at, monotonic } = this.#checked;
    this.#checked = { at: this.#clock.now(), monotonic: this.#clock.monotonic() };
    // The newest window that would be due if the wall clock had not jumped since the last check.
    const passed = newestDue(this.#schedule, at + this.#checked.monotonic - monotonic, this.#offset);
    const due = newestDue(this.#schedule, this.#clock.now(), this.#offset);
    const wasSetBack = before - newestWindow(this.#schedule, this.#clock.now()) > 1;
    if (due <= before && !wasSetBack) {
      return undefined;
    }
    let leftBehind = 0;
    // If the wall clock jumped ahead, only windows that also passed on the monotonic clock existed.
    const existed = Math.min(due - 1, passed);
    for (let n = before + 1; n <= existed; n += 1) {
      leftBehind += covers(this.#covered, this.#schedule, n) ? 0 : 1;
    }
    if (existed > before) {
      this.#covered = cover(this.#covered, this.#schedule, before + 1, existed);
    }
    this.#newest = due;
    return { wanted: this.#wanted(due), leftBehind, wasSetBack };
  }

  /** Replaces the schedule. Nothing that earlier windows have covered is run again, and no window counts as skipped. */
  reschedule(schedule: Schedule): void {
    const before = this.#schedule;
    this.#schedule = schedule;
    this.#offset = offsetOf(this.#name, schedule);
    const due = newestDue(schedule, this.#clock.now(), this.#offset);
    this.#newest =
      before.every === schedule.every
        ? Math.min(this.#newest, due)
        : Math.max(due - 1, newestCovered(schedule, this.#newest * before.every));
  }

  /** Returns when the next window is due, in milliseconds of the wall clock. */
  nextDueAt(): number {
    const { every, delay } = this.#schedule;
    return nextUncovered(this.#covered, this.#schedule, this.#newest + 1) * every + delay + this.#offset;
  }

  #wanted(n: number): WantedWindow | undefined {
    if (covers(this.#covered, this.#schedule, n)) {
      return undefined;
    }
    this.#covered = cover(this.#covered, this.#schedule, n, n);
    return { window: windowOf(this.#schedule, n), since: this.#clock.monotonic(), covered: this.#covered };
  }
}

/** Maximum number of remembered spans. There are several only after clock jumps or downtimes longer than a window. */
const MOST_SPANS = 16;

/** Returns the spans with the windows from `first` to `last` added. Drops the oldest addition if there are too many. */
function cover(spans: readonly Span[], schedule: Schedule, first: number, last: number): readonly Span[] {
  let start = (first - 1) * schedule.every;
  let end = last * schedule.every;
  const apart: Span[] = [];
  for (const span of spans) {
    if (span.end < start || span.start > end) {
      apart.push(span);
    } else {
      start = Math.min(start, span.start);
      end = Math.max(end, span.end);
    }
  }
  return [...apart, { start, end }].slice(-MOST_SPANS);
}

/** Returns whether spans, possibly of another schedule, cover a window or a part of it. */
function covers(spans: readonly Span[], schedule: Schedule, n: number): boolean {
  const end = n * schedule.every;
  const fresh = end - Math.min(schedule.lookback, schedule.every);
  return spans.some((span) => fresh < span.end && end > span.start);
}

function nextUncovered(spans: readonly Span[], schedule: Schedule, n: number): number {
  let next = n;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (covers([{ start, end }], schedule, next)) {
      next = newestCovered(schedule, end) + 1;
    }
  }
  return next;
}

/** Returns the newest window of a schedule that is covered by windows, possibly of another schedule, until `until`. */
function newestCovered({ every, lookback }: Schedule, until: number): number {
  return Math.ceil((until + Math.min(lookback, every)) / every) - 1;
}

/** Due times of one schedule are spread over at most this. */
const LARGEST_OFFSET_MS = 300_000;

export function windowOf({ every, lookback }: Schedule, n: number): Window {
  return { n, start: n * every - lookback, end: n * every };
}

/** The newest window whose data should have landed at `now`, whatever its offset: what a start runs at once. */
export function newestWindow({ every, delay }: Schedule, now: number): number {
  return Math.floor((now - delay) / every);
}

export function newestDue(schedule: Schedule, now: number, offset: number): number {
  return newestWindow(schedule, now - offset);
}

/** A query's own fixed place after the moment at which all of its schedule would be due, in milliseconds. */
export function offsetOf(name: string, { every }: Schedule): number {
  const drawn = createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor(drawn * Math.min(every / 2, LARGEST_OFFSET_MS));
}
