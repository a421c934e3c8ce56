import { isDeepStrictEqual } from 'node:util';
import type { Schedule } from '../queries/query.ts';
import { dueAt, newestDue, newestWindow, offsetOf, type Window, windowOf } from '../queries/windows.ts';
import type { Clock } from '../runtime/clock.ts';

/** A window that is to be run. */
export interface WantedWindow {
  readonly window: Window;
  /** Since when, on the monotonic clock. */
  readonly since: number;
}

/** How far the wall clock may have been set back since a window was run that has not come up yet. */
const FURTHEST_AHEAD_MS = 3_600_000;

/** The windows of one query as they become due, each of them once. The wall clock may jump, so they are looked for. */
export class DueWindows {
  /** The newest window whose data had landed when the query came, whatever its offset; undefined where it was run before. */
  readonly first: WantedWindow | undefined;
  #schedule: Schedule;
  #offset: number;
  readonly #name: string;
  readonly #clock: Clock;
  /** The newest window that was due. */
  #newest: number;

  /** `coveredUntil`: end of the newest window that was run before, in milliseconds since the epoch. */
  constructor(name: string, schedule: Schedule, clock: Clock, coveredUntil = Number.NEGATIVE_INFINITY) {
    this.#name = name;
    this.#schedule = schedule;
    this.#offset = offsetOf(name, schedule);
    this.#clock = clock;
    const landed = newestWindow(schedule, clock.now());
    const covered = newestCovered(schedule, coveredUntil);
    // Windows that are far ahead were run by a wall clock that was wrong.
    const wasRun = covered >= landed && (covered - landed - 1) * schedule.every <= FURTHEST_AHEAD_MS;
    this.#newest = wasRun ? covered : landed;
    this.first = wasRun ? undefined : this.#wanted();
  }

  /**
   * The newest window that is due, and how many it leaves behind that became due since the last look; undefined where
   * none has become due.
   */
  look(): { readonly wanted: WantedWindow; readonly leftBehind: number } | undefined {
    const due = newestDue(this.#schedule, this.#clock.now(), this.#offset);
    if (due <= this.#newest) {
      return undefined;
    }
    const leftBehind = due - this.#newest - 1;
    this.#newest = due;
    return { wanted: this.#wanted(), leftBehind };
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
    if (before.every !== schedule.every) {
      const covered = newestCovered(schedule, this.#newest * before.every);
      this.#newest = Math.max(covered, newestDue(schedule, this.#clock.now(), this.#offset) - 1);
    }
  }

  /** When the next window is due, in milliseconds of the wall clock. */
  nextDueAt(): number {
    return dueAt(this.#schedule, this.#newest + 1, this.#offset);
  }

  #wanted(): WantedWindow {
    return { window: windowOf(this.#schedule, this.#newest), since: this.#clock.monotonic() };
  }
}

/** The newest window of a schedule that brings nothing new where others, maybe of another schedule, end at `until`. */
function newestCovered({ every, lookback }: Schedule, until: number): number {
  return Math.ceil((until + Math.min(lookback, every)) / every) - 1;
}
