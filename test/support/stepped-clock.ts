import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/lib/clock.ts';
import { KeptJson } from '../../src/results/kept-json.ts';
// The daemon loads these with their first use. The clock does not wait for that, and calls would time out.
import '@aws-sdk/client-sts';
import '@smithy/node-http-handler';
import '../../src/aws/credential-sources.ts';
import '../../src/aws/credentials/identity.ts';
import '../../src/aws/cloudwatch/sdk.ts';
import '../../src/aws/sdk.ts';

/** What Node.js calls work on files with promises: closing a file is listed by another name than the rest. */
const FILES: ReadonlySet<string> = new Set(['FSReqPromise', 'CloseReq']);

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock for parts that communicate over real HTTP. It advances from timer to timer, and stops while this process has a
 * request in progress, reads or writes files with promises, or compresses results: these take longer on a busy machine.
 */
export class SteppedClock implements Clock {
  readonly #start: number;
  #elapsed = 0;
  /** There are few at any time, so that a sorted list suffices. */
  #timers: Timer[] = [];
  /** Requests of this process, and other work, in progress. */
  readonly #requests = new Set<unknown>();
  readonly #ended = new Set<() => void>();

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

  /** Watches the requests of this process until the returned function is called. */
  watchRequests(): () => void {
    // Until the end of the response body, an error, or an abort.
    const begin = (message: unknown) => {
      const request = requestOf(message);
      this.#requests.add(request);
      request.once('close', () => this.#end(request));
    };
    subscribe('http.client.request.start', begin);
    return () => unsubscribe('http.client.request.start', begin);
  }

  /** Does not advance while `work` is in progress. */
  async wait<T>(work: Promise<T>): Promise<T> {
    this.#requests.add(work);
    try {
      return await work;
    } finally {
      this.#end(work);
    }
  }

  /** Advances by `ms`, or until `isDone`. */
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
      // All timers that are due at the same time are called before other work.
      if (this.#timers[0]?.at !== next.at) {
        await this.#quiet();
      }
    }
  }

  /** Advances in small steps until `isDone`, for work that does not wait for requests only (for example, loading modules). */
  async creepUntil(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      await this.advance(10);
      await pause(5);
    }
  }

  /** Advances until `promise` is settled, by up to `ms`. Returns its result. */
  async complete<T>(promise: Promise<T>, ms: number): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => undefined);
    await this.advance(ms, () => isSettled);
    return settled;
  }

  /** Resolves when all work in progress waits for this clock. */
  async #quiet(): Promise<void> {
    await turn();
    while (this.#isBusy()) {
      do {
        await (this.#requests.size > 0 ? this.#requestsEnd() : pause(1));
      } while (this.#isBusy());
      // The effects of a response: the end of a request's body, its reader, the next request.
      for (let i = 0; i < 8; i += 1) {
        await turn();
      }
    }
  }

  /** Resolves when no request is in progress. Waits without turns, which would take the CPU time of those that reply. */
  #requestsEnd(): Promise<void> {
    return new Promise((resolve) => this.#ended.add(resolve));
  }

  #end(request: unknown): void {
    this.#requests.delete(request);
    if (this.#requests.size === 0) {
      for (const resolve of this.#ended) {
        resolve();
      }
      this.#ended.clear();
    }
  }

  #isBusy(): boolean {
    return (
      this.#requests.size > 0 || KeptJson.jobs > 0 || process.getActiveResourcesInfo().some((each) => FILES.has(each))
    );
  }
}

/** The request of a message of Node's HTTP diagnostics channels. */
function requestOf(message: unknown): ClientRequest {
  if (
    typeof message === 'object' &&
    message !== null &&
    'request' in message &&
    message.request instanceof ClientRequest
  ) {
    return message.request;
  }
  throw new TypeError('a message without a request');
}
