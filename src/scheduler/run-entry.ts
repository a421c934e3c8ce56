import type { Clock } from '../lib/clock.ts';
import type { Registration } from '../model/query.ts';
import type { RunActions, Runnable, WantedWindow } from '../model/run.ts';
import type { ActiveRun } from './active-run.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { DueWindows } from './due-windows.ts';
import type { RunJournal } from './run-journal.ts';
import type { RunSlots } from './run-slots.ts';
import type { Target, Targets } from './target.ts';

export interface RunsOptions<Query extends Runnable> {
  readonly clock: Clock;
  readonly targets: Targets;
  readonly dispatcher: Dispatcher;
  readonly actions: RunActions<Query>;
  /** The concurrent-run limit of a target. */
  readonly runLimitOf: (target: Target) => number;
  /** Requests per second that the runs of a query need. */
  readonly rateOf: (query: Query) => number;
  /** Undefined if runs are not persisted. */
  readonly journal: RunJournal<Query> | undefined;
  /** On shutdown, runs continue at the service, and another process resumes them. */
  readonly leavesRuns: boolean;
}

/** The state of a query's runs. */
export interface RunEntry<Query extends Runnable> {
  readonly registration: Registration<Query>;
  readonly target: Target;
  readonly slots: RunSlots<RunEntry<Query>>;
  readonly windows: DueWindows;
  /** A due window that has not started. */
  wanted: WantedWindow | undefined;
  /** The run that has a slot. */
  active: ActiveRun<Query> | undefined;
  /** For a removed query: the query that has its name now, and waits for the end of its run. */
  successor: RunEntry<Query> | undefined;
}
