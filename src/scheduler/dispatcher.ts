import type { Clock } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import { Lane, PRIORITIES, type Priority, type QueuedRequest } from './lane.ts';
import type { Target, Targets } from './target.ts';

/** A request to make. `silent` is the result if the target did not respond, successfully or not. */
export interface Task<Result extends string> extends Omit<QueuedRequest, 'send'> {
  /** Makes the request. It must end soon after `signal` aborts. A rejection is an internal error. */
  run(signal: AbortSignal): Promise<Result | 'silent'>;
  /** Called once the request has ended; with `silent` after an internal error. */
  ended(result: Result | 'silent'): void;
}

/** Reason for aborting requests when the dispatcher stops. They have not failed. */
export const SHUTDOWN = new Error('the exporter is shutting down');

export interface DispatcherLimits {
  /** Maximum number of requests in flight over all targets. */
  readonly concurrency: number;
  /** Milliseconds after which a request is aborted, for whatever reason it takes longer. */
  readonly timeLimit: number;
}

export interface DispatcherOptions extends DispatcherLimits, Pick<Context, 'clock' | 'log'> {
  readonly targets: Targets;
}

interface InFlight {
  readonly priority: Priority;
  readonly startedAt: number;
  readonly abort: AbortController;
}

/** Interval of ticks if nothing is due, so that a stalled dispatcher differs from an idle one. */
const HEARTBEAT_MS = 1_000;
const STANDSTILL_MS = 30_000;

const ONLY_STOPS: readonly Priority[] = ['stop'];

/**
 * Makes requests when they are due, within the budget and the slots of their target. The most urgent kind is first, and free
 * slots rotate among the targets. Uses a monotonic clock only, so that jumps of the wall clock have no effect.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  #limits: DispatcherLimits;
  readonly #clock: Clock;
  readonly #lanes = new Map<Target, Lane>();
  /** All lanes, the one with the least recent start first. */
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
    options.targets.onFree = () => this.wake();
  }

  /** Starts what may start now: a budget allows new calls again. */
  wake(): void {
    this.#wakeAt(this.#clock.monotonic());
  }

  setLimits(limits: DispatcherLimits): void {
    this.#limits = limits;
    this.wake();
  }

  /** Forgets a target for which no requests are added, as soon as those it has have ended. */
  forget(target: Target): void {
    const lane = this.#lanes.get(target);
    if (lane !== undefined) {
      lane.isRemoved = true;
      this.#dropIfEmpty(lane);
    }
  }

  /** Adds a request. Returns a function that removes it; it does nothing if the request has started. */
  add<Result extends string>(task: Task<Result>): () => void {
    const lane = this.#lane(task.target);
    const send = async (signal: AbortSignal) => {
      const result = await task.run(signal).catch((error: unknown) => {
        task.ended('silent');
        throw error;
      });
      task.ended(result);
      return result !== 'silent';
    };
    const request: QueuedRequest = { ...task, send };
    lane.push(request);
    this.#wakeAt(task.due);
    return () => {
      lane.remove(request);
      this.#dropIfEmpty(lane);
    };
  }

  start(): void {
    this.#running = true;
    this.#onlyStops = false;
    this.#pump();
  }

  /** Until the next start, starts only requests that stop runs, and aborts all but starts, whose responses are needed. */
  windDown(): void {
    this.#onlyStops = true;
    for (const { priority, abort } of this.#inFlight) {
      if (priority !== 'start' && priority !== 'stop') {
        abort.abort(SHUTDOWN);
      }
    }
  }

  /** Starts no more requests, and aborts those in flight. */
  stop(): void {
    this.#running = false;
    this.#cancelTimer();
    for (const { abort } of this.#inFlight) {
      abort.abort(SHUTDOWN);
    }
  }

  /** Returns the delay of the most overdue request of a priority, in seconds. */
  lag(priority: Priority): number {
    const now = this.#clock.monotonic();
    return (now - Math.min(now, ...this.#ring.map((lane) => lane.dueAt(priority)))) / 1_000;
  }

  /** Returns why the dispatcher does not work, or undefined. */
  standstill(): string | undefined {
    const silence = this.#clock.monotonic() - this.#lastTick;
    return this.#running && silence > STANDSTILL_MS
      ? `the scheduler has not ticked for ${Math.round(silence / 1_000)} s`
      : undefined;
  }

  #lane(target: Target): Lane {
    let lane = this.#lanes.get(target);
    if (lane === undefined) {
      lane = new Lane(target);
      this.#lanes.set(target, lane);
      this.#ring.push(lane);
    }
    return lane;
  }

  #dropIfEmpty(lane: Lane): void {
    if (lane.isRemoved && lane.isEmpty && this.#lanes.get(lane.target) === lane) {
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

  /** Starts all requests that may start now, and sets the timer for the next ones. */
  #pump(): void {
    this.#pumping = true;
    this.#cancelTimer();
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    this.#abortOverlong(now);
    const next = this.#startDue(now);
    this.#lastTick = now;
    this.#pumping = false;
    this.#wakeAt(Math.min(next, now + HEARTBEAT_MS));
  }

  /**
   * Starts what may start, one request per target at a time, and the targets with the least recent start first. Among targets
   * that wait for the same budget or the same free slot, none starts twice in a row. A target with a request in flight
   * leaves a slot for each target without one (up to half of all slots), so that a target that hangs cannot take all of them.
   *
   * @returns when to try again; Infinity if only the end of a request or a budget can change anything
   */
  #startDue(now: number): number {
    const { concurrency } = this.#limits;
    const priorities = this.#onlyStops ? ONLY_STOPS : PRIORITIES;
    for (;;) {
      let next = Number.POSITIVE_INFINITY;
      const idle = this.#ring.filter((lane) => lane.isIdle).length;
      const started = new Set<Lane>();
      for (const lane of this.#ring) {
        const { isIdle } = lane;
        const reserved = isIdle ? 0 : Math.min(idle, Math.floor(concurrency / 2));
        if (this.#inFlight.size + reserved >= concurrency) {
          continue;
        }
        const request = lane.next(now, priorities);
        const due = request?.due ?? Number.POSITIVE_INFINITY;
        if (due > now && due >= next) {
          continue;
        }
        const at = Math.max(due, now + lane.target.budget.startsIn());
        if (request === undefined || at > now) {
          next = Math.min(next, at);
        } else {
          started.add(lane);
          this.#send(lane, request, now);
        }
      }
      if (started.size === 0) {
        return next;
      }
      this.#ring = [...this.#ring.filter((lane) => !started.has(lane)), ...started];
    }
  }

  #send(lane: Lane, request: QueuedRequest, now: number): void {
    const flight: InFlight = { priority: request.priority, startedAt: now, abort: new AbortController() };
    lane.started(request);
    this.#inFlight.add(flight);
    const end = (hasResponded: boolean) => {
      this.#inFlight.delete(flight);
      lane.ended(request, flight.startedAt, this.#clock.monotonic(), hasResponded);
      this.#dropIfEmpty(lane);
      this.wake();
    };
    request.send(flight.abort.signal).then(end, (error: unknown) => {
      const { account, region } = lane.target;
      this.#options.log.error('unexpected error in request', { account, aws_region: region, error: String(error) });
      end(false);
    });
  }

  #abortOverlong(now: number): void {
    const { timeLimit } = this.#limits;
    for (const { startedAt, abort } of this.#inFlight) {
      if (now - startedAt <= timeLimit) {
        return;
      }
      abort.abort(new Error(`the request exceeded its limit of ${timeLimit / 1_000} s`));
    }
  }
}
