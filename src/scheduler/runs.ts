import type { Clock } from '../lib/clock.ts';
import type { Registration } from '../model/query.ts';
import { newRun, type Run, type RunEnd, type Runnable, type WantedWindow } from '../model/run.ts';
import { ActiveRun, type RunsOptions } from './active-run.ts';
import { DueWindows } from './due-windows.ts';
import type { EarlierRuns } from './run-journal.ts';
import { type Occupancy, RunSlots } from './run-slots.ts';
import type { Target } from './target.ts';

interface RunEntry<Query extends Runnable> {
  readonly registration: Registration<Query>;
  readonly target: Target;
  readonly slots: RunSlots<RunEntry<Query>>;
  readonly windows: DueWindows;
  /** A due window that has not started. */
  wanted: WantedWindow | undefined;
  /** The run that has a slot. */
  active?: ActiveRun<Query> | undefined;
  /** For a removed query: the query that has its name now, and waits for the end of its run. */
  successor?: RunEntry<Query>;
}

const CHECK_MS = 1_000;

/** Runs each scheduled query over its windows, one at a time: each at most once, and before the next one is due. */
export class Runs<Query extends Runnable> {
  readonly #options: RunsOptions<Query>;
  readonly #clock: Clock;
  readonly #entries = new Map<Registration<Query>, RunEntry<Query>>();
  readonly #slots = new Map<Target, RunSlots<RunEntry<Query>>>();
  /** Removed queries whose last run is being stopped, by name. */
  readonly #stopping = new Map<string, RunEntry<Query>>();
  /** Queries whose windows are ahead of the wall clock, found since the last check. */
  #setBack = 0;
  #running = false;
  #cancelTimer: () => void = () => undefined;
  /** Called during a shutdown when no run must be stopped any more. */
  #onIdle: () => void = () => undefined;

  constructor(options: RunsOptions<Query>) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /**
   * Adds a query. Its newest window with complete data is run immediately. If a removed query had the same name, it waits until
   * the old run is stopped, because the same start may return the same query ID. Windows of `earlier` are not run again.
   */
  add(registration: Registration<Query>, earlier?: EarlierRuns): void {
    const { query } = registration;
    const target = this.#options.targets.get(query.account, query.region);
    const slots = this.#slots.get(target) ?? new RunSlots(this.#options.runLimitOf(target), this.#clock);
    this.#slots.set(target, slots);
    const windows = new DueWindows(query.name, query.schedule, this.#clock, earlier?.covered);
    this.#setBack += windows.wasSetBack ? 1 : 0;
    const entry: RunEntry<Query> = { registration, target, slots, windows, wanted: windows.first };
    this.#entries.set(registration, entry);
    const stopping = this.#stopping.get(query.name);
    if (stopping !== undefined) {
      stopping.successor = entry;
    }
    if (earlier?.inFlight !== undefined) {
      slots.occupy();
      this.#activate(entry, earlier.inFlight);
    }
    this.#queue(entry);
    this.#admit(slots);
  }

  /** Applies a changed schedule to a query that is otherwise the same. Its run continues. */
  change(registration: Registration<Query>): void {
    this.#entries.get(registration)?.windows.reschedule(registration.query.schedule);
  }

  /** Applies changed results of `runLimitOf`. */
  limitsChanged(): void {
    for (const [target, slots] of this.#slots) {
      slots.limit.setMax(this.#options.runLimitOf(target));
      this.#admit(slots);
    }
  }

  forget(target: Target): void {
    this.#slots.delete(target);
  }

  /** Removes a query. Its run, which is not counted, keeps its slot until it is stopped at the service or left there. */
  remove(registration: Registration<Query>, how: 'abandoned' | 'left' = 'abandoned'): void {
    const entry = this.#entries.get(registration);
    if (entry === undefined) {
      return;
    }
    this.#entries.delete(registration);
    this.#withdraw(entry);
    if (entry.active !== undefined) {
      this.#stopping.set(registration.name, entry);
      entry.active.release(how);
    }
  }

  /** Follows a run that another process has started. Does nothing if the query has a run. Returns whether it is followed. */
  resume(registration: Registration<Query>, run: Run): boolean {
    const entry = this.#entries.get(registration);
    if (entry === undefined || entry.active !== undefined || this.#stopping.has(registration.name)) {
      return false;
    }
    entry.slots.dequeue(entry);
    entry.slots.occupy();
    this.#activate(entry, run);
    return true;
  }

  start(): void {
    this.#running = true;
    this.#check();
  }

  /** Starts no more runs. Resolves when those in flight are stopped at the service or left, without a time limit. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelTimer();
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    for (const entry of this.#entries.values()) {
      this.#withdraw(entry);
      entry.active?.release(this.#options.leavesRuns ? 'left' : 'abandoned');
    }
    this.#notifyIdle();
    await idle;
  }

  /** Returns when a query's next run is due, in milliseconds of the wall clock; undefined while one waits or is in flight. */
  nextRun(registration: Registration<Query>): number | undefined {
    const entry = this.#entries.get(registration);
    return entry === undefined || entry.active !== undefined || entry.wanted !== undefined
      ? undefined
      : entry.windows.nextDueAt();
  }

  /** Returns the requests per second that the queries of each target need. */
  planned(): ReadonlyMap<Target, number> {
    const planned = new Map<Target, number>();
    for (const { target, registration } of this.#entries.values()) {
      planned.set(target, (planned.get(target) ?? 0) + this.#options.rateOf(registration.query));
    }
    return planned;
  }

  /** Returns how a target's limit is used; undefined if no query is scheduled there. */
  of(target: Target): Occupancy | undefined {
    return this.#slots.get(target)?.occupancy;
  }

  #check(): void {
    for (const entry of this.#entries.values()) {
      this.#checkEntry(entry);
    }
    if (this.#setBack > 0) {
      this.#options.actions.clockSetBack(this.#setBack);
      this.#setBack = 0;
    }
    for (const slots of this.#slots.values()) {
      this.#admit(slots);
    }
    this.#cancelTimer = this.#clock.setTimer(CHECK_MS, () => this.#check());
  }

  #checkEntry(entry: RunEntry<Query>): void {
    const due = entry.windows.check();
    if (due === undefined) {
      return;
    }
    const { wanted, leftBehind, wasSetBack } = due;
    if (wasSetBack) {
      this.#setBack += 1;
      this.#withdraw(entry);
    }
    const isTaken = wanted !== undefined && (entry.active?.nextWindowDue(wanted) ?? false);
    const isReplaced = wanted !== undefined && !wasSetBack && (isTaken || entry.wanted !== undefined);
    const skipped = leftBehind + (isReplaced ? 1 : 0);
    if (skipped > 0) {
      this.#options.actions.skipped(entry.registration, skipped);
    }
    if (wanted !== undefined && !isTaken) {
      entry.wanted = wanted;
      this.#queue(entry);
    }
  }

  #withdraw(entry: RunEntry<Query>): void {
    entry.wanted = undefined;
    entry.slots.dequeue(entry);
  }

  /** Queues a query with a due window, unless a run of the same name is in progress. */
  #queue(entry: RunEntry<Query>): void {
    if (entry.wanted !== undefined && entry.active === undefined && !this.#stopping.has(entry.registration.name)) {
      entry.slots.enqueue(entry);
    }
  }

  #admit(slots: RunSlots<RunEntry<Query>>): void {
    while (this.#running) {
      const entry = slots.admit();
      if (entry?.wanted === undefined) {
        return;
      }
      const run = newRun(entry.wanted);
      entry.wanted = undefined;
      this.#activate(entry, run);
    }
  }

  #activate(entry: RunEntry<Query>, run: Run): void {
    const { registration, target } = entry;
    const over = (ended: Run, end: RunEnd) => this.#over(entry, ended, end);
    entry.active = new ActiveRun({ ...this.#options, registration, target, over }, run);
    entry.active.begin();
  }

  #over(entry: RunEntry<Query>, run: Run, end: RunEnd): void {
    if (end === 'refused') {
      this.#wantAgain(entry, run);
    }
    this.#release(entry);
    if (end !== 'left') {
      this.#count(entry.registration, run, end);
    }
    this.#notifyIdle();
  }

  /** Counts an ended run, unless another process does. */
  #count(registration: Registration<Query>, run: Run, end: Exclude<RunEnd, 'left'>): void {
    const { actions, journal } = this.#options;
    const isCounted = end !== 'refused' && end !== 'abandoned';
    const count = () => (isCounted ? actions.ended(registration, run, end) : undefined);
    if (journal === undefined) {
      count();
    } else {
      journal.over(registration, run, end, count);
    }
  }

  /** Queues a run again after a quota error, before all others. This is not a failure of the query. */
  #wantAgain(entry: RunEntry<Query>, run: Run): void {
    if (entry.wanted === undefined) {
      entry.wanted = { window: run.window, since: run.wantedAt, covered: run.covered };
    } else {
      this.#options.actions.skipped(entry.registration, 1);
    }
    entry.slots.refused(entry);
  }

  #release(entry: RunEntry<Query>): void {
    const { name } = entry.registration;
    let next: RunEntry<Query> | undefined = entry;
    if (this.#stopping.get(name) === entry) {
      next = entry.successor;
      this.#stopping.delete(name);
    }
    entry.active = undefined;
    entry.slots.release();
    if (next !== undefined) {
      this.#queue(next);
      this.#admit(next.slots);
    }
    this.#admit(entry.slots);
  }

  #notifyIdle(): void {
    const entries = [...this.#entries.values(), ...this.#stopping.values()];
    if (!this.#running && entries.every(({ active }) => active === undefined)) {
      this.#onIdle();
    }
  }
}
