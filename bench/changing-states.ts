import type { Clock } from '../src/lib/clock.ts';
import { type QueryState, QueryStates } from '../src/state/query-state.ts';
import { registeredQueries } from './watched-queries.ts';

/** States of watched queries that change as the bench says: the same in every process that is told the same. */
export class ChangingStates {
  readonly states: QueryStates;
  readonly #names: readonly string[];
  #now = Date.UTC(2026, 0, 1);
  #changes = 0;

  /** All queries have been answered once. `onChange` is called for that, too, once they are `registered`. */
  constructor(count: number, registered: (state: QueryState) => void, onChange: (state: QueryState) => void) {
    const clock: Clock = { now: () => this.#now, monotonic: () => this.#now, setTimer: () => () => undefined };
    this.states = new QueryStates({ clock, giveUpAfter: 3_600_000 });
    this.states.onChange(onChange);
    const queries = registeredQueries(count);
    for (const query of queries) {
      registered(this.states.register(query));
    }
    this.#names = queries.map(({ name }) => name);
    this.change(count);
  }

  /** Milliseconds of both clocks of the states. */
  get now(): number {
    return this.#now;
  }

  /**
   * So many queries are polled and have a new status, each a moment later than the one before. They are spread evenly
   * over all, as those that the scheduler polls within a short time are, and others each time.
   */
  change(count: number): void {
    this.#changes += 1;
    for (let i = 0; i < count; i += 1) {
      const index = (this.#changes + Math.floor((i * this.#names.length) / count)) % this.#names.length;
      const name = this.#names[index];
      if (name !== undefined) {
        this.#now += 1.5;
        this.states.answered(name, this.states.get(name)?.status === 'QUEUED' ? 'RUNNING' : 'QUEUED');
      }
    }
  }
}
