import { EventEmitter } from 'node:events';
import { type PoolOptions, type PoolWorker, ThreadsPoolWorker, type WorkerRequest } from 'vitest/node';

/** Runs until a thread is replaced, so that what tests leave behind does not accumulate. */
const MOST_RUNS = 40;

/** A thread with the modules that it has loaded. */
interface Thread {
  readonly worker: ThreadsPoolWorker;
  /** Its events are those of the run in progress. */
  readonly events: EventEmitter;
  runs: number;
}

let kept: Thread | undefined;

/** Ends the thread that is kept for the next run. */
export async function endKeptThread(): Promise<void> {
  const thread = kept;
  kept = undefined;
  await thread?.worker.stop();
}

/**
 * A thread that runs the tests of one mutant after those of another, without loading all modules again: they are instrumented
 * once for all mutants. Test files are loaded again for each run. Vitest itself ends its threads after each run.
 */
export class KeptThread implements PoolWorker {
  readonly name = 'kept-thread';
  readonly #options: PoolOptions;
  readonly #listeners: Array<[event: string, listener: (value: unknown) => void]> = [];
  #thread: Thread | undefined;
  /** Resolves at the end of the run in progress. */
  #idle: Promise<void> = Promise.resolve();
  #isRunning = false;
  /** With the filter of tests. A thread that is kept has the one of its first run. */
  #config: Extract<WorkerRequest, { type: 'start' }>['context']['config'] | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  on(event: string, listener: (value: unknown) => void): void {
    this.#listeners.push([event, listener]);
    this.#thread?.events.on(event, listener);
  }

  off(event: string, listener: (value: unknown) => void): void {
    this.#thread?.events.off(event, listener);
  }

  send(message: WorkerRequest): void {
    const thread = this.#thread;
    if (thread === undefined) {
      return;
    }
    if (message.type === 'start') {
      this.#config = message.context.config;
      if (thread.runs > 0) {
        this.#reply('started');
        return;
      }
    } else if (message.type === 'stop') {
      void this.#idle.then(() => this.#reply('stopped'));
      return;
    } else if (message.type === 'run') {
      thread.runs += 1;
      this.#isRunning = true;
      this.#idle = new Promise((resolve) => {
        thread.events.on('message', (response: { readonly type?: string }) => {
          if (response.type === 'testfileFinished') {
            this.#isRunning = false;
            resolve();
          }
        });
      });
      thread.worker.send(Object.assign(message, { context: { ...message.context, config: this.#config } }));
      return;
    }
    thread.worker.send(message);
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  async start(): Promise<void> {
    this.#thread = kept ?? (await newThread(this.#options));
    kept = undefined;
  }

  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    thread?.events.removeAllListeners();
    if (thread !== undefined && kept === undefined && !this.#isRunning && thread.runs < MOST_RUNS) {
      kept = thread;
    } else {
      await thread?.worker.stop();
    }
  }

  #reply(type: 'started' | 'stopped'): void {
    const events = this.#thread?.events;
    queueMicrotask(() => events?.emit('message', { type, __vitest_worker_response__: true }));
  }
}

async function newThread(options: PoolOptions): Promise<Thread> {
  const worker = new ThreadsPoolWorker(options);
  const events = new EventEmitter();
  await worker.start();
  const thread = { worker, events, runs: 0 };
  worker.on('message', (value: unknown) => events.emit('message', value));
  for (const event of ['error', 'exit']) {
    worker.on(event, (value: unknown) => {
      kept = kept === thread ? undefined : kept;
      if (events.listenerCount(event) > 0) {
        events.emit(event, value);
      }
    });
  }
  return thread;
}
