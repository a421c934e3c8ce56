import { type Clock, monotonicOf } from '../lib/clock.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Logger } from '../lib/log.ts';
import { hasTotal, type Registration, type ScheduledQuery } from '../model/query.ts';
import type { RunOutcome } from '../model/run.ts';
import type { ContributorSeries } from '../results/contributor-series.ts';
import type { KeptJson } from '../results/kept-json.ts';
import type { StateChanged } from './changed-fields.ts';
import { RecentRuns } from './recent-runs.ts';

/** The last results that were read of a query. */
export interface QueryResults {
  /** End of their window, in milliseconds since the epoch; of `-data` queries: the newest point's time. */
  readonly at: number;
  /** End of the window, in milliseconds since the epoch. */
  readonly windowEnd: number;
  /** End of the window on the monotonic clock: what the results' age counts from. */
  readonly since: number;
  /** Length of their window in milliseconds; of `-data` queries: from point to point, undefined for fewer than two. */
  readonly length: number | undefined;
  /** Rows, or `-data` items, in the answer. */
  readonly rows: number;
  /** Series that the query's own cap let through, and left out. */
  readonly series: number;
  readonly dropped: number;
  /** All of it, as the HTTP API shows it. */
  readonly json: KeptJson;
}

/** What is known of the runs of a scheduled query. Undefined means not known. */
export interface RunState {
  readonly registration: Registration<ScheduledQuery>;
  /** Runs by outcome since registration. */
  readonly runs: Readonly<Record<RunOutcome, number>>;
  readonly lastOutcome: RunOutcome | undefined;
  readonly recent: Pick<RecentRuns, 'count' | 'list'>;
  /** The service's id of the last run that was started. */
  readonly lastQueryId: string | undefined;
  /** Of the last run that came to a terminal status: from the request to start it until then, in milliseconds. */
  readonly lastDuration: number | undefined;
  /** Kept when a later run fails. */
  readonly results: QueryResults | undefined;
  /** Sum over all rows read since registration, each window once; undefined for metrics that have none. */
  readonly total: number | undefined;
  /** Label values of contributors that were cut since registration. */
  readonly truncatedLabelValues: number;
}

type MutableRunState = { -readonly [Field in keyof RunState]: RunState[Field] } & {
  readonly runs: Record<RunOutcome, number>;
  readonly recent: RecentRuns;
};

/** Results as they were read; their age and series are noted here. */
export type ReadResults = Omit<QueryResults, 'series' | 'since'>;

/** The series of new results, the worst first; `restored` from an earlier process, or read just now. */
export type NewResults = [
  registration: Registration<ScheduledQuery>,
  series: readonly ContributorSeries[],
  from: 'read' | 'restored',
];

export interface RunStatesOptions {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly log: Pick<Logger, 'error'>;
  /** Emits each change. */
  readonly changed: StateChanged;
}

/** The runs of all scheduled queries. */
export class RunStates {
  /** Their series are not kept here. */
  readonly newResults: Emitter<NewResults>;
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #changed: StateChanged;
  readonly #states = new WeakMap<Registration, MutableRunState>();

  constructor({ clock, log, changed }: RunStatesOptions) {
    this.#clock = clock;
    this.#changed = changed;
    this.newResults = new Emitter(log, 'new results of a query');
  }

  register(registration: Registration<ScheduledQuery>): RunState {
    const state: MutableRunState = {
      registration,
      runs: noRuns(),
      lastOutcome: undefined,
      recent: new RecentRuns(),
      lastQueryId: undefined,
      lastDuration: undefined,
      results: undefined,
      total: hasTotal(registration.query) ? 0 : undefined,
      truncatedLabelValues: 0,
    };
    this.#states.set(registration, state);
    return state;
  }

  /** An earlier process knew this of a query that was just registered. */
  restore(registration: Registration, saved: Pick<RunState, 'lastOutcome' | 'lastQueryId' | 'lastDuration'>): void {
    const state = this.#state(registration);
    Object.assign(state, saved);
    this.#changed.emit(registration, ['lastOutcome', 'lastQueryId', 'lastDuration']);
  }

  /** An earlier process has read these results, and no newer ones were. */
  restoreResults(registration: Registration, results: ReadResults, series: readonly ContributorSeries[]): void {
    const state = this.#state(registration);
    const since = monotonicOf(this.#clock, results.windowEnd);
    state.results = { ...results, since, series: series.length };
    this.newResults.emit(state.registration, series, 'restored');
    this.#changed.emit(registration, ['results']);
  }

  /** Undefined for a query that is not scheduled. */
  get(registration: Registration): RunState | undefined {
    return this.#states.get(registration);
  }

  started(registration: Registration, queryId: string): void {
    const state = this.#state(registration);
    state.lastQueryId = queryId;
    this.#changed.emit(registration, ['lastQueryId']);
  }

  /**
   * Results were read whole, with these series. `total` is the sum of their rows' values, undefined where it means
   * nothing; `truncated` values of labels were cut.
   */
  resultsRead(
    registration: Registration,
    results: ReadResults,
    series: readonly ContributorSeries[],
    total: number | undefined,
    truncated: number,
  ): void {
    const state = this.#state(registration);
    state.truncatedLabelValues += truncated;
    // A window ends at most so long before its results are read; if it seems longer, the wall clock has jumped since.
    const { every, delay, timeout } = state.registration.query.schedule;
    const earliest = this.#clock.monotonic() - (2 * every + delay + timeout);
    const since = Math.max(earliest, monotonicOf(this.#clock, results.windowEnd));
    state.results = { ...results, since, series: series.length };
    if (state.total !== undefined && total !== undefined) {
      state.total += total;
    }
    this.newResults.emit(state.registration, series, 'read');
    this.#changed.emit(registration, ['results', 'total', 'truncatedLabelValues']);
  }

  /**
   * A run has ended; `duration` is the milliseconds from the request to start it to its terminal status, undefined where
   * it came to none.
   */
  ended(registration: Registration, outcome: Exclude<RunOutcome, 'skipped'>, duration: number | undefined): void {
    const state = this.#state(registration);
    state.runs[outcome] += 1;
    state.lastOutcome = outcome;
    state.recent.add({ outcome, at: this.#clock.now(), duration });
    state.lastDuration = duration ?? state.lastDuration;
    this.#changed.emit(registration, ['runs', 'lastOutcome', 'recent', 'lastDuration']);
  }

  /** So many windows passed without a run. */
  skipped(registration: Registration, windows: number): void {
    const state = this.#state(registration);
    state.runs.skipped += windows;
    state.recent.add({ outcome: 'skipped', at: this.#clock.now(), duration: undefined });
    this.#changed.emit(registration, ['runs', 'recent']);
  }

  #state(registration: Registration): MutableRunState {
    const state = this.#states.get(registration);
    if (state === undefined) {
      throw new Error(`internal error: scheduled query ${registration.name} is not registered`);
    }
    return state;
  }
}

/** Whether the last results are too old to be shown at `now`, on the monotonic clock. */
export function areTooOld({ results, registration }: RunState, now: number): boolean {
  const { every, delay, timeout } = registration.query.schedule;
  return results !== undefined && now - results.since > 3 * every + delay + timeout;
}

function noRuns(): Record<RunOutcome, number> {
  return {
    succeeded: 0,
    failed: 0,
    canceled: 0,
    timed_out: 0,
    start_failed: 0,
    results_failed: 0,
    skipped: 0,
  };
}
