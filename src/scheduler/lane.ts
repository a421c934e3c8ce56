import type { Target } from './target.ts';
import { TaskQueue } from './task-queue.ts';

/**
 * Kinds of requests, the most urgent first. `page` is a further page of results: a run can have hundreds of them, and
 * other queries of the target do not wait until all are read. `list` is also a read of results that another process has counted.
 */
export const PRIORITIES = ['stop', 'run', 'poll', 'start', 'page', 'list'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** A request that waits until it is due and its target has a free slot. */
export interface QueuedRequest {
  readonly target: Target;
  readonly priority: Priority;
  /** In milliseconds of the monotonic clock. */
  readonly due: number;
  /** The last request of this kind failed. Such requests use at most half of a target's slots. */
  readonly failing: boolean;
  /** Makes the request. Returns whether the target responded, successfully or not. */
  send(signal: AbortSignal): Promise<boolean>;
}

/** The earliest request of a lane without a due one. It stays the same until the requests of the lane change. */
interface Upcoming {
  readonly request: QueuedRequest | undefined;
  readonly window: number;
  readonly priorities: readonly Priority[];
}

type Queues = Readonly<Record<'healthy' | 'failing', TaskQueue<QueuedRequest>>>;

/** Slots of a silent target: for one request that failed before, and for one that did not. */
const SMALLEST_WINDOW = 2;

/** The requests of one target. */
export class Lane {
  readonly target: Target;
  /** No requests are added: the lane is removed once its last request has ended. */
  isRemoved = false;
  readonly #queues = Object.fromEntries(PRIORITIES.map((each) => [each, newQueues()])) as Record<Priority, Queues>; // has all
  #waiting = 0;
  #inFlight = 0;
  #upcoming: Upcoming | undefined;
  #failingInFlight = 0;
  /** Requests that may be in flight: few if the target is silent, doubled by each response up to its own limit. */
  #window: number;
  #respondedAt = Number.NEGATIVE_INFINITY;

  constructor(target: Target) {
    this.target = target;
    this.#window = target.maxConcurrentRequests;
  }

  /** Whether requests wait and none is in flight. */
  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#waiting > 0;
  }

  get isEmpty(): boolean {
    return this.#inFlight === 0 && this.#waiting === 0;
  }

  push(request: QueuedRequest): void {
    this.#queueOf(request).push(request);
    this.#waiting += 1;
    this.#upcoming = undefined;
  }

  /** Removes a request. Does nothing if it does not wait. */
  remove(request: QueuedRequest): void {
    if (this.#queueOf(request).remove(request)) {
      this.#waiting -= 1;
      this.#upcoming = undefined;
    }
  }

  /** Returns when the earliest request of a priority is due; Infinity if none waits. */
  dueAt(priority: Priority): number {
    const { healthy, failing } = this.#queues[priority];
    return Math.min(dueOf(healthy), dueOf(failing));
  }

  /** Returns the due request of the most urgent kind that has a slot, or else the earliest request. Does not remove it. */
  next(now: number, priorities: readonly Priority[]): QueuedRequest | undefined {
    const window = Math.min(this.#window, this.target.maxConcurrentRequests);
    if (this.#inFlight >= window) {
      return undefined;
    }
    // The dispatcher reads this of all targets at each start and end of a request, and most of them wait.
    const known = this.#upcoming;
    const isKnown = known?.window === window && known.priorities === priorities;
    if (isKnown && (known.request === undefined || known.request.due > now)) {
      return known.request;
    }
    const failingAllowed = this.#failingInFlight * 2 < window;
    let earliest: QueuedRequest | undefined;
    for (const priority of priorities) {
      const { healthy, failing } = this.#queues[priority];
      const request = (failingAllowed && dueOf(failing) < dueOf(healthy) ? failing : healthy).peek();
      if (request !== undefined && request.due <= now) {
        return request;
      }
      if (request !== undefined && request.due < (earliest?.due ?? Number.POSITIVE_INFINITY)) {
        earliest = request;
      }
    }
    this.#upcoming = { request: earliest, window, priorities };
    return earliest;
  }

  /** Removes a request that starts now. */
  started(request: QueuedRequest): void {
    this.remove(request);
    this.#inFlight += 1;
    this.#failingInFlight += request.failing ? 1 : 0;
  }

  /** Times are on the monotonic clock. */
  ended({ failing }: QueuedRequest, startedAt: number, now: number, hasResponded: boolean): void {
    const { maxConcurrentRequests } = this.target;
    this.#upcoming = undefined;
    this.#inFlight -= 1;
    this.#failingInFlight -= failing ? 1 : 0;
    if (hasResponded) {
      this.#respondedAt = now;
      this.#window = Math.min(this.#window * 2, maxConcurrentRequests);
    } else if (this.#respondedAt < startedAt) {
      this.#window = Math.min(SMALLEST_WINDOW, maxConcurrentRequests);
    }
  }

  #queueOf({ priority, failing }: QueuedRequest): TaskQueue<QueuedRequest> {
    return this.#queues[priority][failing ? 'failing' : 'healthy'];
  }
}

function dueOf(queue: TaskQueue<QueuedRequest>): number {
  return queue.peek()?.due ?? Number.POSITIVE_INFINITY;
}

function newQueues(): Queues {
  return { healthy: new TaskQueue(), failing: new TaskQueue() };
}
