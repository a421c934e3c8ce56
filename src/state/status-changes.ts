import type { Clock } from '../lib/clock.ts';
import type { RegisteredQuery } from '../model/query.ts';
import type { QueryStatus } from '../model/vocabulary.ts';
import { currentStatus, type QueryFailure, type QueryState, type QueryStates } from './query-state.ts';
import type { RunStates } from './run-state.ts';

/** How often all queries are looked at while somebody listens: how late a change is told at most. */
const LOOK_EVERY_MS = 500;

/** A query whose status, reachability, runs or registration have changed since the last time it was told; `removed`: it has left. */
export interface StatusChange {
  readonly name: string;
  readonly kind: 'changed' | 'removed';
}

export type StatusChangeListener = (changes: readonly StatusChange[]) => void;

/** What a change is a change of. The time and the words of a failure that goes on are none. */
interface Seen {
  /** A change of its labels or intervals makes another of it. */
  readonly query: RegisteredQuery;
  readonly status: QueryStatus | undefined;
  readonly statusSince: number | undefined;
  readonly up: boolean | undefined;
  readonly operation: QueryFailure['operation'] | undefined;
  readonly error: QueryFailure['error'] | undefined;
  readonly runs: number;
}

export interface StatusChangesOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  readonly states: QueryStates;
  readonly runStates: RunStates;
}

/**
 * Tells which queries have changed. While somebody listens, all are compared with what they were half a second ago, at a
 * millisecond or so for 10,000; that finds those that came or left and statuses that have grown too old as well, for
 * which nobody calls, and makes one change of many that follow each other. While nobody listens, nothing is done.
 */
export class StatusChanges {
  readonly #options: StatusChangesOptions;
  readonly #listeners = new Set<StatusChangeListener>();
  #seen = new Map<string, Seen>();
  #cancel: () => void = () => undefined;

  constructor(options: StatusChangesOptions) {
    this.#options = options;
  }

  /** Calls `listener` with changes from now on, until the function that it returns is called. */
  subscribe(listener: StatusChangeListener): () => void {
    if (this.#listeners.size === 0) {
      this.#look();
    }
    this.#listeners.add(listener);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) {
        this.#cancel();
        this.#seen = new Map();
      }
    };
  }

  #look(): void {
    const changes = this.#compare();
    if (changes.length > 0) {
      for (const listener of this.#listeners) {
        listener(changes);
      }
    }
    this.#cancel = this.#options.clock.setTimer(LOOK_EVERY_MS, () => this.#look());
  }

  #compare(): StatusChange[] {
    const { states, runStates, clock } = this.#options;
    const now = clock.monotonic();
    const changes: StatusChange[] = [];
    for (const state of states.all()) {
      const { name } = state.query;
      const before = this.#seen.get(name);
      const runs = runStates.get(name)?.recent.count ?? 0;
      if (before === undefined || !isAsSeen(before, state, currentStatus(state, now), runs)) {
        this.#seen.set(name, {
          query: state.query,
          status: currentStatus(state, now),
          statusSince: state.statusSince,
          up: state.up,
          operation: state.lastFailure?.operation,
          error: state.lastFailure?.error,
          runs,
        });
        changes.push({ name, kind: 'changed' });
      }
    }
    if (this.#seen.size > states.size) {
      for (const name of this.#seen.keys()) {
        if (states.get(name) === undefined) {
          this.#seen.delete(name);
          changes.push({ name, kind: 'removed' });
        }
      }
    }
    return changes;
  }
}

function isAsSeen(seen: Seen, state: QueryState, status: QueryStatus | undefined, runs: number): boolean {
  return (
    seen.query === state.query &&
    seen.status === status &&
    seen.statusSince === state.statusSince &&
    seen.up === state.up &&
    seen.operation === state.lastFailure?.operation &&
    seen.error === state.lastFailure?.error &&
    seen.runs === runs
  );
}
