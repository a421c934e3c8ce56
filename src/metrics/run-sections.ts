import { RUN_OUTCOMES } from '../model/run.ts';
import type { QueryResults, RunState } from '../state/run-state.ts';
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
    const shown = { state, label: `query="${escapeLabelValue(state.query.name)}"`, dropped: 0, outdated: undefined };
    this.#shown.set(state.query.name, shown);
    this.#chunks.add(shown);
  }

  /** A query has left. */
  remove(name: string): void {
    const shown = this.#shown.get(name);
    if (shown !== undefined) {
      this.#shown.delete(name);
      this.#chunks.remove(shown);
    }
  }

  /** A query's runs have changed: a few times a run, so that all its lines are rendered again. */
  changed(name: string): void {
    const shown = this.#shown.get(name);
    if (shown !== undefined) {
      for (const family of FAMILY_NAMES) {
        this.#chunks.changed(shown, family);
      }
    }
  }

  /** The cap over all queries leaves out so many series of a query. */
  capped(name: string, dropped: number): void {
    const shown = this.#shown.get(name);
    if (shown !== undefined && shown.dropped !== dropped) {
      shown.dropped = dropped;
      this.#chunks.changed(shown, 'aws_nfm_query_contributors_dropped');
    }
  }

  /** The last results of a query are no longer shown, until others come. Returns whether they were until now. */
  drop(name: string): boolean {
    const shown = this.#shown.get(name);
    if (shown === undefined || shown.outdated === shown.state.results) {
      return false;
    }
    shown.outdated = shown.state.results;
    this.#chunks.changed(shown, 'aws_nfm_query_contributors');
    this.#chunks.changed(shown, 'aws_nfm_query_contributors_dropped');
    return true;
  }

  sections(): Section[] {
    return this.#chunks.sections();
  }
}

const FAMILY_NAMES = Object.keys(RUN_FAMILIES) as FamilyName[]; // keys of a constant table

const LINES: Readonly<Record<FamilyName, (shown: Shown) => string>> = {
  aws_nfm_query_runs_total: ({ label, state: { runs } }) =>
    RUN_OUTCOMES.map((each) => `aws_nfm_query_runs_total{${label},outcome="${each}"} ${runs[each]}\n`).join(''),
  aws_nfm_query_last_run_outcome: ({ label, state: { lastOutcome } }) =>
    lastOutcome === undefined
      ? ''
      : RUN_OUTCOMES.map(
          (each) => `aws_nfm_query_last_run_outcome{${label},outcome="${each}"} ${Number(each === lastOutcome)}\n`,
        ).join(''),
  aws_nfm_query_run_info: ({ state: { query, lastQueryId } }) =>
    lastQueryId === undefined
      ? ''
      : `aws_nfm_query_run_info${labelPart([
          ['query', query.name],
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
  return ({ label, state }) => (state.query.metricName === metricName ? line(name, label, state.total) : '');
}

function line(name: FamilyName, label: string, value: number | undefined): string {
  return value === undefined ? '' : `${name}{${label}} ${value}\n`;
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}
