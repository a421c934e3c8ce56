import { type Clock, monotonicOf } from '../lib/clock.ts';
import { Listeners } from '../lib/listeners.ts';
import { hasTotal, type ScheduledQuery } from '../model/query.ts';
import type { RunOutcome } from '../model/run.ts';
import type { ContributorSeries } from '../results/contributor-series.ts';
import type { KeptJson } from '../results/kept-json.ts';
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
  readonly query: ScheduledQuery;
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

interface MutableRunState extends RunState {
  query: ScheduledQuery;
  readonly runs: Record<RunOutcome, number>;
  readonly recent: RecentRuns;
  lastOutcome: RunOutcome | undefined;
  lastQueryId: string | undefined;
  lastDuration: number | undefined;
  results: QueryResults | undefined;
  total: number | undefined;
  truncatedLabelValues: number;
}

/** Results as they were read; their age and series are noted here. */
export type ReadResults = Omit<QueryResults, 'series' | 'since'>;

/** The runs of all scheduled queries. */
export class RunStates {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #states = new Map<string, MutableRunState>();
  readonly #changes = new Listeners<[state: RunState]>();
  readonly #newResults = new Listeners<[state: RunState, series: readonly ContributorSeries[]]>();

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
  }

  /** Calls `listener` after each change of a query's runs from now on. */
  onChange(listener: (state: RunState) => void): void {
    this.#changes.add(listener);
  }

  /** Calls `listener` with the series of new results from now on, the worst first; they are not kept here. */
  onResults(listener: (state: RunState, series: readonly ContributorSeries[]) => void): void {
    this.#newResults.add(listener);
  }

  register(query: ScheduledQuery): RunState {
    const state: MutableRunState = {
      query,
      runs: noRuns(),
      lastOutcome: undefined,
      recent: new RecentRuns(),
      lastQueryId: undefined,
      lastDuration: undefined,
      results: undefined,
      total: hasTotal(query) ? 0 : undefined,
      truncatedLabelValues: 0,
    };
    this.#states.set(query.name, state);
    return state;
  }

  /** An earlier process knew this of a query that was just registered. */
  restore(name: string, saved: Pick<RunState, 'lastOutcome' | 'lastQueryId' | 'lastDuration'>): void {
    const state = this.#state(name);
    Object.assign(state, saved);
    this.#changes.tell(state);
  }

  /** An earlier process has read these results, and no newer ones were. */
  restoreResults(name: string, results: ReadResults, series: readonly ContributorSeries[]): void {
    const state = this.#state(name);
    const since = monotonicOf(this.#clock, results.windowEnd);
    state.results = { ...results, since, series: series.length };
    this.#newResults.tell(state, series);
    this.#changes.tell(state);
  }

  /** A query is asked or shown otherwise from now on, but asks the same. */
  change(query: ScheduledQuery): void {
    const state = this.#state(query.name);
    state.query = query;
    this.#changes.tell(state);
  }

  /** Forgets a query that has left. */
  remove(name: string): void {
    this.#states.delete(name);
  }

  get(name: string): RunState | undefined {
    return this.#states.get(name);
  }

  all(): IterableIterator<RunState> {
    return this.#states.values();
  }

  started(name: string, queryId: string): void {
    const state = this.#state(name);
    state.lastQueryId = queryId;
    this.#changes.tell(state);
  }

  /**
   * Results were read whole, with these series. `total` is the sum of their rows' values, undefined where it means
   * nothing; `truncated` values of labels were cut.
   */
  resultsRead(
    name: string,
    results: ReadResults,
    series: readonly ContributorSeries[],
    total: number | undefined,
    truncated: number,
  ): void {
    const state = this.#state(name);
    state.truncatedLabelValues += truncated;
    // A window ends at most so long before its results are read; if it seems longer, the wall clock has jumped since.
    const { every, delay, timeout } = state.query.schedule;
    const earliest = this.#clock.monotonic() - (2 * every + delay + timeout);
    const since = Math.max(earliest, monotonicOf(this.#clock, results.windowEnd));
    state.results = { ...results, since, series: series.length };
    if (state.total !== undefined && total !== undefined) {
      state.total += total;
    }
    this.#newResults.tell(state, series);
    this.#changes.tell(state);
  }

  /**
   * A run has ended; `duration` is the milliseconds from the request to start it to its terminal status, undefined where
   * it came to none.
   */
  ended(name: string, outcome: Exclude<RunOutcome, 'skipped'>, duration: number | undefined): void {
    const state = this.#state(name);
    state.runs[outcome] += 1;
    state.lastOutcome = outcome;
    state.recent.add({ outcome, at: this.#clock.now(), duration });
    state.lastDuration = duration ?? state.lastDuration;
    this.#changes.tell(state);
  }

  /** So many windows passed without a run. */
  skipped(name: string, windows: number): void {
    const state = this.#state(name);
    state.runs.skipped += windows;
    state.recent.add({ outcome: 'skipped', at: this.#clock.now(), duration: undefined });
    this.#changes.tell(state);
  }

  #state(name: string): MutableRunState {
    const state = this.#states.get(name);
    if (state === undefined) {
      throw new Error(`no scheduled query is named ${name}`);
    }
    return state;
  }
}

/** Whether the last results are too old to be shown at `now`, on the monotonic clock. */
export function areTooOld({ results, query }: RunState, now: number): boolean {
  const { every, delay, timeout } = query.schedule;
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
