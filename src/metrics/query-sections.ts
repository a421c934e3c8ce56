import { QUERY_STATUSES, type QueryStatus } from '../model/vocabulary.ts';
import { currentStatus, type QueryState } from '../state/query-state.ts';
import type { Section } from './exposition.ts';
import { QUERY_FAMILIES } from './families.ts';
import { GroupedChunks } from './gzip/grouped-chunks.ts';
import { escapeLabelValue, labelPart, serviceLabel } from './text.ts';

type FamilyName = keyof typeof QUERY_FAMILIES;

/** A query as it was rendered, or will be at the next scrape. */
interface Shown {
  readonly state: QueryState;
  /** `query="NAME"`, escaped. */
  readonly label: string;
  status: QueryStatus | undefined;
  since: number | undefined;
  up: boolean | undefined;
  error: string | undefined;
  polls: number;
  pollErrors: number;
  lastSuccess: number | undefined;
}

/** The series of the registered queries. */
export class QuerySections {
  readonly #shown = new Map<string, Shown>();
  readonly #chunks = new GroupedChunks<Shown, FamilyName>(QUERY_FAMILIES, LINES);

  /** A query was registered. */
  add(state: QueryState): void {
    const shown: Shown = {
      state,
      label: `query="${escapeLabelValue(state.query.name)}"`,
      status: undefined,
      since: undefined,
      up: undefined,
      error: undefined,
      polls: 0,
      pollErrors: 0,
      lastSuccess: undefined,
    };
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

  /** A registered query is asked or shown otherwise from now on. */
  queryChanged(name: string): void {
    const shown = this.#shown.get(name);
    if (shown !== undefined) {
      this.#chunks.changed(shown, 'aws_nfm_query_info');
      this.#chunks.changed(shown, 'aws_nfm_query_interval_seconds');
    }
  }

  /** A query's state has changed: marks what must be rendered again. */
  changed(state: QueryState, now: number): void {
    const shown = this.#shown.get(state.query.name);
    if (shown === undefined) {
      return;
    }
    this.#updateStatus(shown, now);
    if (shown.up !== state.up) {
      shown.up = state.up;
      this.#chunks.changed(shown, 'aws_nfm_query_up');
    }
    const error = state.lastFailure && `${state.lastFailure.operation} ${state.lastFailure.error}`;
    if (shown.error !== error) {
      shown.error = error;
      this.#chunks.changed(shown, 'aws_nfm_query_last_error');
    }
    if (shown.polls !== state.polls) {
      shown.polls = state.polls;
      this.#chunks.changed(shown, 'aws_nfm_query_polls_total');
    }
    if (shown.pollErrors !== state.pollErrors) {
      shown.pollErrors = state.pollErrors;
      this.#chunks.changed(shown, 'aws_nfm_query_poll_errors_total');
    }
    if (shown.lastSuccess !== state.lastSuccess) {
      shown.lastSuccess = state.lastSuccess;
      this.#chunks.changed(shown, 'aws_nfm_query_last_success_timestamp_seconds');
    }
  }

  /** Statuses go stale by time alone: looks at all of them, at `now` of the monotonic clock. */
  refresh(now: number): void {
    for (const shown of this.#shown.values()) {
      this.#updateStatus(shown, now);
    }
  }

  sections(): Section[] {
    return this.#chunks.sections();
  }

  #updateStatus(shown: Shown, now: number): void {
    const status = currentStatus(shown.state, now);
    const since = status === undefined ? undefined : shown.state.statusSince;
    if (shown.status !== status) {
      shown.status = status;
      this.#chunks.changed(shown, 'aws_nfm_query_status');
    }
    if (shown.since !== since) {
      shown.since = since;
      this.#chunks.changed(shown, 'aws_nfm_query_status_since_timestamp_seconds');
    }
  }
}

/** Renders a query's lines of each family; none where nothing is known. */
const LINES: Readonly<Record<FamilyName, (shown: Shown) => string>> = {
  aws_nfm_query_info: infoLine,
  aws_nfm_query_status: ({ label, status }) =>
    status === undefined
      ? ''
      : QUERY_STATUSES.map(
          (each) => `aws_nfm_query_status{${label},status="${each}"} ${each === status ? 1 : 0}\n`,
        ).join(''),
  aws_nfm_query_up: ({ label, up }) => line('aws_nfm_query_up', label, up === undefined ? undefined : Number(up)),
  aws_nfm_query_last_error: ({ label, state: { lastFailure } }) =>
    lastFailure === undefined
      ? ''
      : `aws_nfm_query_last_error{${label},operation="${lastFailure.operation}",error="${lastFailure.error}"} 1\n`,
  aws_nfm_query_polls_total: ({ label, polls }) => line('aws_nfm_query_polls_total', label, polls),
  aws_nfm_query_poll_errors_total: ({ label, pollErrors }) =>
    line('aws_nfm_query_poll_errors_total', label, pollErrors),
  aws_nfm_query_last_success_timestamp_seconds: ({ label, lastSuccess }) =>
    line('aws_nfm_query_last_success_timestamp_seconds', label, seconds(lastSuccess)),
  aws_nfm_query_status_since_timestamp_seconds: ({ label, since }) =>
    line('aws_nfm_query_status_since_timestamp_seconds', label, seconds(since)),
  aws_nfm_query_registered_timestamp_seconds: ({ label, state }) =>
    line('aws_nfm_query_registered_timestamp_seconds', label, seconds(state.registeredAt)),
  aws_nfm_query_interval_seconds: ({ label, state }) =>
    line(
      'aws_nfm_query_interval_seconds',
      label,
      seconds(state.query.kind === 'watched' ? state.query.interval : state.query.schedule.every),
    ),
};

function line(name: FamilyName, label: string, value: number | undefined): string {
  return value === undefined ? '' : `${name}{${label}} ${value}\n`;
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

function infoLine({ state: { query } }: Shown): string {
  const labels = labelPart([
    ['query', query.name],
    ['query_type', query.type],
    ['account', query.account],
    ['aws_region', query.region],
    ['monitor', serviceLabel(query.monitorName)],
    ['scope_id', serviceLabel(query.scopeId)],
    ['metric_name', query.kind === 'scheduled' ? query.metricName : undefined],
    ['destination_category', query.kind === 'scheduled' ? query.destinationCategory : undefined],
    ['source', query.source],
    ['query_group', query.group],
    ['query_id', query.kind === 'watched' ? query.queryId : undefined],
    ...Object.entries(query.labels),
  ]);
  return `aws_nfm_query_info${labels} 1\n`;
}
