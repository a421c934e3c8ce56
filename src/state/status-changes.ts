import { LONGEST_TIMER_MS } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Registration } from '../model/query.ts';
import type { ChangedField } from './changed-fields.ts';
import type { QueryStates } from './query-state.ts';

/** Milliseconds within which changes are combined: the longest delay of a notification. */
const COALESCED_MS = 500;

/** A query whose status, reachability, runs, or registration have changed since the last notification. */
export interface StatusChange {
  readonly name: string;
  readonly kind: 'changed' | 'removed';
}

export type StatusChangeListener = (changes: readonly StatusChange[]) => void;

/** Fields whose changes are reported. The time and the message of a continuing failure are not changes. */
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

export interface StatusChangesOptions extends Pick<Context, 'clock' | 'log'> {
  readonly states: Pick<QueryStates, 'get' | 'all' | 'changed'>;
}

/** Notifies listeners about changed queries, also those that become stale with time, once per half a second. */
export class StatusChanges {
  readonly #options: StatusChangesOptions;
  readonly #listeners: Emitter<Parameters<StatusChangeListener>>;
  /** By name: a query that replaces another is a change of it. */
  readonly #pending = new Map<string, StatusChange['kind']>();
  #cancelNotifying: (() => void) | undefined;
  #cancelChecking: () => void = () => undefined;
  /** Time of the next check for stale statuses, on the monotonic clock. */
  #checkAt = Number.POSITIVE_INFINITY;
  /** Time of the last check. */
  #checkedAt = Number.NEGATIVE_INFINITY;
  /** Queries whose status was stale then. */
  readonly #stale = new Set<Registration>();

  constructor(options: StatusChangesOptions) {
    this.#options = options;
    this.#listeners = new Emitter(options.log, 'changes of status');
    options.states.changed.on((registration, fields) => this.#changed(registration, fields));
  }

  /** Adds a listener. Returns a function that removes it. */
  subscribe(listener: StatusChangeListener): () => void {
    const remove = this.#listeners.on(listener);
    if (this.#listeners.size === 1) {
      this.#findStale();
      this.#pending.clear();
    }
    return () => {
      remove();
      if (this.#listeners.size === 0) {
        this.#cancelNotifying?.();
        this.#cancelNotifying = undefined;
        this.#cancelChecking();
        this.#checkAt = Number.POSITIVE_INFINITY;
        this.#pending.clear();
        this.#stale.clear();
      }
    };
  }

  #changed(registration: Registration, fields: readonly ChangedField[]): void {
    if (this.#listeners.size === 0) {
      return;
    }
    if (fields.includes('removed')) {
      this.#stale.delete(registration);
    }
    if (fields.includes('staleAt')) {
      this.#checkAfter(this.#options.states.get(registration)?.staleAt);
    }
    const isFresh = fields.includes('staleAt') && this.#stale.delete(registration);
    if (isFresh || fields.some((field) => FIELDS.has(field))) {
      this.#pending.set(registration.name, fields.includes('removed') ? 'removed' : 'changed');
      this.#cancelNotifying ??= this.#options.clock.setTimer(COALESCED_MS, () => this.#notify());
    }
  }

  #notify(): void {
    this.#cancelNotifying?.();
    this.#cancelNotifying = undefined;
    const changes = Array.from(this.#pending, ([name, kind]) => ({ name, kind }));
    this.#pending.clear();
    if (changes.length > 0) {
      this.#listeners.emit(changes);
    }
  }

  /** Schedules a check of all statuses for the time at which one becomes stale, but not too often. */
  #checkAfter(staleAt: number | undefined): void {
    const { clock } = this.#options;
    const at = Math.max((staleAt ?? Number.POSITIVE_INFINITY) + 1, this.#checkedAt + COALESCED_MS);
    if (at < this.#checkAt) {
      this.#cancelChecking();
      this.#checkAt = at;
      this.#cancelChecking = clock.setTimer(Math.min(at - clock.monotonic(), LONGEST_TIMER_MS), () => {
        this.#findStale();
        this.#notify();
      });
    }
  }

  /** Finds statuses that have become stale since the last check, and schedules the next check. */
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
    this.#checkedAt = now;
    this.#checkAt = Number.POSITIVE_INFINITY;
    this.#checkAfter(next);
  }
}
