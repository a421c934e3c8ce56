import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/lib/clock.ts';
// The daemon loads these when it needs them first. The clock would not wait for that, and calls would time out.
import '@aws-sdk/client-sts';
import '@smithy/node-http-handler';
import '../../src/aws/credential-sources.ts';
import '../../src/aws/credentials/identity.ts';
import '../../src/aws/sdk.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock for parts that talk real HTTP with each other: it goes from timer to timer, and stands still while a request of
 * this process is under way.
 */
export class SteppedClock implements Clock {
  readonly #start: number;
  #elapsed = 0;
  /** Few at any moment, so that a list in order will do. */
  #timers: Timer[] = [];
  /** Requests of this process that are under way. */
  readonly #requests = new Set<unknown>();

  constructor(start: number) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimer(ms: number, callback: () => void): () => void {
    const timer = { at: this.#elapsed + Math.max(0, ms), callback };
    const later = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index !== -1) {
        this.#timers.splice(index, 1);
      }
    };
  }

  /** Watches the requests of this process; the function returned ends that. */
  watchRequests(): () => void {
    // A request may end twice: with a response, and with an error after it.
    const begin = (message: unknown) => {
      this.#requests.add(requestOf(message));
    };
    const end = (message: unknown) => {
      this.#requests.delete(requestOf(message));
    };
    subscribe('http.client.request.start', begin);
    subscribe('http.client.response.finish', end);
    subscribe('http.client.request.error', end);
    return () => {
      unsubscribe('http.client.request.start', begin);
      unsubscribe('http.client.response.finish', end);
      unsubscribe('http.client.request.error', end);
    };
  }

  /** Goes on by `ms`, or until `isDone`, whichever is first. */
  async advance(ms: number, isDone: () => boolean = () => false): Promise<void> {
    const end = this.#elapsed + ms;
    await this.#quiet();
    while (!isDone()) {
      const next = this.#timers[0];
      if (next === undefined || next.at > end) {
        this.#elapsed = end;
        return;
      }
      this.#timers.shift();
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.callback();
      // Of timers that are due at once, all are called before anything else has its turn.
      if (this.#timers[0]?.at !== next.at) {
        await this.#quiet();
      }
    }
  }

  /** Goes on little by little until `isDone`, for what waits for more than requests: the first use of modules and files. */
  async creepUntil(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      await this.advance(10);
      await pause(5);
    }
  }

  /** Goes on until `promise` is settled, for `ms` at most. Returns what it resolves to. */
  async complete<T>(promise: Promise<T>, ms: number): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => undefined);
    await this.advance(ms, () => isSettled);
    return settled;
  }

  /** Resolves when all that goes on has come to wait for this clock. */
  async #quiet(): Promise<void> {
    await turn();
    while (this.#requests.size > 0) {
      do {
        await turn();
      } while (this.#requests.size > 0);
      // What an answer sets off: the end of a request's body, its reader, the next request.
      for (let i = 0; i < 8; i += 1) {
        await turn();
      }
    }
  }
}

/** The request that a message of Node's HTTP diagnostics channels is about. */
function requestOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'request' in message ? message.request : undefined;
}
