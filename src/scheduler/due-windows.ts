import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../lib/clock.ts';
import type { Schedule } from '../model/query.ts';
import type { Span, WantedWindow } from '../model/run.ts';
import { dueAt, newestDue, newestWindow, offsetOf, windowOf } from '../queries/windows.ts';
import { cover, covers, newestCovered, nextUncovered } from './covered.ts';

/** What a look at the clock has found. */
export interface DueWindow {
  /** The newest window that is due; undefined if it was run before. */
  readonly wanted: WantedWindow | undefined;
  /** Windows that became due since the last look and are not run. */
  readonly leftBehind: number;
  /** The wall clock was set back: windows ahead of it by more than one, which were due before, are none. */
  readonly wasSetBack: boolean;
}

/**
 * The windows of one query as they become due, each of them once. They are looked for, since the wall clock may jump: a mark
 * more than one window ahead of it was set by a clock that was wrong, and is ignored. Windows that were run are
 * remembered on either side of a jump, so that none is run again.
 */
export class DueWindows {
  /** The newest window whose data had landed when the query came, whatever its offset; undefined if it was run before. */
  readonly first: WantedWindow | undefined;
  /** What an earlier process has run last is more than one window ahead of the wall clock. */
  readonly wasSetBack: boolean;
  #schedule: Schedule;
  #offset: number;
  readonly #name: string;
  readonly #clock: Clock;
  /** The newest window that was due. */
  #newest: number;
  #covered: readonly Span[];
  /** Of the last look, on both clocks. */
  #looked: { readonly at: number; readonly monotonic: number };

  /** `covered`: what was run before. */
  constructor(name: string, schedule: Schedule, clock: Clock, covered: readonly Span[] = []) {
    this.#name = name;
    this.#schedule = schedule;
    this.#offset = offsetOf(name, schedule);
    this.#clock = clock;
    this.#covered = covered;
    this.#looked = { at: clock.now(), monotonic: clock.monotonic() };
    this.#newest = newestWindow(schedule, clock.now());
    this.wasSetBack = (covered.at(-1)?.end ?? 0) > (this.#newest + 1) * schedule.every;
    this.first = this.#wanted(this.#newest);
  }

  /** Looks at the clock. Returns undefined if no other window is due than at the last look. */
  look(): DueWindow | undefined {
    const before = this.#newest;
    const passed = this.#passed();
    const due = newestDue(this.#schedule, this.#clock.now(), this.#offset);
    const wasSetBack = before - newestWindow(this.#schedule, this.#clock.now()) > 1;
    if (due <= before && !wasSetBack) {
      return undefined;
    }
    let leftBehind = 0;
    // Only as many windows have passed as there was time for on the monotonic clock: others never existed.
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

  /**
   * Windows are those of another schedule from now on. None covers again what windows before it have covered, where theirs
   * do not overlap; and none that was due before counts as left behind.
   */
  reschedule(schedule: Schedule): void {
    const before = this.#schedule;
    if (isDeepStrictEqual(before, schedule)) {
      return;
    }
    this.#schedule = schedule;
    this.#offset = offsetOf(this.#name, schedule);
    const due = newestDue(schedule, this.#clock.now(), this.#offset);
    this.#newest =
      before.every === schedule.every
        ? Math.min(this.#newest, due)
        : Math.max(due - 1, newestCovered(schedule, this.#newest * before.every));
  }

  /** When the next window is due, in milliseconds of the wall clock. */
  nextDueAt(): number {
    return dueAt(this.#schedule, nextUncovered(this.#covered, this.#schedule, this.#newest + 1), this.#offset);
  }

  /** The newest window that would be due had the wall clock not jumped since the last look, which is now. */
  #passed(): number {
    const { at, monotonic } = this.#looked;
    this.#looked = { at: this.#clock.now(), monotonic: this.#clock.monotonic() };
    return newestDue(this.#schedule, at + this.#looked.monotonic - monotonic, this.#offset);
  }

  #wanted(n: number): WantedWindow | undefined {
    if (covers(this.#covered, this.#schedule, n)) {
      return undefined;
    }
    this.#covered = cover(this.#covered, this.#schedule, n, n);
    return { window: windowOf(this.#schedule, n), since: this.#clock.monotonic(), covered: this.#covered };
  }
}
