import type { Clock } from '../lib/clock.ts';
import type { Registration } from '../model/query.ts';
import {
  newRun,
  type Run,
  type RunActions,
  type RunEnd,
  type Runnable,
  type StepResult,
  type WantedWindow,
} from '../model/run.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Permission, RunJournal } from './run-journal.ts';
import { STATUS_WAITS, waitAfter } from './status-waits.ts';
import type { Target, Targets } from './target.ts';

export interface RunsOptions<Query extends Runnable> {
  readonly clock: Clock;
  readonly targets: Targets;
  readonly dispatcher: Dispatcher;
  readonly actions: RunActions<Query>;
  readonly runLimitOf: (target: Target) => number;
  /** Requests per second that the runs of a query need. */
  readonly rateOf: (query: Query) => number;
  /** Undefined if runs are not persisted. */
  readonly journal: RunJournal<Query> | undefined;
  /** On shutdown, runs continue at the service, and another process resumes them. */
  readonly leavesRuns: boolean;
}

interface ActiveRunOptions<Query extends Runnable> extends RunsOptions<Query> {
  readonly registration: Registration<Query>;
  readonly target: Target;
  /** Called once, when the run makes no more requests. */
  readonly over: (run: Run, end: RunEnd) => void;
}

type Phase = 'start' | 'status' | 'results' | 'stop';

const WAITS = STATUS_WAITS.run;
/** Waits after failed requests, with exponential backoff. */
const FIRST_RETRY_WAIT_MS = 1_000;
const LONGEST_RETRY_WAIT_MS = 60_000;
/** Maximum number of calls to stop a query at the service. After that, it ends on its own. */
const STOP_CALLS = 5;

/**
 * One run that has a slot: start → status until terminal → results; stop if it times out or is abandoned. One request at a
 * time. A start that may have reached the service is not repeated: a second one could leave an unknown query running there.
 */
export class ActiveRun<Query extends Runnable> {
  readonly #options: ActiveRunOptions<Query>;
  readonly #clock: Clock;
  #run: Run;
  #phase: Phase = 'start';
  /** The start is in flight: the run may be at the service already, under an unknown id. */
  #starting = false;
  /** Why the last call was not made, if the journal did not permit it. */
  #held: Exclude<Permission, 'stored'> | undefined;
  /** The start is not retried, because the next window waits. */
  #lastStart = false;
  /** The first page of results was read, and there are more. */
  #paging = false;
  /** Consecutive failures in this phase. */
  #failures = 0;
  #statusWait = WAITS.first;
  #cancel: () => void = () => undefined;
  /** Set when the run is no longer followed here. */
  #released: 'abandoned' | 'left' | undefined;
  #over = false;

  /** If `run` is at the service already, it is resumed. */
  constructor(options: ActiveRunOptions<Query>, run: Run) {
    this.#options = options;
    this.#clock = options.clock;
    this.#run = run;
  }

  begin(): void {
    if (this.#run.queryId === undefined) {
      this.#send(0);
    } else {
      this.#enter('status', 0);
    }
  }

  /** Handles a due window. Returns whether the run, which waits, has taken it. A run whose start has failed ends. */
  nextWindowDue(wanted: WantedWindow): boolean {
    if (this.#phase !== 'start') {
      return false;
    }
    if (this.#starting) {
      this.#lastStart = true;
      return false;
    }
    if (this.#failures > 0 && this.#held === undefined) {
      this.#end('start_failed');
      return false;
    }
    this.#run = newRun(wanted);
    return true;
  }

  /**
   * Ends the run here, and stops it at the service (`abandoned`, also after `left`) or leaves it to another process.
   * Waits for a start in flight, because its response shows what must be stopped, and for requests that stop the run.
   */
  release(how: 'abandoned' | 'left'): void {
    this.#released = this.#released === 'abandoned' ? 'abandoned' : how;
    this.#windUp();
  }

  /** Makes the next request, `wait` milliseconds from now. */
  #send(wait: number): void {
    const { dispatcher, target } = this.#options;
    const phase = this.#phase;
    const urgency = phase === 'start' || phase === 'stop' ? phase : 'run';
    this.#cancel = dispatcher.add<StepResult>({
      target,
      priority: this.#paging ? 'page' : urgency,
      due: this.#clock.monotonic() + wait,
      failing: this.#failures > 0,
      run: (signal) =>
        this.#request(phase, signal).catch((error: unknown) => {
          this.#run.isUnconfirmed = phase === 'start';
          throw error;
        }),
      ended: (result) => this.#ended(phase, result),
    });
  }

  async #request(phase: Phase, signal: AbortSignal): Promise<StepResult> {
    const { actions, registration } = this.#options;
    this.#held = undefined;
    switch (phase) {
      case 'start':
        return this.#start(signal);
      case 'stop':
        return this.#isHeld(await this.#options.journal?.stopping(registration, this.#run))
          ? 'retry'
          : actions.stop(registration, this.#run, signal);
      default:
        return actions[phase](registration, this.#run, signal);
    }
  }

  async #start(signal: AbortSignal): Promise<StepResult> {
    const { actions, journal, registration } = this.#options;
    this.#starting = true;
    if (journal !== undefined) {
      const isHeld = this.#isHeld(await journal.starting(registration, this.#run));
      if (!isHeld && this.#released !== undefined) {
        journal.over(registration, this.#run, 'refused', () => undefined);
      }
      if (isHeld || this.#released !== undefined) {
        return 'retry';
      }
    }
    this.#run.startedAt = this.#clock.monotonic();
    const result = await actions.start(registration, this.#run, signal);
    if (result === 'done') {
      journal?.started(registration, this.#run, () => this.release('abandoned'));
    }
    return result;
  }

  #isHeld(permission: Permission = 'stored'): boolean {
    this.#held = permission === 'stored' ? undefined : permission;
    return this.#held !== undefined;
  }

  #ended(phase: Phase, result: StepResult): void {
    // Nothing waits for a request of an earlier phase.
    if (this.#phase !== phase) {
      return;
    }
    this.#starting = false;
    const failed = result === 'silent' || result === 'retry';
    this.#failures = failed ? this.#failures + 1 : 0;
    if (phase === 'status' && !failed && result !== 'again') {
      this.#run.terminalAt = this.#clock.monotonic();
    }
    if (this.#held === 'taken') {
      this.#end('left');
    } else if (phase === 'stop') {
      this.#stopEnded(result);
    } else if (this.#released !== undefined) {
      this.#windUp();
    } else if (this.#run.isUnconfirmed) {
      this.#end('skipped');
    } else if (result === 'quota') {
      this.#end('refused');
    } else if (result === 'done' && phase === 'start') {
      this.#enter('status', WAITS.first);
    } else if (result === 'done' && phase === 'status') {
      this.#enter('results', 0);
    } else if (result === 'done') {
      this.#end('succeeded');
    } else if (result !== 'again' && !failed) {
      this.#end(result);
    } else if (phase === 'start' && this.#lastStart) {
      this.#end(this.#held === undefined ? 'start_failed' : 'skipped');
    } else if (this.#timeLeft() <= 0) {
      this.#timeOut();
    } else {
      this.#send(Math.min(this.#nextWait(failed), this.#timeLeft()));
    }
  }

  #enter(phase: Phase, wait: number): void {
    this.#cancel();
    this.#phase = phase;
    this.#paging = false;
    this.#failures = 0;
    this.#send(wait);
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

  /** Returns milliseconds. A start has no timeout: its retries end when the next window is due. */
  #timeLeft(): number {
    return this.#phase === 'start'
      ? Number.POSITIVE_INFINITY
      : this.#run.startedAt + this.#options.registration.query.schedule.timeout - this.#clock.monotonic();
  }

  /** Ends the run. If only its results are missing, there is nothing to stop. */
  #timeOut(): void {
    if (this.#phase === 'results') {
      this.#end('results_failed');
    } else {
      this.#enter('stop', 0);
    }
  }

  #stopEnded(result: StepResult): void {
    if (result === 'done' || this.#failures >= STOP_CALLS) {
      this.#run.terminalAt = result === 'done' ? this.#clock.monotonic() : undefined;
      this.#end(this.#released === 'abandoned' ? 'abandoned' : 'timed_out');
    } else {
      this.#send(FIRST_RETRY_WAIT_MS);
    }
  }

  #windUp(): void {
    const { queryId, terminalAt } = this.#run;
    if (this.#starting || this.#phase === 'stop') {
      return;
    }
    if (this.#released === 'left') {
      this.#end('left');
    } else if (queryId === undefined || terminalAt !== undefined) {
      this.#end('abandoned');
    } else {
      this.#enter('stop', 0);
    }
  }

  #end(end: RunEnd): void {
    this.#cancel();
    if (!this.#over) {
      this.#over = true;
      this.#options.over(this.#run, end);
    }
  }
}
