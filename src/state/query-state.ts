import type { ApiErrorName } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Registration } from '../model/query.ts';
import { isTerminal, type QueryStatus } from '../model/vocabulary.ts';
import type { ChangedField, StateChanged } from './changed-fields.ts';

export const CALL_KINDS = ['start', 'status', 'results', 'stop'] as const;
export type CallKind = (typeof CALL_KINDS)[number];

export interface QueryFailure {
  /** Kind of the call: the `operation` label of `aws_nfm_query_last_error`. */
  readonly operation: CallKind;
  readonly error: ApiErrorName;
  /** Text for users, without secrets. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The state of a registered query. Times are in milliseconds since the epoch. Undefined means unknown. */
export interface QueryState {
  readonly registration: Registration;
  readonly registeredAt: number;
  /** The last status in a response, which may be stale: see `currentStatus`. */
  readonly status: QueryStatus | undefined;
  readonly statusSince: number | undefined;
  /** Whether the last call succeeded. */
  readonly up: boolean | undefined;
  /** Set while `up` is false. */
  readonly lastFailure: QueryFailure | undefined;
  readonly lastSuccess: number | undefined;
  /** Number of polls: calls, not attempts. */
  readonly polls: number;
  /** Polls that failed after all retries. */
  readonly pollErrors: number;
  /** Time from which on the status is stale, on the monotonic clock. Undefined without a status, or if it is terminal. */
  readonly staleAt: number | undefined;
  /** The service has not known the query for `giveUpAfter`, and it is no longer polled. */
  readonly givenUp: boolean;
}

type Changing = { -readonly [Field in Exclude<keyof QueryState, 'registration' | 'registeredAt'>]: QueryState[Field] };

interface MutableState extends Pick<QueryState, 'registration' | 'registeredAt'>, Changing {
  /** Time since which the service does not know the query, on the monotonic clock. */
  unknownSince: number | undefined;
  /** The `staleAfter` from which `staleAt` was calculated. */
  staleAfter: number;
}

/** The states of all registered queries. Polls write to it, and metrics, API, and status page read from it. */
export class QueryStates {
  /** Emitted for these states and for the runs of scheduled queries. */
  readonly changed: StateChanged;
  readonly #clock: Clock;
  readonly #records = new Map<Registration, MutableState>();
  /** Watched queries of the configuration at startup without a poll so far. */
  readonly #untried = new Set<Registration>();
  #starting = true;
  /** Milliseconds for which the service may not know a query before it is given up. */
  giveUpAfter: number;

  constructor({ clock, giveUpAfter, log }: Pick<Context, 'clock' | 'log'> & { readonly giveUpAfter: number }) {
    this.#clock = clock;
    this.changed = new Emitter(log, 'change of a query');
    this.giveUpAfter = giveUpAfter;
  }

  /** Ends the startup. Readiness does not wait for queries that are registered later. */
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

  /** Restores the state of an earlier process after the registration. The status's age counts by the wall clock. */
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

  /** Applies a changed configuration of a query with the same identity. Its state stays. */
  change(registration: Registration): void {
    const record = this.#record(registration);
    const { staleAfter } = registration.query;
    if (record.staleAt !== undefined) {
      record.staleAt += staleAfter - record.staleAfter;
    }
    record.staleAfter = staleAfter;
    this.changed.emit(registration, ['query', 'staleAt']);
  }

  remove(registration: Registration): void {
    this.#untried.delete(registration);
    if (this.#records.delete(registration)) {
      this.changed.emit(registration, ['removed']);
    }
  }

  get(registration: Registration): QueryState | undefined {
    return this.#records.get(registration);
  }

  isTerminal(registration: Registration): boolean {
    const status = this.#records.get(registration)?.status;
    return status !== undefined && isTerminal(status);
  }

  /** In the order of registration. */
  all(): IterableIterator<QueryState> {
    return this.#records.values();
  }

  get untried(): number {
    return this.#untried.size;
  }

  /** Stores a successful poll. Returns the previous status. */
  pollSucceeded(registration: Registration, status: QueryStatus): QueryStatus | undefined {
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

  /** Stores a failed poll. Returns whether the query is given up: unknown to the service for `giveUpAfter`. */
  pollFailed(registration: Registration, failure: Omit<QueryFailure, 'at' | 'operation'>): boolean {
    const record = this.#record(registration);
    const now = this.#clock.monotonic();
    let { givenUp } = record;
    if (failure.error === 'ResourceNotFoundException') {
      record.unknownSince ??= now;
      givenUp = now - record.unknownSince >= this.giveUpAfter;
    } else if (failure.error === 'UnknownStatus') {
      // Only a query that the service knows has a status. Other errors do not show whether it does.
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

  /** Counts a poll of a query that was just started. The service does not know it yet, which is not a failure. */
  unknownYet(registration: Registration): void {
    const record = this.#record(registration);
    this.#set(record, this.#polled(record));
  }

  /** Stores a successful call other than a poll. */
  callSucceeded(registration: Registration): void {
    this.#set(this.#record(registration), this.#good());
  }

  callFailed(registration: Registration, failure: Omit<QueryFailure, 'at'>): void {
    this.#set(this.#record(registration), this.#bad(failure));
  }

  /** Clears the status of the previous run. */
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

  /** Sets members of a state, and emits which of them have changed. */
  #set(record: MutableState, values: Partial<Changing>): void {
    const isSameFailure =
      record.lastFailure?.operation === values.lastFailure?.operation &&
      record.lastFailure?.error === values.lastFailure?.error;
    const fields: ChangedField[] = [];
    // `values` has exactly these keys: they are literals of the methods above.
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

/** Returns the status at `now` of the monotonic clock; undefined before the first response, and once it is stale. */
export function currentStatus(state: QueryState, now: number): QueryStatus | undefined {
  return state.staleAt !== undefined && now > state.staleAt ? undefined : state.status;
}
