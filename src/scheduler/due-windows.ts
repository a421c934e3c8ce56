import type { Schedule } from '../queries/query.ts';
import { dueAt, newestDue, newestWindow, offsetOf, type Window, windowOf } from '../queries/windows.ts';
import type { Clock } from '../runtime/clock.ts';

/** A window that is to be run. */
export interface WantedWindow {
  readonly window: Window;
  /** Since when, on the monotonic clock. */
  readonly since: number;
}

/** The windows of one query as they become due, each of them once. The wall clock may jump, so they are looked for. */
export class DueWindows {
  /** The newest window whose data had landed when the query came, whatever its offset. */
  readonly first: WantedWindow;
  readonly #schedule: Schedule;
  readonly #offset: number;
  readonly #clock: Clock;
  /** The newest window that was due. */
  #newest: number;

  constructor(name: string, schedule: Schedule, clock: Clock) {
    this.#schedule = schedule;
    this.#offset = offsetOf(name, schedule);
    this.#clock = clock;
    this.#newest = newestWindow(schedule, clock.now());
    this.first = this.#wanted();
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

  /** When the next window is due, in milliseconds of the wall clock. */
  nextDueAt(): number {
    return dueAt(this.#schedule, this.#newest + 1, this.#offset);
  }

  #wanted(): WantedWindow {
    return { window: windowOf(this.#schedule, this.#newest), since: this.#clock.monotonic() };
  }
}
