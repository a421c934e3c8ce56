import type { Clock } from '../src/lib/clock.ts';
import { SILENT_LOG } from '../src/lib/log.ts';
import type { Registration } from '../src/model/query.ts';
import { QueryStates } from '../src/state/query-state.ts';
import { registeredQueries } from './watched-queries.ts';

/** States of watched queries that change by commands of the bench: equal commands have equal effects in every process. */
export class ChangingStates {
  readonly states: QueryStates;
  #registrations: readonly Registration[] = [];
  #now = Date.UTC(2026, 0, 1);
  #changes = 0;

  constructor() {
    const clock: Clock = { now: () => this.#now, monotonic: () => this.#now, setTimer: () => () => undefined };
    const log = { ...SILENT_LOG, error: console.error };
    this.states = new QueryStates({ clock, giveUpAfter: 3_600_000, log });
  }

  /** Registers a number of queries, each with one successful poll. */
  register(count: number): void {
    this.#registrations = registeredQueries(count).map((query) => ({ name: query.name, query, removed: false }));
    for (const registration of this.#registrations) {
      this.states.register(registration);
    }
    this.change(count);
  }

  /** Milliseconds of both clocks of the states. */
  get now(): number {
    return this.#now;
  }

  /**
   * Polls a number of queries, which get a new status, each a moment after the one before. They are spread evenly
   * over all, as those that the scheduler polls within a short time are, and others each time.
   */
  change(count: number): void {
    this.#changes += 1;
    const all = this.#registrations;
    for (let i = 0; i < count; i += 1) {
      const registration = all[(this.#changes + Math.floor((i * all.length) / count)) % all.length];
      if (registration !== undefined) {
        this.#now += 1.5;
        this.states.pollSucceeded(
          registration,
          this.states.get(registration)?.status === 'QUEUED' ? 'RUNNING' : 'QUEUED',
        );
      }
    }
  }
}
