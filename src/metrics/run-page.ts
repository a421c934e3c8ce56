import type { Registration, ScheduledQuery } from '../model/query.ts';
import { RUN_OUTCOMES } from '../model/run.ts';
import type { ContributorSeries } from '../results/contributors.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import { areStale, type QueryResults, type RunState, type RunStates } from '../state/run-state.ts';
import { ContributorSections } from './contributor-sections.ts';
import type { Section } from './exposition.ts';
import { RUN_FAMILIES } from './families.ts';
import { GroupedChunks, type SamplesOf } from './gzip/grouped-chunks.ts';
import { SeriesLimit } from './series-limit.ts';
import { labelPart, type Sample, seconds, serviceLabel, stateSamples } from './text.ts';

type FamilyName = keyof typeof RUN_FAMILIES;

/** A scheduled query as it was rendered, or will be at the next scrape. */
interface ShownRuns {
  readonly state: RunState;
  /** `{query="NAME"}`, escaped. */
  readonly label: string;
  /** Series that the limit over all queries leaves out. */
  dropped: number;
  /** Results whose series were removed because of their age. */
  outdated: QueryResults | undefined;
}

/** The series of scheduled queries beyond those of every query: their runs and contributors. */
export class RunPage {
  readonly #states: Pick<RunStates, 'get'>;
  readonly #runs = new GroupedChunks<string, ShownRuns, FamilyName>(RUN_FAMILIES, SAMPLES);
  readonly #contributors = new ContributorSections();
  /** The limit of contributor series, applied by {@link refresh}. */
  readonly limit: SeriesLimit;

  constructor(states: Pick<RunStates, 'get'>, maxSeries: number) {
    this.#states = states;
    this.limit = new SeriesLimit(maxSeries);
  }

  /** Marks what must be rendered again. The series of a removed query are removed, and others get its share of the limit. */
  changed(registration: Registration, fields: readonly ChangedField[]): void {
    const { name } = registration;
    const state = this.#states.get(registration);
    if (fields.includes('removed')) {
      this.#runs.remove(name);
      this.#contributors.remove(name);
      this.limit.remove(name);
    } else if (!fields.includes('registered')) {
      const families = fields.flatMap((field) => FAMILIES_OF[field] ?? []);
      this.#runs.changed(name, families);
    } else if (state !== undefined) {
      this.#runs.add(name, { state, label: labelPart([['query', name]]), dropped: 0, outdated: undefined });
      this.limit.set(name, 0);
    }
  }

  /** Replaces the series of a query, which are in descending order of values. */
  resultsRead({ name, query }: Registration<ScheduledQuery>, series: readonly ContributorSeries[]): void {
    this.limit.set(name, series.length);
    this.#contributors.replace(query, series, this.limit.allowance(name));
  }

  /** Prepares a scrape: drops stale results until new ones are read, and shares the limit. `now` is monotonic. */
  refresh(now: number): void {
    for (const [name, shown] of this.#runs.entries()) {
      const { state } = shown;
      if (areStale(state, now) && shown.outdated !== state.results) {
        shown.outdated = state.results;
        this.#runs.changed(name, UNTIL_STALE);
        this.#contributors.remove(name);
        this.limit.set(name, 0);
      }
    }
    for (const [name, allowance] of this.limit.settle()) {
      this.#contributors.allow(name, allowance);
      const shown = this.#runs.get(name);
      const dropped = (shown?.state.results?.series ?? 0) - allowance;
      if (shown !== undefined && shown.dropped !== dropped) {
        shown.dropped = dropped;
        this.#runs.changed(name, ['aws_nfm_query_contributors_dropped']);
      }
    }
  }

  sections(): Section[] {
    return [...this.#runs.sections(), ...this.#contributors.sections()];
  }
}

/** The families that describe the rows of results, and are absent once these are stale. */
const UNTIL_STALE = [
  'aws_nfm_query_contributors',
  'aws_nfm_query_contributors_dropped',
  'aws_nfm_query_results_truncated',
] as const satisfies readonly FamilyName[];

const FAMILIES_OF: Readonly<Partial<Record<ChangedField, readonly FamilyName[]>>> = {
  runs: ['aws_nfm_query_runs_total'],
  lastOutcome: ['aws_nfm_query_last_run_outcome'],
  lastQueryId: ['aws_nfm_query_run_info'],
  lastDuration: ['aws_nfm_query_last_run_duration_seconds'],
  results: ['aws_nfm_query_results_timestamp_seconds', 'aws_nfm_query_results_window_seconds', ...UNTIL_STALE],
  truncatedLabelValues: ['aws_nfm_query_label_values_truncated_total'],
  total: [
    'aws_nfm_query_timeouts_total',
    'aws_nfm_query_retransmissions_total',
    'aws_nfm_query_data_transferred_bytes_total',
  ],
};

const SAMPLES: SamplesOf<ShownRuns, FamilyName> = {
  aws_nfm_query_runs_total: ({ label, state: { runs } }) =>
    RUN_OUTCOMES.map((outcome) => [labelPart([['outcome', outcome]], label), runs[outcome]]),
  aws_nfm_query_last_run_outcome: ({ label, state }) => stateSamples('outcome', label, RUN_OUTCOMES, state.lastOutcome),
  aws_nfm_query_run_info: ({ label, state: { lastQueryId } }) =>
    lastQueryId === undefined ? [] : [[labelPart([['query_id', serviceLabel(lastQueryId)]], label), 1]],
  aws_nfm_query_last_run_duration_seconds: ({ label, state }) => [[label, seconds(state.lastDuration)]],
  aws_nfm_query_results_timestamp_seconds: ({ label, state }) => [[label, seconds(state.results?.at)]],
  aws_nfm_query_results_window_seconds: ({ label, state }) => [[label, seconds(state.results?.length)]],
  aws_nfm_query_contributors: (shown) => [[shown.label, shownResults(shown)?.rows]],
  aws_nfm_query_contributors_dropped: (shown) => {
    const results = shownResults(shown);
    return [[shown.label, results && results.dropped + shown.dropped]];
  },
  aws_nfm_query_results_truncated: (shown) => {
    const { limit } = shown.state.registration.query;
    const rows = shownResults(shown)?.rows;
    return [[shown.label, limit === undefined || rows === undefined ? undefined : Number(rows >= limit)]];
  },
  aws_nfm_query_label_values_truncated_total: ({ label, state }) => [[label, state.truncatedLabelValues]],
  aws_nfm_query_timeouts_total: totalOf('TIMEOUTS'),
  aws_nfm_query_retransmissions_total: totalOf('RETRANSMISSIONS'),
  aws_nfm_query_data_transferred_bytes_total: totalOf('DATA_TRANSFERRED'),
};

function shownResults({ state: { results }, outdated }: ShownRuns): QueryResults | undefined {
  return results === outdated ? undefined : results;
}

function totalOf(metricName: string): (shown: ShownRuns) => Sample[] {
  return ({ label, state }) => [[label, state.registration.query.metricName === metricName ? state.total : undefined]];
}
