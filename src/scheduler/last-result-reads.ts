import type { Clock } from '../lib/clock.ts';
import type { Registration } from '../model/query.ts';
import type { Run, Runnable } from '../model/run.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Target, Targets } from './target.ts';

/** A run that another process has counted. */
export interface LastRun<Query extends Runnable> {
  readonly registration: Registration<Query>;
  readonly run: Run;
}

/** Result of a call: `again` if there are more pages, `silent` without a response. */
export type LastResultsRead = 'done' | 'again' | 'failed' | 'silent';

export interface LastResultReadsOptions<Query extends Runnable> {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly targets: Pick<Targets, 'get'>;
  readonly maxAttempts: () => number;
  /** In milliseconds of the wall clock; undefined while a run waits or is in flight. */
  readonly nextRun: (registration: Registration<Query>) => number | undefined;
  readonly hasResults: (registration: Registration<Query>) => boolean;
  /** Reads the next page of results. It must end soon after `signal` aborts. */
  readonly read: (registration: Registration<Query>, run: Run, signal: AbortSignal) => Promise<LastResultsRead>;
}

const BUDGET_SHARE = 0.2;
/** Results are not read if the next window is due within this time, in milliseconds. */
const NEXT_RUN_MS = 120_000;

/** The reads of one target: one call at a time. */
interface TargetReads<Query extends Runnable> {
  readonly target: Target;
  /** The newest window last. */
  readonly waiting: LastRun<Query>[];
  /** Removes the call in progress if it has not started. */
  cancel: (() => void) | undefined;
}

/** Reads the results of another process's last runs, the newest first, so that a new leader need not wait for runs. */
export class LastResultReads<Query extends Runnable> {
  readonly #options: LastResultReadsOptions<Query>;
  readonly #reads = new Map<Target, TargetReads<Query>>();

  constructor(options: LastResultReadsOptions<Query>) {
    this.#options = options;
  }

  add(runs: readonly LastRun<Query>[]): void {
    const { clock, targets } = this.#options;
    for (const last of runs) {
      const { account, region } = last.registration.query;
      const target = targets.get(account, region);
      const reads = this.#reads.get(target) ?? { target, waiting: [], cancel: undefined };
      this.#reads.set(target, reads);
      reads.waiting.push(last);
    }
    for (const reads of this.#reads.values()) {
      reads.waiting.sort((a, b) => a.run.window.end - b.run.window.end);
      if (reads.cancel === undefined) {
        this.#readNext(reads, clock.monotonic());
      }
    }
  }

  /** Reads no more. The result of a call in flight is ignored. */
  clear(): void {
    for (const { cancel } of this.#reads.values()) {
      cancel?.();
    }
    this.#reads.clear();
  }

  #readNext(reads: TargetReads<Query>, due: number): void {
    let last: LastRun<Query> | undefined;
    do {
      last = reads.waiting.pop();
      // An unwanted one would wait for a slot and the budget, without a call.
    } while (last !== undefined && !this.#isWanted(last));
    if (last === undefined) {
      this.#reads.delete(reads.target);
    } else {
      this.#request(reads, last, due);
    }
  }

  #request(reads: TargetReads<Query>, last: LastRun<Query>, due: number): void {
    const { dispatcher, read } = this.#options;
    reads.cancel = dispatcher.add<LastResultsRead | 'unwanted'>({
      target: reads.target,
      priority: 'list',
      due,
      failing: false,
      run: async (signal) => (this.#isWanted(last) ? await read(last.registration, last.run, signal) : 'unwanted'),
      ended: (result) => this.#ended(reads, last, result),
    });
  }

  #ended(reads: TargetReads<Query>, last: LastRun<Query>, result: LastResultsRead | 'unwanted'): void {
    const { clock, maxAttempts } = this.#options;
    if (this.#reads.get(reads.target) !== reads) {
      return;
    }
    const hasFailed = result === 'failed' || result === 'silent';
    const attempts = result === 'unwanted' ? 0 : hasFailed ? maxAttempts() : 1;
    const due = clock.monotonic() + (attempts * 1_000) / (BUDGET_SHARE * reads.target.budget.rate);
    if (result === 'again') {
      this.#request(reads, last, due);
    } else {
      this.#readNext(reads, due);
    }
  }

  /** Results that would soon be stale or replaced are not read. */
  #isWanted({ registration, run }: LastRun<Query>): boolean {
    const { clock, nextRun, hasResults } = this.#options;
    const { every, delay, timeout } = registration.query.schedule;
    const now = clock.now();
    const next = nextRun(registration) ?? now;
    const isRecent = now - run.window.end <= 2 * every + delay + timeout;
    return !registration.removed && !hasResults(registration) && next - now > NEXT_RUN_MS && isRecent;
  }
}
