import type { ApiErrorName } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Logger } from '../lib/log.ts';
import type { Registration } from '../model/query.ts';
import { isTerminal, type QueryStatus } from '../model/vocabulary.ts';
import type { ChangedField, StateChanged } from './changed-fields.ts';

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
  readonly registration: Registration;
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

/** Members of a state that change. */
type Changing = { -readonly [Field in Exclude<keyof QueryState, 'registration' | 'registeredAt'>]: QueryState[Field] };

interface MutableState extends Pick<QueryState, 'registration' | 'registeredAt'>, Changing {
  /** Since when the service does not know the query, on the monotonic clock. */
  unknownSince: number | undefined;
  /** The `staleAfter` that `staleAt` was made with. */
  staleAfter: number;
}

export interface QueryStatesOptions {
  readonly clock: Clock;
  readonly giveUpAfter: number;
  readonly log: Pick<Logger, 'error'>;
}

/** The state of all registered queries: the one place that polls write to and everything that is shown reads from. */
export class QueryStates {
  /** Of these states and, for scheduled queries, of their runs. */
  readonly changed: StateChanged;
  readonly #clock: Clock;
  readonly #records = new Map<Registration, MutableState>();
  /** Watched queries of the start that no request was made for yet. */
  readonly #untried = new Set<Registration>();
  #starting = true;
  /** How long a query may be unknown to the service before it is given up, in milliseconds. */
  giveUpAfter: number;

  constructor({ clock, giveUpAfter, log }: QueryStatesOptions) {
    this.#clock = clock;
    this.changed = new Emitter(log, 'change of a query');
    this.giveUpAfter = giveUpAfter;
  }

  /** All queries of the start are registered: nobody waits for the first request of those that come later. */
  started(): void {
    this.#starting = false;
  }

  register(registration: Registration): QueryState {
    const record: MutableState = {
      registration,
      registeredAt: this.#clock.now(),
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
      staleAfter: registration.query.staleAfter,
    };
    this.#records.set(registration, record);
    if (this.#starting && registration.query.kind === 'watched') {
      this.#untried.add(registration);
    }
    this.changed.emit(registration, ['registered']);
    return record;
  }

  /**
   * An earlier process knew this of a query that was just registered. How long its status is still to be believed counts
   * from the last good answer, as far as the wall clock can be trusted.
   */
  restore(
    registration: Registration,
    saved: Pick<QueryState, 'status' | 'statusSince' | 'up' | 'lastFailure' | 'lastSuccess'>,
  ): void {
    const record = this.#record(registration);
    const age = Math.max(0, this.#clock.now() - (saved.lastSuccess ?? Number.NEGATIVE_INFINITY));
    const isOver = saved.status === undefined || isTerminal(saved.status);
    if (saved.status !== undefined && isOver) {
      this.#untried.delete(registration);
    }
    const staleAt = isOver ? undefined : this.#clock.monotonic() + record.staleAfter - age;
    this.#set(record, { ...saved, staleAt });
  }

  /** A query is asked or shown otherwise from now on, but asks the same: its state stays. */
  change(registration: Registration): void {
    const record = this.#record(registration);
    const { staleAfter } = registration.query;
    if (record.staleAt !== undefined) {
      record.staleAt += staleAfter - record.staleAfter;
    }
    record.staleAfter = staleAfter;
    this.changed.emit(registration, ['query', 'staleAt']);
  }

  /** Forgets a query that is removed. */
  remove(registration: Registration): void {
    this.#untried.delete(registration);
    if (this.#records.delete(registration)) {
      this.changed.emit(registration, ['removed']);
    }
  }

  get(registration: Registration): QueryState | undefined {
    return this.#records.get(registration);
  }

  /** Whether a query has come to its end, as far as is known: its status will not change any more. */
  isTerminal(registration: Registration): boolean {
    const status = this.#records.get(registration)?.status;
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
  answered(registration: Registration, status: QueryStatus): QueryStatus | undefined {
    const record = this.#record(registration);
    const { status: before, statusSince } = record;
    record.unknownSince = undefined;
    this.#set(record, {
      ...this.#polled(record),
      ...this.#good(),
      status,
      statusSince: before === status ? statusSince : this.#clock.now(),
      staleAt: isTerminal(status) ? undefined : this.#clock.monotonic() + record.staleAfter,
    });
    return before;
  }

  /** A poll failed for good. Returns whether the query is given up: unknown to the service for all of `giveUpAfter`. */
  failed(registration: Registration, failure: Omit<QueryFailure, 'at' | 'operation'>): boolean {
    const record = this.#record(registration);
    const now = this.#clock.monotonic();
    let { givenUp } = record;
    if (failure.error === 'ResourceNotFoundException') {
      record.unknownSince ??= now;
      givenUp = now - record.unknownSince >= this.giveUpAfter;
    } else if (failure.error === 'UnknownStatus') {
      // Only a query that the service knows has a status. Other errors say nothing of whether it does.
      record.unknownSince = undefined;
    }
    this.#set(record, {
      ...this.#polled(record),
      ...this.#bad({ ...failure, operation: 'status' }),
      pollErrors: record.pollErrors + 1,
      givenUp,
    });
    return givenUp;
  }

  /** A poll of a query that was just started: the service does not know it yet, which says nothing. */
  unknownYet(registration: Registration): void {
    const record = this.#record(registration);
    this.#set(record, this.#polled(record));
  }

  /** A request other than a poll was answered well. */
  requestAnswered(registration: Registration): void {
    this.#set(this.#record(registration), this.#good());
  }

  /** A request other than a poll failed for good. */
  requestFailed(registration: Registration, failure: Omit<QueryFailure, 'at'>): void {
    this.#set(this.#record(registration), this.#bad(failure));
  }

  /** A new run was started: the status of the one before it is over. */
  runStarted(registration: Registration): void {
    this.#set(this.#record(registration), { status: undefined, statusSince: undefined, staleAt: undefined });
  }

  #record(registration: Registration): MutableState {
    const record = this.#records.get(registration);
    if (record === undefined) {
      throw new Error(`internal error: query ${registration.name} is not registered`);
    }
    return record;
  }

  #polled({ registration, polls }: MutableState): Pick<Changing, 'polls'> {
    this.#untried.delete(registration);
    return { polls: polls + 1 };
  }

  #good(): Pick<Changing, 'up' | 'lastFailure' | 'lastSuccess'> {
    return { up: true, lastFailure: undefined, lastSuccess: this.#clock.now() };
  }

  #bad(failure: Omit<QueryFailure, 'at'>): Pick<Changing, 'up' | 'lastFailure'> {
    return { up: false, lastFailure: { ...failure, at: this.#clock.now() } };
  }

  /** Writes members of a state down, and tells which of them are other than before. */
  #set(record: MutableState, values: Partial<Changing>): void {
    const isSameFailure =
      record.lastFailure?.operation === values.lastFailure?.operation &&
      record.lastFailure?.error === values.lastFailure?.error;
    const fields: ChangedField[] = [];
    // The values are literals of the methods above.
    for (const field of Object.keys(values) as (keyof Changing)[]) {
      if (field === 'lastFailure' ? !isSameFailure : record[field] !== values[field]) {
        fields.push(field);
      }
    }
    Object.assign(record, values);
    if (fields.length > 0) {
      this.changed.emit(record.registration, fields);
    }
  }
}

/** The status to show at `now` of the monotonic clock: undefined before the first answer, and once it is stale. */
export function currentStatus(state: QueryState, now: number): QueryStatus | undefined {
  return state.staleAt !== undefined && now > state.staleAt ? undefined : state.status;
}
