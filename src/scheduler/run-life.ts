import type { Clock } from '../lib/clock.ts';
import type { Registration } from '../model/query.ts';
import type { WantedWindow } from '../model/run.ts';
import { newRun, type Run, type RunActions, type RunEnd, type Runnable, type StepResult } from '../model/run.ts';
import type { Dispatcher, Priority, Task } from './dispatcher.ts';
import type { RunJournal } from './run-journal.ts';
import { STATUS_WAITS, waitAfter } from './status-waits.ts';
import type { Target } from './target.ts';

export interface RunLifeOptions<Query extends Runnable> {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly actions: Pick<RunActions<Query>, Phase>;
  readonly registration: Registration<Query>;
  readonly target: Target;
  readonly journal: RunJournal<Query> | undefined;
  /** Told once: no request of the run is made any more. */
  readonly over: (run: Run, end: RunEnd) => void;
}

/** What a run's requests are for. */
type Phase = 'start' | 'status' | 'results' | 'stop';

const PRIORITY: Readonly<Record<Phase, Priority>> = { start: 'start', status: 'run', results: 'run', stop: 'stop' };

const WAITS = STATUS_WAITS.run;
/** Waits after requests that failed. */
const FIRST_RETRY_WAIT_MS = 1_000;
const LONGEST_RETRY_WAIT_MS = 60_000;
/** Calls to stop a query at the service before it is left to end by itself. */
const STOP_CALLS = 5;

/**
 * The life of one run that has room: start → status until it ends → results; where its time is over before, or nobody
 * wants it any more, stop. One request at a time. A start that may have reached the service is not repeated: a second one
 * could leave a query there that nobody follows or stops.
 */
export class RunLife<Query extends Runnable> {
  readonly #options: RunLifeOptions<Query>;
  readonly #clock: Clock;
  #run: Run;
  #phase: Phase = 'start';
  /** The request to start it is in flight: it may be at the service already, under an id that is not known yet. */
  #starting = false;
  /** No start is tried again: the next window waits. */
  #lastStart = false;
  /** The first page of results has been read, and there are more. */
  #paging = false;
  /** Failures in a row in this phase. */
  #failures = 0;
  #statusWait = WAITS.first;
  /** The next request, while it waits. */
  #task: Task | undefined;
  #abandoned = false;
  #left = false;
  #over = false;

  /** `run` may be at the service already: then its life goes on from there. */
  constructor(options: RunLifeOptions<Query>, run: Run) {
    this.#options = options;
    this.#clock = options.clock;
    this.#run = run;
  }

  begin(): void {
    if (this.#run.queryId === undefined) {
      this.#ask(0);
    } else {
      this.#enter('status', 0);
    }
  }

  /**
   * The query's next window is due. A run that waits for the budget to start is over that one from now on; one whose
   * start has failed gives up.
   *
   * @returns whether the run has taken the window, in place of its own
   */
  nextWindowDue(wanted: WantedWindow): boolean {
    if (this.#phase !== 'start') {
      return false;
    }
    if (this.#starting) {
      this.#lastStart = true;
      return false;
    }
    if (this.#failures > 0) {
      this.#end('start_failed');
      return false;
    }
    this.#run = newRun(wanted);
    return true;
  }

  /**
   * Nobody wants the run any more: it is stopped at the service where it may still go on there, whatever is awaited of it.
   * Only a start that is in flight is waited for, as its answer tells what is to be stopped.
   */
  abandon(): void {
    this.#abandoned = true;
    if (!this.#starting) {
      this.#windUp();
    }
  }

  /**
   * The run is left to another process, which will take it up: no more is asked, but for what stops it. Only a start that
   * is in flight is waited for.
   */
  leave(): void {
    this.#left = true;
    if (!this.#starting) {
      this.#letGo();
    }
  }

  /** Makes the next request, `wait` milliseconds from now. */
  #ask(wait: number): void {
    const { dispatcher, target } = this.#options;
    const phase = this.#phase;
    const task: Task = {
      target,
      priority: this.#paging ? 'page' : PRIORITY[phase],
      due: this.#clock.monotonic() + wait,
      failing: this.#failures > 0,
      run: async (signal) => {
        if (this.#isPast(phase)) {
          return 'answered';
        }
        this.#task = undefined;
        const result = await this.#request(phase, signal).catch((error: unknown) => {
          this.#run.isUnconfirmed = phase === 'start';
          this.#answered(phase, 'silent');
          throw error;
        });
        this.#answered(phase, result);
        return result === 'silent' ? 'silent' : 'answered';
      },
    };
    this.#task = task;
    dispatcher.add(task);
  }

  async #request(phase: Phase, signal: AbortSignal): Promise<StepResult> {
    const { actions, journal, registration } = this.#options;
    if (phase !== 'start') {
      return actions[phase](registration, this.#run, signal);
    }
    this.#starting = true;
    if (journal !== undefined) {
      const isAllowed = await journal.starting(registration, this.#run);
      if (isAllowed && (this.#abandoned || this.#left)) {
        journal.over(registration, this.#run, 'refused');
      }
      if (!isAllowed || this.#abandoned || this.#left) {
        return 'retry';
      }
    }
    this.#run.startedAt = this.#clock.monotonic();
    const result = await actions.start(registration, this.#run, signal);
    if (result === 'done') {
      journal?.started(registration, this.#run);
    }
    return result;
  }

  /** Nobody waits for a request of this phase any more. */
  #isPast(phase: Phase): boolean {
    return this.#over || this.#phase !== phase;
  }

  #answered(phase: Phase, result: StepResult): void {
    if (this.#isPast(phase)) {
      return;
    }
    this.#starting = false;
    const failed = result === 'silent' || result === 'retry';
    this.#failures = failed ? this.#failures + 1 : 0;
    if (phase === 'status' && !failed && result !== 'again') {
      this.#run.terminalAt = this.#clock.monotonic();
    }
    if (phase === 'stop') {
      this.#stopAnswered(result);
    } else if (this.#abandoned) {
      this.#windUp();
    } else if (this.#left) {
      this.#letGo();
    } else if (phase === 'start' && this.#run.isUnconfirmed) {
      this.#end('skipped');
    } else if (result === 'quota') {
      this.#end('refused');
    } else if (result === 'done') {
      this.#nextPhase(phase);
    } else if (result !== 'again' && !failed) {
      this.#end(result);
    } else if (phase === 'start' && this.#lastStart) {
      this.#end('start_failed');
    } else if (this.#timeLeft() <= 0) {
      this.#timeOut();
    } else {
      this.#ask(Math.min(this.#nextWait(failed), this.#timeLeft()));
    }
  }

  #nextPhase(done: Exclude<Phase, 'stop'>): void {
    switch (done) {
      case 'start':
        this.#enter('status', WAITS.first);
        break;
      case 'status':
        this.#enter('results', 0);
        break;
      case 'results':
        this.#end('succeeded');
    }
  }

  #enter(phase: Phase, wait: number): void {
    this.#phase = phase;
    this.#paging = false;
    this.#failures = 0;
    this.#ask(wait);
  }

  #nextWait(failed: boolean): number {
    if (failed) {
      return Math.min(FIRST_RETRY_WAIT_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_WAIT_MS);
    }
    if (this.#phase === 'results') {
      this.#paging = true;
      return 0;
    }
    this.#statusWait = waitAfter(WAITS, this.#statusWait);
    return this.#statusWait;
  }

  /** Milliseconds. A start that is tried again has no timeout of its own: it ends when the next window is due. */
  #timeLeft(): number {
    return this.#phase === 'start'
      ? Number.POSITIVE_INFINITY
      : this.#run.startedAt + this.#options.registration.query.schedule.timeout - this.#clock.monotonic();
  }

  /** Without the results of a query that has ended there is nothing to stop. */
  #timeOut(): void {
    if (this.#phase === 'results') {
      this.#end('results_failed');
    } else {
      this.#enter('stop', 0);
    }
  }

  #stopAnswered(result: StepResult): void {
    if (result === 'done' || this.#failures >= STOP_CALLS) {
      this.#run.terminalAt = result === 'done' ? this.#clock.monotonic() : undefined;
      this.#end(this.#abandoned ? 'abandoned' : 'timed_out');
    } else {
      this.#ask(FIRST_RETRY_WAIT_MS);
    }
  }

  #letGo(): void {
    if (this.#phase !== 'stop') {
      this.#askNoMore();
      this.#end('abandoned');
    }
  }

  #askNoMore(): void {
    if (this.#task !== undefined) {
      this.#options.dispatcher.remove(this.#task);
    }
  }

  #windUp(): void {
    if (this.#phase === 'stop') {
      return;
    }
    this.#askNoMore();
    const { queryId, terminalAt } = this.#run;
    if (queryId === undefined || terminalAt !== undefined) {
      this.#end('abandoned');
    } else {
      this.#enter('stop', 0);
    }
  }

  #end(end: RunEnd): void {
    this.#over = true;
    this.#options.over(this.#run, end);
  }
}
