import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { ContributorSeries } from '../results/contributor-series.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import type { RunStates } from '../state/run-state.ts';
import { ContributorSections } from './contributor-sections.ts';
import type { Section } from './exposition.ts';
import { RunSections } from './run-sections.ts';
import { SeriesCap } from './series-cap.ts';

/** All that the page has of scheduled queries beyond what it has of every query: their runs, and their contributors. */
export class RunPage {
  readonly #states: Pick<RunStates, 'get'>;
  readonly #runs = new RunSections();
  readonly #contributors = new ContributorSections();
  readonly #cap: SeriesCap;

  /** `maxSeries` is the number of contributor series of all queries together. */
  constructor(states: Pick<RunStates, 'get'>, maxSeries: number) {
    this.#states = states;
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

  /** What is known of a query has changed. With its removal its series go, and others get its share of what may be exported. */
  changed(registration: Registration, fields: readonly ChangedField[]): void {
    const { name } = registration;
    if (fields.includes('removed')) {
      this.#runs.remove(name);
      this.#contributors.remove(name);
      this.#cap.remove(name);
    } else if (fields.includes('registered')) {
      const state = this.#states.get(registration);
      if (state !== undefined) {
        this.#runs.add(state);
        this.#cap.set(name, 0);
      }
    } else {
      this.#runs.changed(name, fields);
    }
  }

  /** A query has new results, the worst series first. */
  resultsRead({ name, query }: Registration<ScheduledQuery>, series: readonly ContributorSeries[]): void {
    this.#cap.set(name, series.length);
    this.#contributors.replace(query, series, this.#cap.allowance(name));
  }

  /**
   * Prepares a scrape: drops results that have become too old by time alone, and shares the series among the queries.
   * Dropped results stay so until the next results.
   *
   * @param now on the monotonic clock
   */
  refresh(now: number): void {
    for (const name of this.#runs.dropOutdated(now)) {
      this.#contributors.remove(name);
      this.#cap.set(name, 0);
    }
    for (const [name, allowance] of this.#cap.settle()) {
      this.#contributors.allow(name, allowance);
      this.#runs.capped(name, allowance);
    }
  }

  sections(): Section[] {
    return [...this.#runs.sections(), ...this.#contributors.sections()];
  }
}
