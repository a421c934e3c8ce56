import { QUERY_STATUSES, type QueryStatus } from '../api/client.ts';
import { currentStatus, type QueryState } from '../state/query-state.ts';
import { Chunk } from './chunk.ts';
import type { Section } from './exposition.ts';
import { QUERY_FAMILIES } from './families.ts';
import { escapeLabelValue, labelPart } from './text.ts';

type FamilyName = keyof typeof QUERY_FAMILIES;

/** Queries whose lines of one family are rendered and compressed together. */
const QUERIES_A_CHUNK = 64;

/** A query as it was rendered, or will be at the next scrape. */
interface Shown {
  readonly state: QueryState;
  /** `query="NAME"`, escaped. */
  readonly label: string;
  readonly group: Group;
  status: QueryStatus | undefined;
  since: number | undefined;
  up: boolean | undefined;
  error: string | undefined;
  polls: number;
  pollErrors: number;
  lastSuccess: number | undefined;
}

interface Group {
  readonly members: Shown[];
  readonly chunks: Readonly<Record<FamilyName, Chunk>>;
}

const FAMILY_NAMES = Object.keys(QUERY_FAMILIES) as FamilyName[]; // keys of a constant table

/** The series of the registered queries. */
export class QuerySections {
  readonly #groups: Group[] = [];
  readonly #shown = new Map<string, Shown>();

  /** A query was registered. */
  add(state: QueryState): void {
    let group = this.#groups.at(-1);
    if (group === undefined || group.members.length >= QUERIES_A_CHUNK) {
      group = newGroup();
      this.#groups.push(group);
    }
    const shown: Shown = {
      state,
      label: `query="${escapeLabelValue(state.query.name)}"`,
      group,
      status: undefined,
      since: undefined,
      up: undefined,
      error: undefined,
      polls: 0,
      pollErrors: 0,
      lastSuccess: undefined,
    };
    group.members.push(shown);
    this.#shown.set(state.query.name, shown);
    for (const chunk of Object.values(group.chunks)) {
      chunk.changed();
    }
  }

  /** A query's state has changed: marks what must be rendered again. */
  changed(state: QueryState, now: number): void {
    const shown = this.#shown.get(state.query.name);
    if (shown === undefined) {
      return;
    }
    const { chunks } = shown.group;
    this.#updateStatus(shown, now);
    if (shown.up !== state.up) {
      shown.up = state.up;
      chunks.aws_nfm_query_up.changed();
    }
    const error = state.lastFailure && `${state.lastFailure.operation} ${state.lastFailure.error}`;
    if (shown.error !== error) {
      shown.error = error;
      chunks.aws_nfm_query_last_error.changed();
    }
    if (shown.polls !== state.polls) {
      shown.polls = state.polls;
      chunks.aws_nfm_query_polls_total.changed();
    }
    if (shown.pollErrors !== state.pollErrors) {
      shown.pollErrors = state.pollErrors;
      chunks.aws_nfm_query_poll_errors_total.changed();
    }
    if (shown.lastSuccess !== state.lastSuccess) {
      shown.lastSuccess = state.lastSuccess;
      chunks.aws_nfm_query_last_success_timestamp_seconds.changed();
    }
  }

  /** Statuses go stale by time alone: looks at all of them, at `now` of the monotonic clock. */
  refresh(now: number): void {
    for (const shown of this.#shown.values()) {
      this.#updateStatus(shown, now);
    }
  }

  sections(): Section[] {
    return FAMILY_NAMES.map((name) => ({
      family: QUERY_FAMILIES[name],
      chunks: () => this.#groups.map((group) => group.chunks[name]),
    }));
  }

  #updateStatus(shown: Shown, now: number): void {
    const status = currentStatus(shown.state, now);
    const since = status === undefined ? undefined : shown.state.statusSince;
    const { chunks } = shown.group;
    if (shown.status !== status) {
      shown.status = status;
      chunks.aws_nfm_query_status.changed();
    }
    if (shown.since !== since) {
      shown.since = since;
      chunks.aws_nfm_query_status_since_timestamp_seconds.changed();
    }
  }
}

function newGroup(): Group {
  const members: Shown[] = [];
  const chunk = (name: FamilyName) => new Chunk(() => members.map(LINES[name]).join(''));
  return {
    members,
    chunks: Object.fromEntries(FAMILY_NAMES.map((name) => [name, chunk(name)])) as Group['chunks'], // all names are there
  };
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
    ['monitor', query.monitorName],
    ['scope_id', query.scopeId],
    ['metric_name', query.kind === 'scheduled' ? query.metricName : undefined],
    ['destination_category', query.kind === 'scheduled' ? query.destinationCategory : undefined],
    ['source', query.source],
    ['query_group', query.group],
    ['query_id', query.kind === 'watched' ? query.queryId : undefined],
    ...Object.entries(query.labels),
  ]);
  return `aws_nfm_query_info${labels} 1\n`;
}
