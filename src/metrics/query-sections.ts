import type { Registration } from '../model/query.ts';
import { QUERY_STATUSES, type QueryStatus } from '../model/vocabulary.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import { currentStatus, type QueryState, type QueryStates } from '../state/query-state.ts';
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
  /** The status that is still to be believed, and since when. */
  status: QueryStatus | undefined;
  since: number | undefined;
}

/** The families that show a field; a status is looked at before each scrape, as time alone changes what is shown of it. */
const FAMILIES_OF: Readonly<Partial<Record<ChangedField, readonly FamilyName[]>>> = {
  query: ['aws_nfm_query_info', 'aws_nfm_query_interval_seconds'],
  up: ['aws_nfm_query_up'],
  lastFailure: ['aws_nfm_query_last_error'],
  polls: ['aws_nfm_query_polls_total'],
  pollErrors: ['aws_nfm_query_poll_errors_total'],
  lastSuccess: ['aws_nfm_query_last_success_timestamp_seconds'],
};

/** The series of the registered queries. */
export class QuerySections {
  readonly #states: Pick<QueryStates, 'get'>;
  readonly #shown = new Map<Registration, Shown>();
  readonly #chunks = new GroupedChunks<Shown, FamilyName>(QUERY_FAMILIES, LINES);

  constructor(states: Pick<QueryStates, 'get'>) {
    this.#states = states;
  }

  /** What is known of a query has changed: marks what must be rendered again. */
  changed(registration: Registration, fields: readonly ChangedField[]): void {
    const shown = fields.includes('registered') ? this.#add(registration) : this.#shown.get(registration);
    if (shown === undefined) {
      return;
    }
    if (fields.includes('removed')) {
      this.#shown.delete(registration);
      this.#chunks.remove(shown);
      return;
    }
    for (const family of fields.flatMap((field) => FAMILIES_OF[field] ?? [])) {
      this.#chunks.changed(shown, family);
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

  #add(registration: Registration): Shown | undefined {
    const state = this.#states.get(registration);
    if (state === undefined) {
      return undefined;
    }
    const label = `query="${escapeLabelValue(registration.name)}"`;
    const shown: Shown = { state, label, status: undefined, since: undefined };
    this.#shown.set(registration, shown);
    this.#chunks.add(shown);
    return shown;
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
  aws_nfm_query_up: ({ label, state: { up } }) =>
    line('aws_nfm_query_up', label, up === undefined ? undefined : Number(up)),
  aws_nfm_query_last_error: ({ label, state: { lastFailure } }) =>
    lastFailure === undefined
      ? ''
      : `aws_nfm_query_last_error{${label},operation="${lastFailure.operation}",error="${lastFailure.error}"} 1\n`,
  aws_nfm_query_polls_total: ({ label, state: { polls } }) => line('aws_nfm_query_polls_total', label, polls),
  aws_nfm_query_poll_errors_total: ({ label, state: { pollErrors } }) =>
    line('aws_nfm_query_poll_errors_total', label, pollErrors),
  aws_nfm_query_last_success_timestamp_seconds: ({ label, state: { lastSuccess } }) =>
    line('aws_nfm_query_last_success_timestamp_seconds', label, seconds(lastSuccess)),
  aws_nfm_query_status_since_timestamp_seconds: ({ label, since }) =>
    line('aws_nfm_query_status_since_timestamp_seconds', label, seconds(since)),
  aws_nfm_query_registered_timestamp_seconds: ({ label, state }) =>
    line('aws_nfm_query_registered_timestamp_seconds', label, seconds(state.registeredAt)),
  aws_nfm_query_interval_seconds: ({ label, state: { registration } }) => {
    const { query } = registration;
    const interval = query.kind === 'watched' ? query.interval : query.schedule.every;
    return line('aws_nfm_query_interval_seconds', label, seconds(interval));
  },
};

function line(name: FamilyName, label: string, value: number | undefined): string {
  return value === undefined ? '' : `${name}{${label}} ${value}\n`;
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

function infoLine({ state: { registration } }: Shown): string {
  const { query } = registration;
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
