import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Target, Targets } from './target.ts';
import { TaskQueue } from './task-queue.ts';

/**
 * What goes first within a target's budget. `page`: further pages of results, since a run may have hundreds of them, and
 * no other query of the target waits for its turn until they have all been read.
 */
export const PRIORITIES = ['stop', 'run', 'poll', 'start', 'page', 'list'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** How a request ended: whether the target has answered it at all, well or not. */
export type Answer = 'answered' | 'silent';

/** One request to make, once it is due and there is room for it. */
export interface Task {
  readonly target: Target;
  readonly priority: Priority;
  /** When it is due, in milliseconds of the monotonic clock. */
  readonly due: number;
  /** Its like failed last time: such tasks may take half of a target's slots, so that they stop no others. */
  readonly failing: boolean;
  /** Makes the request. It must end soon after `signal` aborts; a rejection is a mistake of ours, and counts as silence. */
  run(signal: AbortSignal): Promise<Answer>;
}

/** Why requests are aborted when the dispatcher stops: they have not failed. */
export const SHUTDOWN = new Error('the exporter shuts down');

export interface DispatcherLimits {
  /** Requests in flight over all targets, at most. */
  readonly concurrency: number;
  /** A request that takes longer than this many milliseconds is aborted, whatever holds it up. */
  readonly timeLimit: number;
}

export interface DispatcherOptions extends DispatcherLimits {
  readonly clock: Clock;
  readonly log: Logger;
  readonly targets: Targets;
}

interface Queues {
  readonly sound: TaskQueue<Task>;
  readonly failing: TaskQueue<Task>;
}

/** A target's part of the work. */
interface Lane {
  readonly target: Target;
  readonly queues: Readonly<Record<Priority, Queues>>;
  inFlight: number;
  failingInFlight: number;
  /**
   * Requests that may be in flight now. It falls when the whole target is silent, so that a black hole takes few of the
   * slots that all targets share, and doubles with each answer, up to the target's own limit.
   */
  window: number;
  answeredAt: number;
  /** Nothing new comes: the lane goes when its last request has ended. */
  leaving: boolean;
}

interface InFlight {
  readonly priority: Priority;
  readonly startedAt: number;
  readonly abort: AbortController;
}

/** Room for one request that fails and for one that has not failed yet. */
const SMALLEST_WINDOW = 2;
/** Even when nothing is due, the dispatcher looks at this interval, so that a standstill can be told from idleness. */
const HEARTBEAT_MS = 1_000;
/** No heartbeat for this long means that the dispatcher stands still. */
const STANDSTILL_MS = 30_000;

/**
 * Makes requests when they are due, within their target's budget and slots, the most urgent kind first, with free slots
 * going round the targets. On a monotonic clock only, so that wall-clock jumps change nothing.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  #limits: DispatcherLimits;
  readonly #clock: Clock;
  readonly #lanes = new Map<Target, Lane>();
  /** All lanes, the one first whose last start is longest ago. */
  #ring: Lane[] = [];
  readonly #inFlight = new Set<InFlight>();
  #running = false;
  #onlyStops = false;
  #pumping = false;
  #lastTick: number;
  #timerAt = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#limits = options;
    this.#clock = options.clock;
    this.#lastTick = this.#clock.monotonic();
    options.targets.onFree(() => this.#wakeAt(this.#clock.monotonic()));
  }

  /** Other limits hold from now on. */
  setLimits(limits: DispatcherLimits): void {
    this.#limits = limits;
    this.#wakeAt(this.#clock.monotonic());
  }

  /** Nothing new is asked of the target: it is forgotten as soon as what is asked of it already has ended. */
  forget(target: Target): void {
    const lane = this.#lanes.get(target);
    if (lane !== undefined) {
      lane.leaving = true;
      this.#dropIfIdle(lane);
    }
  }

  add(task: Task): void {
    const { [task.priority]: queues } = this.#lane(task.target).queues;
    (task.failing ? queues.failing : queues.sound).push(task);
    this.#wakeAt(task.due);
  }

  /** Takes out a task that has not begun: it never will. Nothing for one that has, or is not there. */
  remove(task: Task): void {
    const lane = this.#lanes.get(task.target);
    if (lane !== undefined) {
      const { [task.priority]: queues } = lane.queues;
      (task.failing ? queues.failing : queues.sound).remove(task);
      this.#dropIfIdle(lane);
    }
  }

  start(): void {
    this.#running = true;
    this.#pump();
  }

  /**
   * From now on begins nothing but what stops runs. What is in flight is aborted, so that it is not in the way, but for
   * starts: only their answers tell what is to be stopped.
   */
  windDown(): void {
    this.#onlyStops = true;
    for (const { priority, abort } of this.#inFlight) {
      if (priority !== 'start' && priority !== 'stop') {
        abort.abort(SHUTDOWN);
      }
    }
  }

  /** Begins no more requests and aborts those in flight. */
  stop(): void {
    this.#running = false;
    this.#cancelTimer();
    for (const { abort } of this.#inFlight) {
      abort.abort(SHUTDOWN);
    }
  }

  /** How late the most overdue task of a priority is, in seconds. */
  lag(priority: Priority): number {
    const now = this.#clock.monotonic();
    let earliest = now;
    for (const { queues } of this.#ring) {
      const { sound, failing } = queues[priority];
      earliest = Math.min(earliest, sound.peek()?.due ?? now, failing.peek()?.due ?? now);
    }
    return (now - earliest) / 1_000;
  }

  /** Why the dispatcher does not work, or undefined while it does. */
  standstill(): string | undefined {
    const silence = this.#clock.monotonic() - this.#lastTick;
    return this.#running && silence > STANDSTILL_MS
      ? `the scheduler has not ticked for ${Math.round(silence / 1_000)} s`
      : undefined;
  }

  #lane(target: Target): Lane {
    let lane = this.#lanes.get(target);
    if (lane === undefined) {
      lane = {
        target,
        queues: {
          stop: newQueues(),
          run: newQueues(),
          poll: newQueues(),
          start: newQueues(),
          page: newQueues(),
          list: newQueues(),
        },
        inFlight: 0,
        failingInFlight: 0,
        window: target.maxConcurrentRequests,
        answeredAt: Number.NEGATIVE_INFINITY,
        leaving: false,
      };
      this.#lanes.set(target, lane);
      this.#ring.push(lane);
    }
    return lane;
  }

  #dropIfIdle(lane: Lane): void {
    if (lane.leaving && lane.inFlight === 0 && !hasTasks(lane)) {
      this.#lanes.delete(lane.target);
      this.#ring = this.#ring.filter((each) => each !== lane);
    }
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

  /** Begins all tasks that may begin now, and sets the timer for the next moment. */
  #pump(): void {
    if (!this.#running) {
      return;
    }
    this.#pumping = true;
    this.#cancelTimer();
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    this.#abortOverlong(now);
    const next = this.#beginDue(now);
    this.#lastTick = now;
    this.#pumping = false;
    this.#wakeAt(Math.min(next, now + HEARTBEAT_MS));
  }

  /**
   * Begins what may begin, one task of each target at a time, and those targets first whose last start is longest ago: of
   * targets that wait for one budget, or for one free slot, none goes before another twice in a row. A target that has a
   * request in flight leaves a slot for each that has none (up to half of all), so that one that hangs cannot take them
   * all. Returns when to look again, Infinity where only the end of a request or a freed budget can change anything.
   */
  #beginDue(now: number): number {
    const { concurrency } = this.#limits;
    const priorities = this.#onlyStops ? (['stop'] as const) : PRIORITIES;
    for (;;) {
      let next = Number.POSITIVE_INFINITY;
      let idle = this.#ring.filter(isIdle).length;
      const begun = new Set<Lane>();
      for (const lane of this.#ring) {
        const kept = isIdle(lane) ? 0 : Math.min(idle, Math.floor(concurrency / 2));
        if (this.#inFlight.size + kept >= concurrency) {
          continue;
        }
        const queue = queueToServe(lane, now, priorities);
        const due = queue?.peek()?.due ?? Number.POSITIVE_INFINITY;
        const at = due === Number.POSITIVE_INFINITY ? due : Math.max(due, now + lane.target.budget.startsIn());
        const task = at <= now ? queue?.pop() : undefined;
        if (task === undefined) {
          next = Math.min(next, at);
        } else {
          begun.add(lane);
          idle -= lane.inFlight === 0 ? 1 : 0;
          this.#begin(lane, task, now);
        }
      }
      if (begun.size === 0) {
        return next;
      }
      this.#ring = [...this.#ring.filter((lane) => !begun.has(lane)), ...begun];
    }
  }

  #begin(lane: Lane, task: Task, now: number): void {
    const flight: InFlight = { priority: task.priority, startedAt: now, abort: new AbortController() };
    lane.inFlight += 1;
    lane.failingInFlight += task.failing ? 1 : 0;
    this.#inFlight.add(flight);
    const end = (answer: Answer) => {
      lane.inFlight -= 1;
      lane.failingInFlight -= task.failing ? 1 : 0;
      this.#inFlight.delete(flight);
      this.#dropIfIdle(lane);
      if (answer === 'answered') {
        lane.answeredAt = this.#clock.monotonic();
        lane.window = Math.min(lane.window * 2, lane.target.maxConcurrentRequests);
      } else if (lane.answeredAt < flight.startedAt) {
        lane.window = Math.min(SMALLEST_WINDOW, lane.target.maxConcurrentRequests);
      }
      this.#wakeAt(this.#clock.monotonic());
    };
    task.run(flight.abort.signal).then(end, (error: unknown) => {
      const { account, region } = task.target;
      this.#options.log.error('request broke', { account, aws_region: region, error: String(error) });
      end('silent');
    });
  }

  #abortOverlong(now: number): void {
    const { timeLimit } = this.#limits;
    for (const { startedAt, abort } of this.#inFlight) {
      if (now - startedAt <= timeLimit) {
        return;
      }
      abort.abort(new Error(`the request took longer than ${timeLimit / 1_000} s`));
    }
  }
}

/** Whether a target has something to do, and nothing of it in flight. */
function isIdle(lane: Lane): boolean {
  return lane.inFlight === 0 && hasTasks(lane);
}

function hasTasks({ queues }: Lane): boolean {
  return Object.values(queues).some(({ sound, failing }) => sound.size + failing.size > 0);
}

function newQueues(): Queues {
  return { sound: new TaskQueue(), failing: new TaskQueue() };
}

/**
 * The queue whose first task goes next among those for which the target has a free slot: of the most urgent kind that has
 * one due, else that with the earliest.
 */
function queueToServe(lane: Lane, now: number, priorities: readonly Priority[]): TaskQueue<Task> | undefined {
  const window = Math.min(lane.window, lane.target.maxConcurrentRequests);
  if (lane.inFlight >= window) {
    return undefined;
  }
  const failingAllowed = lane.failingInFlight * 2 < window;
  let earliest: TaskQueue<Task> | undefined;
  let earliestDue = Number.POSITIVE_INFINITY;
  for (const priority of priorities) {
    const { sound, failing } = lane.queues[priority];
    const soundDue = sound.peek()?.due ?? Number.POSITIVE_INFINITY;
    const failingDue = (failingAllowed ? failing.peek()?.due : undefined) ?? Number.POSITIVE_INFINITY;
    const due = Math.min(soundDue, failingDue);
    const queue = soundDue <= failingDue ? sound : failing;
    if (due <= now) {
      return queue;
    }
    if (due < earliestDue) {
      earliest = queue;
      earliestDue = due;
    }
  }
  return earliest;
}
