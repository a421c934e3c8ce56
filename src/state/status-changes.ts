import { type Clock, LONGEST_TIMER_MS } from '../lib/clock.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Logger } from '../lib/log.ts';
import type { Registration } from '../model/query.ts';
import type { ChangedField } from './changed-fields.ts';
import type { QueryStates } from './query-state.ts';

/** Changes that follow each other within this time, in milliseconds, are told as one: how late a change is told at most. */
const COALESCED_MS = 500;

/** A query whose status, reachability, runs or registration have changed since the last time it was told; `removed`: it is removed. */
export interface StatusChange {
  readonly name: string;
  readonly kind: 'changed' | 'removed';
}

export type StatusChangeListener = (changes: readonly StatusChange[]) => void;

/** What a change is a change of. The time and the words of a failure that goes on are none. */
const FIELDS: ReadonlySet<ChangedField> = new Set<ChangedField>([
  'registered',
  'removed',
  'query',
  'status',
  'statusSince',
  'up',
  'lastFailure',
  'recent',
]);

export interface StatusChangesOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  readonly states: Pick<QueryStates, 'get' | 'all' | 'changed'>;
  readonly log: Pick<Logger, 'error'>;
}

/**
 * Tells which queries have changed, once for all changes of half a second. Statuses grow too old by time alone: a timer
 * is set for the first that may. While nobody listens, nothing is done.
 */
export class StatusChanges {
  readonly #options: StatusChangesOptions;
  readonly #listeners: Emitter<Parameters<StatusChangeListener>>;
  /** By name: a query that takes the place of another is a change of it. */
  readonly #pending = new Map<string, StatusChange['kind']>();
  #cancelTelling: (() => void) | undefined;
  #cancelLooking: () => void = () => undefined;
  /** Statuses are looked at then, on the monotonic clock. */
  #lookAt = Number.POSITIVE_INFINITY;
  /** When they were looked at last. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Queries whose status was too old then. */
  readonly #stale = new Set<Registration>();

  constructor(options: StatusChangesOptions) {
    this.#options = options;
    this.#listeners = new Emitter(options.log, 'changes of status');
    options.states.changed.on((registration, fields) => this.#changed(registration, fields));
  }

  /** Calls `listener` with changes from now on, until the function that it returns is called. */
  subscribe(listener: StatusChangeListener): () => void {
    const remove = this.#listeners.on(listener);
    if (this.#listeners.size === 1) {
      this.#findStale();
      this.#pending.clear();
    }
    return () => {
      remove();
      if (this.#listeners.size === 0) {
        this.#end();
      }
    };
  }

  #end(): void {
    this.#cancelTelling?.();
    this.#cancelTelling = undefined;
    this.#cancelLooking();
    this.#lookAt = Number.POSITIVE_INFINITY;
    this.#pending.clear();
    this.#stale.clear();
  }

  #changed(registration: Registration, fields: readonly ChangedField[]): void {
    if (this.#listeners.size === 0) {
      return;
    }
    if (fields.includes('removed')) {
      this.#stale.delete(registration);
    }
    if (fields.includes('staleAt')) {
      this.#lookAfter(this.#options.states.get(registration)?.staleAt);
    }
    const isFresh = fields.includes('staleAt') && this.#stale.delete(registration);
    if (isFresh || fields.some((field) => FIELDS.has(field))) {
      this.#pending.set(registration.name, fields.includes('removed') ? 'removed' : 'changed');
      this.#cancelTelling ??= this.#options.clock.setTimer(COALESCED_MS, () => this.#tell());
    }
  }

  #tell(): void {
    this.#cancelTelling?.();
    this.#cancelTelling = undefined;
    const changes = Array.from(this.#pending, ([name, kind]) => ({ name, kind }));
    this.#pending.clear();
    if (changes.length > 0) {
      this.#listeners.emit(changes);
    }
  }

  /** Looks at all statuses once the one that is to be believed until `staleAt` is too old, and not too often. */
  #lookAfter(staleAt: number | undefined): void {
    const { clock } = this.#options;
    const at = Math.max((staleAt ?? Number.POSITIVE_INFINITY) + 1, this.#lookedAt + COALESCED_MS);
    if (at < this.#lookAt) {
      this.#cancelLooking();
      this.#lookAt = at;
      this.#cancelLooking = clock.setTimer(Math.min(at - clock.monotonic(), LONGEST_TIMER_MS), () => {
        this.#findStale();
        this.#tell();
      });
    }
  }

  /** Finds statuses that have become too old since the last look, and when the next one will. */
  #findStale(): void {
    const now = this.#options.clock.monotonic();
    let next: number | undefined;
    for (const { registration, staleAt = Number.POSITIVE_INFINITY } of this.#options.states.all()) {
      if (staleAt >= now) {
        next = Math.min(next ?? staleAt, staleAt);
      } else if (!this.#stale.has(registration)) {
        this.#stale.add(registration);
        this.#pending.set(registration.name, 'changed');
      }
    }
    this.#lookedAt = now;
    this.#lookAt = Number.POSITIVE_INFINITY;
    this.#lookAfter(next);
  }
}
