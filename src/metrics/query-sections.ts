import type { Registration } from '../model/query.ts';
import { QUERY_STATUSES, type QueryStatus } from '../model/vocabulary.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import { currentStatus, type QueryState, type QueryStates } from '../state/query-state.ts';
import type { Section } from './exposition.ts';
import { QUERY_FAMILIES } from './families.ts';
import { GroupedChunks, type SamplesOf } from './gzip/grouped-chunks.ts';
import { type Label, labelPart, seconds, serviceLabel, stateSamples } from './text.ts';

type FamilyName = keyof typeof QUERY_FAMILIES;

/** A query as it was rendered, or will be at the next scrape. */
interface ShownQuery {
  readonly state: QueryState;
  /** `{query="NAME"}`, escaped. */
  readonly label: string;
  /** The status that is not stale, and since when. */
  status: QueryStatus | undefined;
  since: number | undefined;
}

/** The families that show a field. A status is checked before each scrape, because it also becomes stale with time. */
const FAMILIES_OF: Readonly<Partial<Record<ChangedField, readonly FamilyName[]>>> = {
  query: ['aws_nfm_query_info', 'aws_nfm_query_interval_seconds'],
  up: ['aws_nfm_query_up'],
  lastFailure: ['aws_nfm_query_last_error'],
  polls: ['aws_nfm_query_polls_total'],
  pollErrors: ['aws_nfm_query_poll_errors_total'],
  lastSuccess: ['aws_nfm_query_last_success_timestamp_seconds'],
};

export class QuerySections {
  readonly #states: Pick<QueryStates, 'get'>;
  readonly #chunks = new GroupedChunks<Registration, ShownQuery, FamilyName>(QUERY_FAMILIES, SAMPLES);

  constructor(states: Pick<QueryStates, 'get'>) {
    this.#states = states;
  }

  changed(registration: Registration, fields: readonly ChangedField[]): void {
    const state = this.#states.get(registration);
    if (fields.includes('removed')) {
      this.#chunks.remove(registration);
    } else if (fields.includes('registered') && state !== undefined) {
      const label = labelPart([['query', registration.name]]);
      this.#chunks.add(registration, { state, label, status: undefined, since: undefined });
    } else {
      const families = fields.flatMap((field) => FAMILIES_OF[field] ?? []);
      this.#chunks.changed(registration, families);
    }
  }

  /** Updates all statuses, which become stale with time. `now` is on the monotonic clock. */
  refresh(now: number): void {
    for (const [registration, shown] of this.#chunks.entries()) {
      const status = currentStatus(shown.state, now);
      const since = status === undefined ? undefined : shown.state.statusSince;
      if (shown.status !== status) {
        shown.status = status;
        this.#chunks.changed(registration, ['aws_nfm_query_status']);
      }
      if (shown.since !== since) {
        shown.since = since;
        this.#chunks.changed(registration, ['aws_nfm_query_status_since_timestamp_seconds']);
      }
    }
  }

  sections(): Section[] {
    return this.#chunks.sections();
  }
}

const SAMPLES: SamplesOf<ShownQuery, FamilyName> = {
  aws_nfm_query_info: ({ state }) => [[labelPart(infoLabels(state)), 1]],
  aws_nfm_query_status: ({ label, status }) => stateSamples('status', label, QUERY_STATUSES, status),
  aws_nfm_query_up: ({ label, state: { up } }) => [[label, up === undefined ? undefined : Number(up)]],
  aws_nfm_query_last_error: ({ label, state: { lastFailure } }) =>
    lastFailure === undefined
      ? []
      : [[labelPart(Object.entries({ operation: lastFailure.operation, error: lastFailure.error }), label), 1]],
  aws_nfm_query_polls_total: ({ label, state }) => [[label, state.polls]],
  aws_nfm_query_poll_errors_total: ({ label, state }) => [[label, state.pollErrors]],
  aws_nfm_query_last_success_timestamp_seconds: ({ label, state }) => [[label, seconds(state.lastSuccess)]],
  aws_nfm_query_status_since_timestamp_seconds: ({ label, since }) => [[label, seconds(since)]],
  aws_nfm_query_registered_timestamp_seconds: ({ label, state }) => [[label, seconds(state.registeredAt)]],
  aws_nfm_query_interval_seconds: ({ label, state }) => {
    const { query } = state.registration;
    return [[label, seconds(query.kind === 'watched' ? query.interval : query.schedule.every)]];
  },
};

function infoLabels({ registration: { query } }: QueryState): Label[] {
  return [
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
  ];
}
