import TinyQueue from 'tinyqueue';
import type { Clock } from '../../../src/lib/clock.ts';

/** A sequence of random numbers that a seed determines. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Returns a number from 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  one<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) {
      throw new Error('nothing to choose from');
    }
    return item;
  }
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** The virtual time of all machines. Events run one at a time, and promises settle in between. */
export class World {
  #now = 0;
  #order = 0;
  readonly #events = new TinyQueue<Event>([], (a, b) => a.at - b.at || a.order - b.order);

  /** Milliseconds since the start. */
  get now(): number {
    return this.#now;
  }

  at(time: number, run: () => void): void {
    this.#events.push({ at: Math.max(time, this.#now), order: this.#order++, run });
  }

  after(ms: number, run: () => void): void {
    this.at(this.#now + ms, run);
  }

  async runUntil(end: number): Promise<void> {
    for (let next = this.#events.peek(); next !== undefined && next.at <= end; next = this.#events.peek()) {
      this.#events.pop();
      this.#now = next.at;
      next.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = end;
  }
}

/** One machine with one process: its clocks, pauses, and end. Nothing runs in a paused or dead process. */
export class Machine implements Clock {
  readonly #world: World;
  readonly #rate: number;
  readonly #wallOffset: number;
  /** Start of the process. */
  readonly startedAt: number;
  /** End of its last pause. */
  resumedAt = 0;
  #isDead = false;
  #isPaused = false;
  #held: (() => void)[] = [];

  /**
   * @param rate speed of its monotonic clock
   * @param wallOffset milliseconds by which its wall clock is ahead
   */
  constructor(world: World, rate: number, wallOffset: number) {
    this.#world = world;
    this.#rate = rate;
    this.#wallOffset = wallOffset;
    this.startedAt = world.now;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  now(): number {
    return EPOCH + this.#world.now * this.#rate + this.#wallOffset;
  }

  monotonic(): number {
    return (this.#world.now - this.startedAt) * this.#rate;
  }

  setTimer(ms: number, callback: () => void): () => void {
    let isCanceled = false;
    this.#world.after(Math.max(0, ms) / this.#rate, () => this.deliver(() => (isCanceled ? undefined : callback())));
    return () => {
      isCanceled = true;
    };
  }

  /** Runs `work` in the process: after its pause, or never if it has ended. */
  deliver(work: () => void): void {
    if (this.#isPaused) {
      this.#held.push(work);
    } else if (!this.#isDead) {
      work();
    }
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.resumedAt = this.#world.now;
    const held = this.#held;
    this.#held = [];
    for (const work of held) {
      this.#world.after(0, () => this.deliver(work));
    }
  }

  kill(): void {
    this.#isDead = true;
    this.#isPaused = false;
    this.#held = [];
  }
}

/** Start of the virtual time, in milliseconds since the epoch. */
export const EPOCH = Date.UTC(2026, 0, 1);

/** Delays and losses of a connection. */
export interface Line {
  /** Nothing gets through. */
  isCut: boolean;
  /** Time at which it was last repaired. */
  repairedAt: number;
  /** Probability that a request or its reply is lost. */
  loss: number;
  /** Probability that a request arrives again, later. */
  repeat: number;
  /** Probability that a request or its reply takes seconds. */
  slow: number;
}

/** What happened to a request. */
export interface Transfer {
  /** The reply will not be received. */
  isLost: boolean;
}

/**
 * Sends a request from a machine. The promise never settles if the request or its reply is lost.
 *
 * @param handle handles the request at the other side; called again if the request is repeated
 * @param transfer receives the outcome
 */
export function call<T>(
  world: World,
  random: Random,
  machine: Machine,
  line: Line,
  handle: () => T,
  transfer: Transfer = { isLost: false },
): Promise<T> {
  const delay = () => (random.chance(line.slow) ? random.between(500, 20_000) : random.between(1, 30));
  const isLost = () => line.isCut || random.chance(line.loss);
  return new Promise((resolve, reject) => {
    const arrive = (isFirst: boolean) => {
      let reply: () => void;
      try {
        const result = handle();
        reply = () => resolve(result);
      } catch (error) {
        reply = () => reject(error);
      }
      if (isFirst && !isLost()) {
        world.after(delay(), () => (line.isCut ? undefined : machine.deliver(reply)));
      } else if (isFirst) {
        transfer.isLost = true;
      }
    };
    if (isLost()) {
      transfer.isLost = true;
      return;
    }
    world.after(delay(), () => arrive(true));
    if (random.chance(line.repeat)) {
      world.after(random.between(10, 30_000), () => arrive(false));
    }
  });
}
