import type { ContributorSeries } from '../results/contributor-series.ts';
import { areTooOld, type RunState } from '../state/run-state.ts';
import { ContributorSections } from './contributor-sections.ts';
import type { Section } from './exposition.ts';
import { RunSections } from './run-sections.ts';
import { SeriesCap } from './series-cap.ts';

/** All that the page has of scheduled queries beyond what it has of every query: their runs, and their contributors. */
export class RunPage {
  readonly #runs = new RunSections();
  readonly #contributors = new ContributorSections();
  readonly #cap: SeriesCap;
  readonly #states = new Map<string, RunState>();

  /** `maxSeries` is the number of contributor series of all queries together. */
  constructor(maxSeries: number) {
    this.#cap = new SeriesCap(maxSeries);
  }

  /** `maxSeries` is another from the next {@link refresh} on. */
  setMaxSeries(maxSeries: number): void {
    this.#cap.setLimit(maxSeries);
  }

  /** Contributor series that are exported, as of the last {@link refresh}. */
  get series(): number {
    return this.#cap.exported;
  }

  /** A scheduled query was registered. */
  add(state: RunState): void {
    this.#states.set(state.query.name, state);
    this.#runs.add(state);
    this.#cap.set(state.query.name, 0);
  }

  /** A query has left: its series go, and others get its share of what may be exported. */
  remove(name: string): void {
    this.#states.delete(name);
    this.#runs.remove(name);
    this.#contributors.remove(name);
    this.#cap.remove(name);
  }

  /** A query's runs have changed. */
  changed(state: RunState): void {
    this.#runs.changed(state.query.name);
  }

  /** A query has new results, the worst series first. */
  resultsRead({ query }: RunState, series: readonly ContributorSeries[]): void {
    this.#cap.set(query.name, series.length);
    this.#contributors.replace(query, series, this.#cap.allowance(query.name));
  }

  /**
   * Prepares a scrape: drops results that have become too old by time alone, and shares the series among the queries.
   * Dropped results stay so until the next results.
   *
   * @param now on the monotonic clock
   */
  refresh(now: number): void {
    for (const state of this.#states.values()) {
      if (areTooOld(state, now) && this.#runs.drop(state.query.name)) {
        this.#contributors.remove(state.query.name);
        this.#cap.set(state.query.name, 0);
      }
    }
    for (const [name, allowance] of this.#cap.settle()) {
      this.#contributors.allow(name, allowance);
      this.#runs.capped(name, (this.#states.get(name)?.results?.series ?? 0) - allowance);
    }
  }

  sections(): Section[] {
    return [...this.#runs.sections(), ...this.#contributors.sections()];
  }
}
