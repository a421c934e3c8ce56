import type { ApiErrorName } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { Listeners } from '../lib/listeners.ts';
import type { RegisteredQuery } from '../model/query.ts';
import { isTerminal, type QueryStatus } from '../model/vocabulary.ts';

/** The kinds of requests that are made for a query. */
export const REQUEST_KINDS = ['start', 'status', 'results', 'stop'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** Why the last request of a query failed. */
export interface QueryFailure {
  /** The kind of request, the `operation` label of `aws_nfm_query_last_error`. */
  readonly operation: RequestKind;
  readonly error: ApiErrorName;
  /** For people; holds no secret. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What is known of a registered query. Times are milliseconds since the epoch; undefined means not known. */
export interface QueryState {
  readonly query: RegisteredQuery;
  readonly registeredAt: number;
  /** The last status that was answered; see `currentStatus` for the one that is still to be believed. */
  readonly status: QueryStatus | undefined;
  readonly statusSince: number | undefined;
  /** Whether the last request was answered well. */
  readonly up: boolean | undefined;
  /** Set while `up` is false. */
  readonly lastFailure: QueryFailure | undefined;
  readonly lastSuccess: number | undefined;
  /** Status requests made: calls, not attempts. */
  readonly polls: number;
  /** Those of them that failed for good. */
  readonly pollErrors: number;
  /** When the status stops being believed, on the monotonic clock; undefined while there is none, or it is terminal. */
  readonly staleAt: number | undefined;
  /** It has been unknown to the service for so long that it is no longer polled. */
  readonly givenUp: boolean;
}

interface MutableState extends QueryState {
  query: RegisteredQuery;
  status: QueryStatus | undefined;
  statusSince: number | undefined;
  up: boolean | undefined;
  lastFailure: QueryFailure | undefined;
  lastSuccess: number | undefined;
  polls: number;
  pollErrors: number;
  staleAt: number | undefined;
  givenUp: boolean;
  /** Since when the service does not know the query, on the monotonic clock. */
  unknownSince: number | undefined;
  /** What `query` was before it was changed: requests that were begun for it are of this state, too. */
  readonly formerly: WeakSet<RegisteredQuery>;
}

export interface QueryStatesOptions {
  readonly clock: Clock;
  readonly giveUpAfter: number;
}

/** The state of all registered queries: the one place that polls write to and everything that is shown reads from. */
export class QueryStates {
  readonly #options: QueryStatesOptions;
  readonly #records = new Map<string, MutableState>();
  readonly #changes = new Listeners<[state: QueryState]>();
  /** Watched queries of the start that no request was made for yet. */
  readonly #untried = new Set<MutableState>();
  #starting = true;
  /** How long a query may be unknown to the service before it is given up, in milliseconds. */
  giveUpAfter: number;

  constructor(options: QueryStatesOptions) {
    this.#options = options;
    this.giveUpAfter = options.giveUpAfter;
  }

  /** Calls `listener` after each change of a query's state from now on. */
  onChange(listener: (state: QueryState) => void): void {
    this.#changes.add(listener);
  }

  /** All queries of the start are registered: nobody waits for the first request of those that come later. */
  started(): void {
    this.#starting = false;
  }

  register(query: RegisteredQuery): QueryState {
    const record: MutableState = {
      query,
      registeredAt: this.#options.clock.now(),
      status: undefined,
      statusSince: undefined,
      up: undefined,
      lastFailure: undefined,
      lastSuccess: undefined,
      polls: 0,
      pollErrors: 0,
      staleAt: undefined,
      givenUp: false,
      unknownSince: undefined,
      formerly: new WeakSet(),
    };
    this.#records.set(query.name, record);
    if (this.#starting && query.kind === 'watched') {
      this.#untried.add(record);
    }
    return record;
  }

  /**
   * An earlier process knew this of a query that was just registered. How long its status is still to be believed counts
   * from the last good answer, as far as the wall clock can be trusted.
   */
  restore(
    name: string,
    saved: Pick<QueryState, 'status' | 'statusSince' | 'up' | 'lastFailure' | 'lastSuccess'>,
  ): void {
    const record = this.#record(name);
    const { clock } = this.#options;
    const age = Math.max(0, clock.now() - (saved.lastSuccess ?? Number.NEGATIVE_INFINITY));
    Object.assign(record, saved);
    record.staleAt =
      saved.status === undefined || isTerminal(saved.status)
        ? undefined
        : clock.monotonic() + record.query.staleAfter - age;
    if (saved.status !== undefined && isTerminal(saved.status)) {
      this.#untried.delete(record);
    }
    this.#changes.tell(record);
  }

  /** A query is asked or shown otherwise from now on, but asks the same: its state stays. */
  change(query: RegisteredQuery): void {
    const record = this.#record(query.name);
    if (record.staleAt !== undefined) {
      record.staleAt += query.staleAfter - record.query.staleAfter;
    }
    record.formerly.add(record.query);
    record.query = query;
    this.#changes.tell(record);
  }

  /** Forgets a query that has left. */
  remove(name: string): void {
    const record = this.#records.get(name);
    if (record !== undefined) {
      this.#untried.delete(record);
      this.#records.delete(name);
    }
  }

  /** Whether this very query is registered, as it is or as it was before changes, and not another one of its name that has come since. */
  has(query: RegisteredQuery): boolean {
    const record = this.#records.get(query.name);
    return record !== undefined && (record.query === query || record.formerly.has(query));
  }

  get(name: string): QueryState | undefined {
    return this.#records.get(name);
  }

  /** Whether a query has come to its end, as far as is known: its status will not change any more. */
  isTerminal(name: string): boolean {
    const status = this.#records.get(name)?.status;
    return status !== undefined && isTerminal(status);
  }

  /** In the order of registration. */
  all(): IterableIterator<QueryState> {
    return this.#records.values();
  }

  get size(): number {
    return this.#records.size;
  }

  /** Watched queries that were there at the start and that no request was made for yet, well or not. */
  get untried(): number {
    return this.#untried.size;
  }

  /** A poll was answered well. Returns the status before it. */
  answered(name: string, status: QueryStatus): QueryStatus | undefined {
    const record = this.#record(name);
    const { clock } = this.#options;
    const before = record.status;
    this.#countPoll(record);
    if (before !== status) {
      record.status = status;
      record.statusSince = clock.now();
    }
    this.#markGood(record);
    record.unknownSince = undefined;
    record.staleAt = isTerminal(status) ? undefined : clock.monotonic() + record.query.staleAfter;
    this.#changes.tell(record);
    return before;
  }

  /** A poll failed for good. Returns whether the query is given up: unknown to the service for all of `giveUpAfter`. */
  failed(name: string, failure: Omit<QueryFailure, 'at' | 'operation'>): boolean {
    const record = this.#record(name);
    const { clock } = this.#options;
    this.#countPoll(record);
    record.pollErrors += 1;
    this.#markBad(record, { ...failure, operation: 'status' });
    if (failure.error === 'ResourceNotFoundException') {
      record.unknownSince ??= clock.monotonic();
      record.givenUp = clock.monotonic() - record.unknownSince >= this.giveUpAfter;
    } else if (failure.error === 'UnknownStatus') {
      // Only a query that the service knows has a status. Other errors say nothing of whether it does.
      record.unknownSince = undefined;
    }
    this.#changes.tell(record);
    return record.givenUp;
  }

  /** A poll of a query that was just started: the service does not know it yet, which says nothing. */
  unknownYet(name: string): void {
    const record = this.#record(name);
    this.#countPoll(record);
    this.#changes.tell(record);
  }

  /** A request other than a poll was answered well. */
  requestAnswered(name: string): void {
    const record = this.#record(name);
    this.#markGood(record);
    this.#changes.tell(record);
  }

  /** A request other than a poll failed for good. */
  requestFailed(name: string, failure: Omit<QueryFailure, 'at'>): void {
    const record = this.#record(name);
    this.#markBad(record, failure);
    this.#changes.tell(record);
  }

  /** A new run was started: the status of the one before it is over. */
  runStarted(name: string): void {
    const record = this.#record(name);
    record.status = undefined;
    record.statusSince = undefined;
    record.staleAt = undefined;
    this.#changes.tell(record);
  }

  #record(name: string): MutableState {
    const record = this.#records.get(name);
    if (record === undefined) {
      throw new Error(`no registered query is named ${name}`);
    }
    return record;
  }

  #markGood(record: MutableState): void {
    record.up = true;
    record.lastFailure = undefined;
    record.lastSuccess = this.#options.clock.now();
  }

  #markBad(record: MutableState, failure: Omit<QueryFailure, 'at'>): void {
    record.up = false;
    record.lastFailure = { ...failure, at: this.#options.clock.now() };
  }

  #countPoll(record: MutableState): void {
    this.#untried.delete(record);
    record.polls += 1;
  }
}

/** The status to show at `now` of the monotonic clock: undefined before the first answer, and once it is stale. */
export function currentStatus(state: QueryState, now: number): QueryStatus | undefined {
  return state.staleAt !== undefined && now > state.staleAt ? undefined : state.status;
}
