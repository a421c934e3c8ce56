import type { Clock } from '../lib/clock.ts';
import type { Registration } from '../model/query.ts';
import type { WantedWindow } from '../model/run.ts';
import { newRun, type Run, type RunActions, type RunEnd, type Runnable } from '../model/run.ts';
import type { Dispatcher } from './dispatcher.ts';
import { DueWindows } from './due-windows.ts';
import type { EarlierRuns, RunJournal } from './run-journal.ts';
import { RunLife } from './run-life.ts';
import { type Occupancy, RunRoom } from './run-room.ts';
import type { Target, Targets } from './target.ts';

export interface RunsOptions<Query extends Runnable> {
  readonly clock: Clock;
  readonly targets: Targets;
  readonly dispatcher: Dispatcher;
  readonly actions: RunActions<Query>;
  /** Runs in flight at the service, at most, in each target. */
  readonly capOf: (target: Target) => number;
  /** Requests a second that a query's runs take. */
  readonly rateOf: (query: Query) => number;
  /** Undefined where runs do not outlive this process. */
  readonly journal: RunJournal<Query> | undefined;
  /** A stop leaves runs at the service: another process will take them up. */
  readonly leavesRuns: boolean;
}

/** Where a query's runs stand. */
interface Entry<Query extends Runnable> {
  readonly registration: Registration<Query>;
  readonly target: Target;
  readonly room: RunRoom<Entry<Query>>;
  readonly windows: DueWindows;
  /** A window that is due and has not begun. */
  wanted: WantedWindow | undefined;
  /** The run that has room. */
  life: RunLife<Query> | undefined;
  /** Of a removed query: has its name now, and waits for the end of its run. */
  successor: Entry<Query> | undefined;
}

/** How often it is looked for windows that have become due. */
const LOOK_MS = 1_000;

/**
 * Runs each scheduled query over its windows, one run at a time: a window becomes due, waits for room, lives its life. A
 * window is run once or skipped, never caught up; one that could not be started when the next is due is skipped.
 */
export class Runs<Query extends Runnable> {
  readonly #options: RunsOptions<Query>;
  readonly #clock: Clock;
  readonly #entries = new Map<Registration<Query>, Entry<Query>>();
  readonly #rooms = new Map<Target, RunRoom<Entry<Query>>>();
  /** Removed queries whose last run is still being stopped, by name. */
  readonly #leaving = new Map<string, Entry<Query>>();
  /** Queries whose windows were found to be ahead of the wall clock since the last look. */
  #setBack = 0;
  #running = false;
  #cancelTimer: () => void = () => undefined;
  /** Called when no run is left to be stopped, during a shutdown. */
  #onIdle: () => void = () => undefined;

  constructor(options: RunsOptions<Query>) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /**
   * Adds a query; the newest window whose data has landed is run at once, whatever the query's own offset. One that was
   * removed and comes again waits until its old run is stopped: the same start may give the same id.
   *
   * With what an earlier process has left: a window that it has run, or may have, is not run again, and its run in flight
   * goes on.
   */
  add(registration: Registration<Query>, earlier?: EarlierRuns): void {
    const { query } = registration;
    const target = this.#options.targets.get(query.account, query.region);
    const windows = new DueWindows(query.name, query.schedule, this.#clock, earlier?.covered);
    this.#setBack += windows.wasSetBack ? 1 : 0;
    const entry: Entry<Query> = {
      registration,
      target,
      room: this.#room(target),
      windows,
      wanted: windows.first,
      life: undefined,
      successor: undefined,
    };
    this.#entries.set(registration, entry);
    const leaving = this.#leaving.get(query.name);
    if (leaving !== undefined) {
      leaving.successor = entry;
    }
    if (earlier?.inFlight !== undefined) {
      entry.room.enter();
      this.#live(entry, earlier.inFlight);
    }
    this.#queue(entry);
    this.#admit(entry.room);
  }

  /** A query is run otherwise from now on, but asks the same: a run of it goes on. */
  change(registration: Registration<Query>): void {
    this.#entries.get(registration)?.windows.reschedule(registration.query.schedule);
  }

  /** What `capOf` says may have changed. */
  capsChanged(): void {
    for (const [target, room] of this.#rooms) {
      room.setLimit(this.#options.capOf(target));
      this.#admit(room);
    }
  }

  /** No query is run in the target any more. */
  forget(target: Target): void {
    this.#rooms.delete(target);
  }

  /**
   * Runs a query no more. A run of it is stopped at the service, and is not counted; the room that it takes is freed when
   * that is done.
   */
  remove(registration: Registration<Query>): void {
    const entry = this.#entries.get(registration);
    if (entry === undefined) {
      return;
    }
    this.#entries.delete(registration);
    entry.wanted = undefined;
    entry.room.waitNoMore(entry);
    if (entry.life !== undefined) {
      this.#leaving.set(registration.name, entry);
      entry.life.abandon();
    }
  }

  start(): void {
    this.#running = true;
    this.#look();
  }

  /**
   * Begins no more runs, and stops those in flight at the service, or leaves them there; a start whose answer is still
   * awaited is stopped, or left, as soon as its id is known. Resolves when that is done, however long it takes.
   */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelTimer();
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    for (const entry of this.#entries.values()) {
      entry.wanted = undefined;
      entry.room.waitNoMore(entry);
      if (this.#options.leavesRuns) {
        entry.life?.leave();
      } else {
        entry.life?.abandon();
      }
    }
    this.#tellIdle();
    await idle;
  }

  /** When a query's next run is due, in milliseconds of the wall clock; undefined while one is wanted or in flight. */
  nextRun(registration: Registration<Query>): number | undefined {
    const entry = this.#entries.get(registration);
    return entry === undefined || entry.life !== undefined || entry.wanted !== undefined
      ? undefined
      : entry.windows.nextDueAt();
  }

  /** Requests a second that each target's queries need. */
  planned(): ReadonlyMap<Target, number> {
    const planned = new Map<Target, number>();
    for (const { target, registration } of this.#entries.values()) {
      planned.set(target, (planned.get(target) ?? 0) + this.#options.rateOf(registration.query));
    }
    return planned;
  }

  /** How a target's runs fill their room; undefined where no query is scheduled. */
  of(target: Target): Occupancy | undefined {
    return this.#rooms.get(target)?.occupancy;
  }

  #room(target: Target): RunRoom<Entry<Query>> {
    let room = this.#rooms.get(target);
    if (room === undefined) {
      room = new RunRoom(this.#options.capOf(target), this.#clock);
      this.#rooms.set(target, room);
    }
    return room;
  }

  /** Finds windows that have become due, and lets runs begin that have room now. */
  #look(): void {
    if (!this.#running) {
      return;
    }
    for (const entry of this.#entries.values()) {
      this.#lookAt(entry);
    }
    if (this.#setBack > 0) {
      this.#options.actions.clockSetBack(this.#setBack);
      this.#setBack = 0;
    }
    for (const room of this.#rooms.values()) {
      this.#admit(room);
    }
    this.#cancelTimer = this.#clock.setTimer(LOOK_MS, () => this.#look());
  }

  #lookAt(entry: Entry<Query>): void {
    const due = entry.windows.look();
    if (due === undefined) {
      return;
    }
    const { wanted, leftBehind, wasSetBack } = due;
    if (wasSetBack) {
      this.#setBack += 1;
      entry.wanted = undefined;
      entry.room.waitNoMore(entry);
    }
    const isTaken = wanted !== undefined && (entry.life?.nextWindowDue(wanted) ?? false);
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

  /** Lets a query that wants to run wait for room, unless a run of its name is still under way. */
  #queue(entry: Entry<Query>): void {
    if (entry.wanted !== undefined && entry.life === undefined && !this.#leaving.has(entry.registration.name)) {
      entry.room.wait(entry);
    }
  }

  #admit(room: RunRoom<Entry<Query>>): void {
    while (this.#running) {
      const entry = room.admit();
      if (entry?.wanted === undefined) {
        return;
      }
      this.#begin(entry, entry.wanted);
    }
  }

  #begin(entry: Entry<Query>, wanted: WantedWindow): void {
    entry.wanted = undefined;
    this.#live(entry, newRun(wanted));
  }

  #live(entry: Entry<Query>, run: Run): void {
    const { clock, dispatcher, actions, journal } = this.#options;
    const { registration, target } = entry;
    const over = (ended: Run, end: RunEnd) => this.#over(entry, ended, end);
    entry.life = new RunLife({ clock, dispatcher, actions, journal, registration, target, over }, run);
    entry.life.begin();
  }

  #over(entry: Entry<Query>, run: Run, end: RunEnd): void {
    if (end === 'refused') {
      this.#wantAgain(entry, run);
    }
    this.#leave(entry);
    if (end !== 'refused' && end !== 'abandoned') {
      this.#options.actions.ended(entry.registration, run, end);
    }
    if (end !== 'abandoned') {
      this.#options.journal?.over(entry.registration, run, end);
    }
    this.#tellIdle();
  }

  /** The service has no room: the run goes back to the head of those that wait, and is no failure of the query. */
  #wantAgain(entry: Entry<Query>, run: Run): void {
    if (entry.wanted === undefined) {
      entry.wanted = { window: run.window, since: run.wantedAt, covered: run.covered };
    } else {
      this.#options.actions.skipped(entry.registration, 1);
    }
    entry.room.refused(entry);
  }

  /** Gives the run's room to the next one. */
  #leave(entry: Entry<Query>): void {
    const { name } = entry.registration;
    const isLeaving = this.#leaving.get(name) === entry;
    if (isLeaving) {
      this.#leaving.delete(name);
    }
    const next = isLeaving ? entry.successor : entry;
    entry.life = undefined;
    entry.room.leave();
    if (next !== undefined) {
      this.#queue(next);
    }
    this.#admit(entry.room);
    if (next !== undefined && next.room !== entry.room) {
      this.#admit(next.room);
    }
  }

  #tellIdle(): void {
    const entries = [...this.#entries.values(), ...this.#leaving.values()];
    if (!this.#running && entries.every(({ life }) => life === undefined)) {
      this.#onIdle();
    }
  }
}
