import type { Schedule } from '../queries/query.ts';
import { dueAt, newestDue, newestWindow, offsetOf, type Window, windowOf } from '../queries/windows.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Dispatcher, Priority, Task } from './dispatcher.ts';
import { RunCap } from './run-cap.ts';
import type { Target, Targets } from './target.ts';

/** What is needed of a query that is run. */
export interface Runnable {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly schedule: Schedule;
}

/** One round of a query, over one window. */
export interface Run {
  readonly window: Window;
  /** The service's id; undefined until the start was answered. The same start may give the same id: it is no key. */
  queryId: string | undefined;
  /** When the request to start it was made last, on the monotonic clock: the one that was answered, once `queryId` is set. */
  startedAt: number;
  /** When it was seen to have ended at the service, or was stopped there, on the monotonic clock. */
  terminalAt: number | undefined;
  /** When it was due or, for the first after our start, when it was wanted; on the monotonic clock. */
  readonly wantedAt: number;
}

/** How a run ended, the values of `aws_nfm_query_runs_total{outcome}`. */
export const RUN_OUTCOMES = [
  'succeeded',
  'failed',
  'canceled',
  'timed_out',
  'start_failed',
  'results_failed',
  'skipped',
] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/**
 * How a request of a run went. `done`: it did what it was for. `again`: it is to be made again, for there is more to come
 * (a status that is not the end, another page). `retry`: it failed in a way that may pass. `silent`: nobody answered it.
 * `quota`: the service has no room for one more run. An outcome: the run ends so.
 */
export type StepResult =
  | 'done'
  | 'again'
  | 'retry'
  | 'silent'
  | 'quota'
  | Exclude<RunOutcome, 'skipped' | 'timed_out' | 'succeeded'>;

/** What a run does, and who is told. Each request must end soon after its signal aborts. */
export interface RunActions<Query extends Runnable> {
  /** Starts the query at the service: `done` when `run.queryId` is set. */
  start(query: Query, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** Asks for the status: `done` when it is SUCCEEDED, `again` while it is not the end. */
  status(query: Query, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** Reads the next page of results: `done` after the last, `again` before. */
  results(query: Query, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** Stops the query at the service: `done` when it is, or is not there any more. */
  stop(query: Query, run: Run, signal: AbortSignal): Promise<StepResult>;
  /** A run has ended. */
  ended(query: Query, run: Run, outcome: Exclude<RunOutcome, 'skipped'>): void;
  /** So many windows passed without a run. */
  skipped(query: Query, windows: number): void;
}

export interface RunsOptions<Query extends Runnable> {
  readonly clock: Clock;
  readonly targets: Targets;
  readonly dispatcher: Dispatcher;
  readonly actions: RunActions<Query>;
  /** Runs in flight at the service, at most, in each target. */
  readonly capOf: (target: Target) => number;
  /** Requests a second that a query's runs take. */
  readonly rateOf: (query: Query) => number;
}

type Phase = 'start' | 'status' | 'results' | 'stop';

/** A run that has room under the cap. */
interface Current {
  run: Run;
  phase: Phase;
  /** The request to start it is in flight: it may be at the service already, under an id that is not known yet. */
  starting: boolean;
  /** Failures in a row in this phase. */
  failures: number;
  statusWait: number;
  /** The next request, while it waits. */
  task: Task | undefined;
}

/** Where a query's runs stand. */
interface Entry<Query> {
  readonly query: Query;
  readonly target: Target;
  readonly room: Room<Query>;
  readonly offset: number;
  /** The newest window that was run, is wanted, or was skipped. */
  newest: number;
  /** A window that is due and has not begun. */
  wanted: { readonly window: Window; readonly since: number } | undefined;
  current: Current | undefined;
  /** The query has been removed: a run of it that is left is stopped, and nobody is told how it ends. */
  removed: boolean;
}

/** A target's runs. */
interface Room<Query> {
  readonly cap: RunCap;
  /** Entries that want to begin, the longest waiting first: an entry keeps its place when its window is skipped. */
  waiting: Set<Entry<Query>>;
  /** After a quota error, no start before this, on the monotonic clock. */
  notBefore: number;
}

/** How often it is looked for windows that have become due: the wall clock may jump, so no timer can be set for them. */
const LOOK_MS = 1_000;
/** Waits between status requests of a run: quick at first, as most queries end within seconds, then ever slower. */
const FIRST_STATUS_WAIT_MS = 1_000;
const STATUS_WAIT_GROWTH = 1.5;
const LONGEST_STATUS_WAIT_MS = 15_000;
/** Waits after requests that failed. */
const FIRST_RETRY_WAIT_MS = 1_000;
const LONGEST_RETRY_WAIT_MS = 60_000;
/** Pause of all starts in a target after a quota error. */
const QUOTA_PAUSE_MS = 10_000;
/** Calls to stop a query at the service before it is left to end by itself. */
const STOP_CALLS = 5;

const PRIORITY: Readonly<Record<Phase, Priority>> = { start: 'start', status: 'run', results: 'run', stop: 'stop' };

/**
 * Runs each scheduled query over its windows, one run at a time: start → status until it ends → results → wait. A window
 * is run once or skipped, never caught up; one that could not be started when the next is due is skipped.
 */
export class Runs<Query extends Runnable> {
  readonly #options: RunsOptions<Query>;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry<Query>>();
  readonly #rooms = new Map<Target, Room<Query>>();
  /** Removed queries whose last run is still being stopped, by name. */
  readonly #leaving = new Map<string, Entry<Query>>();
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
   */
  add(query: Query): void {
    const target = this.#options.targets.get(query.account, query.region);
    const newest = newestWindow(query.schedule, this.#clock.now());
    const entry: Entry<Query> = {
      query,
      target,
      room: this.#room(target),
      offset: offsetOf(query.name, query.schedule),
      newest,
      wanted: { window: windowOf(query.schedule, newest), since: this.#clock.monotonic() },
      current: undefined,
      removed: false,
    };
    this.#entries.set(query.name, entry);
    this.#queue(entry);
    if (this.#running) {
      this.#admit(entry.room);
    }
  }

  /**
   * Runs a query no more. A run of it is stopped at the service, and is not counted; the room that it takes is freed when
   * that is done.
   */
  remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      return;
    }
    this.#entries.delete(name);
    entry.removed = true;
    entry.wanted = undefined;
    entry.room.waiting.delete(entry);
    const { current } = entry;
    if (current === undefined) {
      return;
    }
    this.#leaving.set(name, entry);
    if (!current.starting) {
      this.#windUp(entry, current);
    }
  }

  start(): void {
    this.#running = true;
    this.#look();
  }

  /**
   * Begins no more runs, and stops those in flight at the service; a start whose answer is still awaited is stopped as
   * soon as its id is known. Resolves when that is done, however long it takes.
   */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelTimer();
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    for (const entry of this.#entries.values()) {
      entry.wanted = undefined;
      if (entry.current !== undefined && !entry.current.starting) {
        this.#windUp(entry, entry.current);
      }
    }
    this.#tellIdle();
    await idle;
  }

  /** When a query's next run is due, in milliseconds of the wall clock; undefined while one is wanted or in flight. */
  nextRun(name: string): number | undefined {
    const entry = this.#entries.get(name);
    return entry === undefined || entry.current !== undefined || entry.wanted !== undefined
      ? undefined
      : dueAt(entry.query.schedule, entry.newest + 1, entry.offset);
  }

  /** Requests a second that each target's queries need. */
  planned(): ReadonlyMap<Target, number> {
    const planned = new Map<Target, number>();
    for (const { target, query } of this.#entries.values()) {
      planned.set(target, (planned.get(target) ?? 0) + this.#options.rateOf(query));
    }
    return planned;
  }

  /** Runs of a target: at the service or being started, waiting for room, and how many there may be now; undefined where no
   * query is scheduled. */
  of(target: Target): { readonly active: number; readonly waiting: number; readonly limit: number } | undefined {
    const room = this.#rooms.get(target);
    return room && { active: room.cap.active, waiting: room.waiting.size, limit: room.cap.current };
  }

  #room(target: Target): Room<Query> {
    let room = this.#rooms.get(target);
    if (room === undefined) {
      const cap = new RunCap(this.#options.capOf(target), this.#clock);
      room = { cap, waiting: new Set(), notBefore: Number.NEGATIVE_INFINITY };
      this.#rooms.set(target, room);
    }
    return room;
  }

  /** Finds windows that have become due, and lets runs begin that have room now. */
  #look(): void {
    if (!this.#running) {
      return;
    }
    const now = this.#clock.now();
    for (const entry of this.#entries.values()) {
      const due = newestDue(entry.query.schedule, now, entry.offset);
      if (due > entry.newest) {
        this.#windowsDue(entry, due);
      }
    }
    for (const room of this.#rooms.values()) {
      this.#admit(room);
    }
    this.#cancelTimer = this.#clock.setTimer(LOOK_MS, () => this.#look());
  }

  #windowsDue(entry: Entry<Query>, due: number): void {
    const { current } = entry;
    const isNotStarted = current?.phase === 'start' && !current.starting;
    if (isNotStarted && current.failures > 0) {
      this.#end(entry, current, 'start_failed');
    }
    /** It waits for the budget: it keeps its place there, for the new window. */
    const waits = isNotStarted && current.failures === 0;
    const skipped = due - entry.newest - 1 + (waits || entry.wanted !== undefined ? 1 : 0);
    if (skipped > 0) {
      this.#options.actions.skipped(entry.query, skipped);
    }
    entry.newest = due;
    const wanted = { window: windowOf(entry.query.schedule, due), since: this.#clock.monotonic() };
    if (waits) {
      current.run = newRun(wanted);
      return;
    }
    entry.wanted = wanted;
    this.#queue(entry);
  }

  /** Lets a query that wants to run wait for room, unless a run of its name is still under way. */
  #queue(entry: Entry<Query>): void {
    if (entry.wanted !== undefined && entry.current === undefined && !this.#leaving.has(entry.query.name)) {
      entry.room.waiting.add(entry);
    }
  }

  #admit(room: Room<Query>): void {
    for (const entry of room.waiting) {
      if (!this.#running || !room.cap.hasRoom || this.#clock.monotonic() < room.notBefore) {
        return;
      }
      room.waiting.delete(entry);
      this.#begin(entry);
    }
  }

  #begin(entry: Entry<Query>): void {
    const { wanted } = entry;
    if (wanted === undefined) {
      return;
    }
    entry.wanted = undefined;
    const current: Current = {
      run: newRun(wanted),
      phase: 'start',
      starting: false,
      failures: 0,
      statusWait: FIRST_STATUS_WAIT_MS,
      task: undefined,
    };
    entry.current = current;
    entry.room.cap.begin();
    this.#ask(entry, current, 0);
  }

  /** Makes the next request of a run, `wait` milliseconds from now. */
  #ask(entry: Entry<Query>, current: Current, wait: number): void {
    const { dispatcher, actions } = this.#options;
    const { phase } = current;
    const task: Task = {
      target: entry.target,
      priority: PRIORITY[phase],
      due: this.#clock.monotonic() + wait,
      failing: current.failures > 0,
      run: async (signal) => {
        if (entry.current !== current || current.phase !== phase) {
          return 'answered';
        }
        if (phase === 'start') {
          current.run.startedAt = this.#clock.monotonic();
          current.starting = true;
        }
        current.task = undefined;
        const result = await actions[phase](entry.query, current.run, signal).catch((error: unknown) => {
          this.#answered(entry, current, phase, 'silent');
          throw error;
        });
        this.#answered(entry, current, phase, result);
        return result === 'silent' ? 'silent' : 'answered';
      },
    };
    current.task = task;
    dispatcher.add(task);
  }

  #answered(entry: Entry<Query>, current: Current, phase: Phase, result: StepResult): void {
    if (entry.current !== current || current.phase !== phase) {
      return; // A shutdown has not waited for it.
    }
    current.starting = false;
    const failed = result === 'silent' || result === 'retry';
    current.failures = failed ? current.failures + 1 : 0;
    if (phase === 'status' && !failed && result !== 'again') {
      current.run.terminalAt = this.#clock.monotonic();
    }
    if ((!this.#running || entry.removed) && phase !== 'stop') {
      this.#windUp(entry, current);
    } else if (phase === 'stop') {
      this.#stopAnswered(entry, current, result);
    } else if (result === 'quota') {
      this.#refused(entry, current);
    } else if (result === 'done') {
      this.#nextPhase(entry, current);
    } else if (result !== 'again' && !failed) {
      this.#end(entry, current, result);
    } else if (phase === 'start' && entry.wanted !== undefined) {
      this.#end(entry, current, 'start_failed');
    } else if (this.#timeLeft(entry, current) <= 0) {
      this.#timeOut(entry, current);
    } else {
      this.#ask(entry, current, Math.min(this.#waitAfter(current, failed), this.#timeLeft(entry, current)));
    }
  }

  #nextPhase(entry: Entry<Query>, current: Current): void {
    if (current.phase === 'results') {
      this.#end(entry, current, 'succeeded');
      return;
    }
    current.phase = current.phase === 'start' ? 'status' : 'results';
    this.#ask(entry, current, current.phase === 'status' ? FIRST_STATUS_WAIT_MS : 0);
  }

  #waitAfter(current: Current, failed: boolean): number {
    if (failed) {
      return Math.min(FIRST_RETRY_WAIT_MS * 2 ** (current.failures - 1), LONGEST_RETRY_WAIT_MS);
    }
    if (current.phase === 'results') {
      return 0;
    }
    current.statusWait = Math.min(current.statusWait * STATUS_WAIT_GROWTH, LONGEST_STATUS_WAIT_MS);
    return current.statusWait;
  }

  /** Milliseconds. A start that is tried again has no timeout of its own: it ends when the next window is due. */
  #timeLeft({ query }: Entry<Query>, { phase, run }: Current): number {
    return phase === 'start'
      ? Number.POSITIVE_INFINITY
      : run.startedAt + query.schedule.timeout - this.#clock.monotonic();
  }

  /** Without the results of a query that has ended there is nothing to stop. */
  #timeOut(entry: Entry<Query>, current: Current): void {
    if (current.phase === 'results') {
      this.#end(entry, current, 'results_failed');
      return;
    }
    current.phase = 'stop';
    current.failures = 0;
    this.#ask(entry, current, 0);
  }

  #stopAnswered(entry: Entry<Query>, current: Current, result: StepResult): void {
    if (result === 'done' || current.failures >= STOP_CALLS) {
      current.run.terminalAt = result === 'done' ? this.#clock.monotonic() : undefined;
      this.#leave(entry);
      if (this.#running && !entry.removed) {
        this.#options.actions.ended(entry.query, current.run, 'timed_out');
      }
      this.#tellIdle();
    } else {
      this.#ask(entry, current, FIRST_RETRY_WAIT_MS);
    }
  }

  /** The service has no room: the run goes back to the head of those that wait, and is no failure of the query. */
  #refused(entry: Entry<Query>, { run }: Current): void {
    const { room } = entry;
    room.cap.refused();
    room.notBefore = this.#clock.monotonic() + QUOTA_PAUSE_MS;
    if (entry.wanted === undefined) {
      entry.wanted = { window: run.window, since: run.wantedAt };
    } else {
      this.#options.actions.skipped(entry.query, 1);
    }
    room.waiting = new Set([entry, ...room.waiting]);
    this.#leave(entry);
  }

  #end(entry: Entry<Query>, current: Current, outcome: Exclude<RunOutcome, 'skipped'>): void {
    this.#leave(entry);
    this.#options.actions.ended(entry.query, current.run, outcome);
  }

  /** Gives the run's room to the next one. */
  #leave(entry: Entry<Query>): void {
    const { name } = entry.query;
    entry.current = undefined;
    entry.room.cap.end();
    if (this.#leaving.get(name) === entry) {
      this.#leaving.delete(name);
    }
    const wanting = this.#entries.get(name);
    if (wanting !== undefined) {
      this.#queue(wanting);
    }
    this.#admit(entry.room);
    if (wanting !== undefined && wanting.room !== entry.room) {
      this.#admit(wanting.room);
    }
  }

  /**
   * During a shutdown, or when the query is removed: stops the run at the service where it may still go on there, whatever
   * is still awaited of it.
   */
  #windUp(entry: Entry<Query>, current: Current): void {
    const { queryId, terminalAt } = current.run;
    if (current.phase === 'stop') {
      return;
    }
    if (current.task !== undefined) {
      this.#options.dispatcher.remove(current.task);
    }
    if (queryId === undefined || terminalAt !== undefined) {
      this.#leave(entry);
      this.#tellIdle();
    } else {
      current.phase = 'stop';
      current.failures = 0;
      this.#ask(entry, current, 0);
    }
  }

  #tellIdle(): void {
    const entries = [...this.#entries.values(), ...this.#leaving.values()];
    if (!this.#running && entries.every(({ current }) => current === undefined)) {
      this.#onIdle();
    }
  }
}

function newRun({ window, since }: { readonly window: Window; readonly since: number }): Run {
  return { window, queryId: undefined, startedAt: since, terminalAt: undefined, wantedAt: since };
}
