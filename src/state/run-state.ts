import { type Clock, monotonicOf } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import { Emitter } from '../lib/emitter.ts';
import { hasTotal, type Registration, type ScheduledQuery } from '../model/query.ts';
import { RUN_OUTCOMES, type RunOutcome } from '../model/run.ts';
import type { ContributorSeries } from '../results/contributors.ts';
import type { KeptJson } from '../results/kept-json.ts';
import type { StateChanged } from './changed-fields.ts';
import { RecentRuns } from './recent-runs.ts';

export interface QueryResults {
  /** End of the window, in milliseconds since the epoch; for `-data` queries, the time of the newest point. */
  readonly at: number;
  /** End of the window, in milliseconds since the epoch. */
  readonly windowEnd: number;
  /** End of the window on the monotonic clock, from which the age of the results counts. */
  readonly since: number;
  /** Length of the window in milliseconds; for `-data` queries, the step between points, undefined for fewer than two. */
  readonly length: number | undefined;
  /** Rows, or `-data` items, in the response. */
  readonly rows: number;
  /** Series within the limit per query, and series over it. */
  readonly series: number;
  readonly dropped: number;
  /** JSON of the digest of flows; undefined for data points, and for results of an earlier process. */
  readonly flows?: string | undefined;
  /** The JSON of the HTTP API. */
  readonly json: KeptJson;
}

/** The state of the runs of a scheduled query. Undefined means unknown. */
export interface RunState {
  readonly registration: Registration<ScheduledQuery>;
  /** Runs since registration, by outcome. */
  readonly runs: Readonly<Record<RunOutcome, number>>;
  readonly lastOutcome: RunOutcome | undefined;
  readonly recent: Pick<RecentRuns, 'count' | 'list'>;
  /** The service's ID of the last started run. */
  readonly lastQueryId: string | undefined;
  /** Milliseconds from the start request to the terminal status, for the last run that became terminal. */
  readonly lastDuration: number | undefined;
  /** Kept if a later run fails. */
  readonly results: QueryResults | undefined;
  /** Sum over all rows read since registration, each window once. Undefined for metrics without a sum. */
  readonly total: number | undefined;
  /** Label values of contributors that were truncated since registration. */
  readonly truncatedLabelValues: number;
}

type MutableRunState = { -readonly [Field in keyof RunState]: RunState[Field] } & {
  readonly runs: Record<RunOutcome, number>;
  readonly recent: RecentRuns;
};

/** Results as they were read. `RunStates` adds their age and number of series. */
export type ReadResults = Omit<QueryResults, 'series' | 'since'>;

/** The series of new results, the highest values first. `restored`: they are from an earlier process. */
export type NewResults = [
  registration: Registration<ScheduledQuery>,
  series: readonly ContributorSeries[],
  from: 'read' | 'restored',
];

/** The run states of all scheduled queries. */
export class RunStates {
  /** Emits the series of results, which are not kept here. */
  readonly newResults: Emitter<NewResults>;
  readonly #clock: Clock;
  readonly #changed: StateChanged;
  readonly #states = new WeakMap<Registration, MutableRunState>();

  constructor({ clock, log, changed }: Pick<Context, 'clock' | 'log'> & { readonly changed: StateChanged }) {
    this.#clock = clock;
    this.#changed = changed;
    this.newResults = new Emitter(log, 'new results of a query');
  }

  register(registration: Registration<ScheduledQuery>): RunState {
    const state: MutableRunState = {
      registration,
      runs: Object.fromEntries(RUN_OUTCOMES.map((outcome) => [outcome, 0])) as Record<RunOutcome, number>, // has all of them
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

  /** Restores the state of an earlier process for a query that was just registered. */
  restore(registration: Registration, saved: Pick<RunState, 'lastOutcome' | 'lastQueryId' | 'lastDuration'>): void {
    Object.assign(this.#state(registration), saved);
    this.#changed.emit(registration, ['lastOutcome', 'lastQueryId', 'lastDuration']);
  }

  restoreResults(registration: Registration, results: ReadResults, series: readonly ContributorSeries[]): void {
    const state = this.#state(registration);
    const since = monotonicOf(this.#clock, results.windowEnd);
    state.results = { ...results, since, series: series.length };
    this.newResults.emit(state.registration, series, 'restored');
    this.#changed.emit(registration, ['results']);
  }

  /** Returns undefined for a query that is not scheduled. */
  get(registration: Registration): RunState | undefined {
    return this.#states.get(registration);
  }

  started(registration: Registration, queryId: string): void {
    this.#state(registration).lastQueryId = queryId;
    this.#changed.emit(registration, ['lastQueryId']);
  }

  /** Stores complete results. `truncated` is the number of truncated label values. */
  resultsRead(
    registration: Registration,
    results: ReadResults,
    series: readonly ContributorSeries[],
    truncated: number,
  ): void {
    const state = this.#state(registration);
    state.truncatedLabelValues += truncated;
    // A window ends at most this long before its results are read. If it seems longer, the wall clock has jumped since.
    const { every, delay, timeout } = state.registration.query.schedule;
    const earliest = this.#clock.monotonic() - (2 * every + delay + timeout);
    const since = Math.max(earliest, monotonicOf(this.#clock, results.windowEnd));
    state.results = { ...results, since, series: series.length };
    this.newResults.emit(state.registration, series, 'read');
    this.#changed.emit(registration, ['results', 'truncatedLabelValues']);
  }

  /** Adds the sum over the rows of a counted run; undefined for a metric without a sum. */
  addTotal(registration: Registration, total: number | undefined): void {
    const state = this.#state(registration);
    if (state.total !== undefined && total !== undefined) {
      state.total += total;
      this.#changed.emit(registration, ['total']);
    }
  }

  /** Counts an ended run. `duration`: milliseconds from the start request to the terminal status, if there is one. */
  ended(registration: Registration, outcome: Exclude<RunOutcome, 'skipped'>, duration: number | undefined): void {
    const state = this.#state(registration);
    state.runs[outcome] += 1;
    state.lastOutcome = outcome;
    state.recent.add({ outcome, at: this.#clock.now(), duration });
    state.lastDuration = duration ?? state.lastDuration;
    this.#changed.emit(registration, ['runs', 'lastOutcome', 'recent', 'lastDuration']);
  }

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

/** Returns whether the last results are stale at `now`, on the monotonic clock. */
export function areStale({ results, registration }: RunState, now: number): boolean {
  const { every, delay, timeout } = registration.query.schedule;
  return results !== undefined && now - results.since > 3 * every + delay + timeout;
}
