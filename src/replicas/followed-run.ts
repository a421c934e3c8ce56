import type { Clock } from '../lib/clock.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import { newRun, type Run, type RunEnd } from '../model/run.ts';
import type { FenceGroup } from './run-registers.ts';
import type { RunValue } from './values.ts';

type Scheduled = Registration<ScheduledQuery>;
type End = Exclude<RunEnd, 'left'>;

type Writer = Pick<FenceGroup, 'boot' | 'epoch'>;

/** A run that this process follows, and what its register should show. */
export class FollowedRun {
  readonly name: string;
  readonly registration: Scheduled;
  readonly run: Run;
  /** An intent was sent: the register may show the run, whether or not a reply was received. */
  isSent = false;
  /** Another process has the window or the run. This one may only stop it. */
  isLost = false;
  /** Another process has counted the run, or it must not be counted. */
  isCounted = false;
  #coveredBefore = 0;
  /** In milliseconds of the engine's clock. */
  #startedAt: number | undefined;
  #abandon: () => void = () => undefined;
  #pending: 'running' | End | undefined;
  #count: () => void = () => undefined;

  constructor(name: string, registration: Scheduled, run: Run) {
    this.name = name;
    this.registration = registration;
    this.run = run;
  }

  /** Returns the run of a register that another process has written. */
  static resumed(name: string, registration: Scheduled, value: RunValue, clock: Clock): FollowedRun {
    const { every, timeout } = registration.query.schedule;
    const { start, end, queryId, startedAt } = value;
    const age = Math.min(Math.max(0, clock.now() - (startedAt ?? 0)), timeout);
    const since = clock.monotonic() - age;
    const run = newRun({ window: { n: Math.round(end / every), start, end }, since, covered: [] });
    const followed = new FollowedRun(name, registration, { ...run, queryId });
    followed.isSent = true;
    followed.#startedAt = startedAt;
    followed.#coveredBefore = value.coveredBefore;
    return followed;
  }

  /** Milliseconds between the windows of the query. */
  get every(): number {
    return this.registration.query.schedule.every;
  }

  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /** Returns whether the window was due at a time of the engine's clock. */
  isDueUntil(time: number): boolean {
    return this.run.window.end + this.registration.query.schedule.delay <= time;
  }

  /** @param startedAt in milliseconds of the engine's clock */
  hasStarted(abandon: () => void, startedAt: number): void {
    this.#abandon = abandon;
    this.#startedAt = Math.max(0, Math.round(startedAt));
    this.#pending = 'running';
  }

  hasEnded(end: End, count: () => void): void {
    this.#count = count;
    this.#pending = end;
  }

  /** Counts a run that no register shows. */
  countAs(end: End, count: () => void): void {
    if (end !== 'abandoned' && end !== 'refused' && !this.isCounted) {
      count();
    }
  }

  /** Returns the pending change: the value to write, and what to call once it is written. */
  change(before: RunValue | undefined, writer: Writer) {
    const pending = this.#pending;
    if (pending === 'running') {
      // An id is put over a skip, so that it is known. The skip is counted, and the run is stopped.
      const isSkipped = this.#isSame(before) && before?.state === 'over' && before.outcome === 'skipped';
      const value = this.value(isSkipped ? 'stopping' : 'running', before, writer);
      return {
        value: { ...value, isCounted: value.isCounted || isSkipped },
        written: () => {
          this.#written(pending);
          if (isSkipped) {
            this.isCounted = true;
            this.#abandon();
          }
        },
      };
    }
    const value = { ...this.value('over', before, writer), outcome: pending };
    return {
      value: pending === 'refused' ? { ...value, coveredUntil: this.#coveredBefore } : value,
      written: () => {
        this.#written(pending);
        this.countAs(pending ?? 'abandoned', this.#count);
      },
    };
  }

  /** Returns whether a register shows this run, and that it is not over. */
  isIn(current: RunValue | undefined): boolean {
    const isSameId = current?.queryId === undefined || current.queryId === this.run.queryId;
    return this.#isSame(current) && current?.state !== 'over' && isSameId;
  }

  /** Returns whether a register shows that this run is over, or a later one. */
  isOverIn(current: RunValue | undefined): boolean {
    return current !== undefined && current.end >= this.run.window.end && !this.isIn(current);
  }

  /** Handles a register that another write has changed, and that is not older than known. The change may be pending still. */
  conflicted(current: RunValue | undefined, boot: string): void {
    const pending = this.#pending;
    if (current === undefined || !this.isOverIn(current)) {
      return;
    }
    const { queryId } = this.run;
    const isOver = this.#isSame(current) && current.state === 'over';
    if (isOver && pending === 'running' && current.outcome === 'skipped') {
      return;
    }
    this.#pending = undefined;
    const [endedId, endedBy] = isOver ? [current.queryId, current.by] : [current.endedId, current.endedBy];
    if (pending !== 'running' && queryId !== undefined && endedId === queryId && endedBy === boot) {
      // A write whose reply was lost.
      this.countAs(pending ?? 'abandoned', this.#count);
      return;
    }
    this.isLost = true;
    if (pending === 'running') {
      this.#abandon();
    }
  }

  #written(pending: 'running' | End | undefined): void {
    if (this.#pending === pending) {
      this.#pending = undefined;
    }
  }

  #isSame(current: RunValue | undefined): boolean {
    const { start, end } = this.run.window;
    return current?.start === start && current.end === end;
  }

  /** Returns what the register shows in a state of the run. */
  value(state: RunValue['state'], before: RunValue | undefined, { boot, epoch }: Writer): RunValue {
    if (state === 'intent') {
      this.#coveredBefore = before?.coveredUntil ?? 0;
    }
    const { start, end } = this.run.window;
    return {
      query: this.registration.name,
      state,
      start,
      end,
      coveredUntil: Math.max(end, before?.coveredUntil ?? 0),
      coveredBefore: this.#coveredBefore,
      queryId: this.run.queryId,
      startedAt: this.#startedAt,
      outcome: undefined,
      isCounted: this.isCounted,
      ...lastEnd(before),
      by: boot,
      epoch: epoch(),
    };
  }
}

function lastEnd(before: RunValue | undefined): Pick<RunValue, 'endedId' | 'endedBy'> {
  return before?.state === 'over' && before.queryId !== undefined
    ? { endedId: before.queryId, endedBy: before.by }
    : { endedId: before?.endedId, endedBy: before?.endedBy };
}
