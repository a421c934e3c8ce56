import { RUN_OUTCOMES } from '../model/run.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import { areTooOld, type QueryResults, type RunState } from '../state/run-state.ts';
import type { Section } from './exposition.ts';
import { RUN_FAMILIES } from './families.ts';
import { GroupedChunks } from './gzip/grouped-chunks.ts';
import { escapeLabelValue, labelPart, serviceLabel } from './text.ts';

type FamilyName = keyof typeof RUN_FAMILIES;

/** A scheduled query as it was rendered, or will be at the next scrape. */
interface Shown {
  readonly state: RunState;
  /** `query="NAME"`, escaped. */
  readonly label: string;
  /** Series that the cap over all queries leaves out. */
  dropped: number;
  /** Results whose series are gone for their age. */
  outdated: QueryResults | undefined;
}

/** The series of the runs of scheduled queries. */
export class RunSections {
  readonly #shown = new Map<string, Shown>();
  readonly #chunks = new GroupedChunks<Shown, FamilyName>(RUN_FAMILIES, LINES);

  /** A scheduled query was registered. */
  add(state: RunState): void {
    const { name } = state.registration;
    const shown = { state, label: `query="${escapeLabelValue(name)}"`, dropped: 0, outdated: undefined };
    this.#shown.set(name, shown);
    this.#chunks.add(shown);
  }

  /** A query is removed. */
  remove(name: string): void {
    const shown = this.#shown.get(name);
    if (shown !== undefined) {
      this.#shown.delete(name);
      this.#chunks.remove(shown);
    }
  }

  /** What is known of a query's runs has changed: marks what must be rendered again. */
  changed(name: string, fields: readonly ChangedField[]): void {
    const shown = this.#shown.get(name);
    if (shown !== undefined) {
      for (const family of fields.flatMap((field) => FAMILIES_OF[field] ?? [])) {
        this.#chunks.changed(shown, family);
      }
    }
  }

  /** The cap over all queries lets so many series of a query through. */
  capped(name: string, allowance: number): void {
    const shown = this.#shown.get(name);
    const dropped = (shown?.state.results?.series ?? 0) - allowance;
    if (shown !== undefined && shown.dropped !== dropped) {
      shown.dropped = dropped;
      this.#chunks.changed(shown, 'aws_nfm_query_contributors_dropped');
    }
  }

  /**
   * Drops results that are too old at `now`, on the monotonic clock; they stay so until others are read.
   *
   * @returns the queries whose results were shown until now
   */
  dropOutdated(now: number): readonly string[] {
    const dropped: string[] = [];
    for (const [name, shown] of this.#shown) {
      const { state } = shown;
      if (areTooOld(state, now) && shown.outdated !== state.results) {
        shown.outdated = state.results;
        this.#chunks.changed(shown, 'aws_nfm_query_contributors');
        this.#chunks.changed(shown, 'aws_nfm_query_contributors_dropped');
        dropped.push(name);
      }
    }
    return dropped;
  }

  sections(): Section[] {
    return this.#chunks.sections();
  }
}

/** The families that show a field. */
const FAMILIES_OF: Readonly<Partial<Record<ChangedField, readonly FamilyName[]>>> = {
  runs: ['aws_nfm_query_runs_total'],
  lastOutcome: ['aws_nfm_query_last_run_outcome'],
  lastQueryId: ['aws_nfm_query_run_info'],
  lastDuration: ['aws_nfm_query_last_run_duration_seconds'],
  results: [
    'aws_nfm_query_results_timestamp_seconds',
    'aws_nfm_query_results_window_seconds',
    'aws_nfm_query_contributors',
    'aws_nfm_query_contributors_dropped',
  ],
  truncatedLabelValues: ['aws_nfm_query_label_values_truncated_total'],
  total: [
    'aws_nfm_query_timeouts_total',
    'aws_nfm_query_retransmissions_total',
    'aws_nfm_query_data_transferred_bytes_total',
  ],
};

const LINES: Readonly<Record<FamilyName, (shown: Shown) => string>> = {
  aws_nfm_query_runs_total: ({ label, state: { runs } }) =>
    RUN_OUTCOMES.map((each) => `aws_nfm_query_runs_total{${label},outcome="${each}"} ${runs[each]}\n`).join(''),
  aws_nfm_query_last_run_outcome: ({ label, state: { lastOutcome } }) =>
    lastOutcome === undefined
      ? ''
      : RUN_OUTCOMES.map(
          (each) => `aws_nfm_query_last_run_outcome{${label},outcome="${each}"} ${Number(each === lastOutcome)}\n`,
        ).join(''),
  aws_nfm_query_run_info: ({ state: { registration, lastQueryId } }) =>
    lastQueryId === undefined
      ? ''
      : `aws_nfm_query_run_info${labelPart([
          ['query', registration.name],
          ['query_id', serviceLabel(lastQueryId)],
        ])} 1\n`,
  aws_nfm_query_last_run_duration_seconds: ({ label, state }) =>
    line('aws_nfm_query_last_run_duration_seconds', label, seconds(state.lastDuration)),
  aws_nfm_query_results_timestamp_seconds: ({ label, state }) =>
    line('aws_nfm_query_results_timestamp_seconds', label, seconds(state.results?.at)),
  aws_nfm_query_results_window_seconds: ({ label, state }) =>
    line('aws_nfm_query_results_window_seconds', label, seconds(state.results?.length)),
  aws_nfm_query_contributors: (shown) => line('aws_nfm_query_contributors', shown.label, shownResults(shown)?.rows),
  aws_nfm_query_contributors_dropped: (shown) => {
    const results = shownResults(shown);
    return line('aws_nfm_query_contributors_dropped', shown.label, results && results.dropped + shown.dropped);
  },
  aws_nfm_query_label_values_truncated_total: ({ label, state }) =>
    line('aws_nfm_query_label_values_truncated_total', label, state.truncatedLabelValues),
  aws_nfm_query_timeouts_total: total('aws_nfm_query_timeouts_total', 'TIMEOUTS'),
  aws_nfm_query_retransmissions_total: total('aws_nfm_query_retransmissions_total', 'RETRANSMISSIONS'),
  aws_nfm_query_data_transferred_bytes_total: total('aws_nfm_query_data_transferred_bytes_total', 'DATA_TRANSFERRED'),
};

function shownResults({ state: { results }, outdated }: Shown): QueryResults | undefined {
  return results === outdated ? undefined : results;
}

function total(name: FamilyName, metricName: string): (shown: Shown) => string {
  return ({ label, state }) =>
    state.registration.query.metricName === metricName ? line(name, label, state.total) : '';
}

function line(name: FamilyName, label: string, value: number | undefined): string {
  return value === undefined ? '' : `${name}{${label}} ${value}\n`;
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}
