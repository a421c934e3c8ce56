import { viewOfState } from '../http/api/view-of-state.ts';
import type { Clock } from '../lib/clock.ts';
import type { QueryView } from '../registry/query-view.ts';
import type { QueryState } from '../state/query-state.ts';
import type { ExporterState } from './exporter-state.ts';
import type { Scheduling } from './scheduling.ts';

/** The registered queries as HTTP shows them now. */
export class QueryViews {
  readonly #clock: Clock;
  readonly #state: ExporterState;
  readonly #scheduling: Scheduling;

  constructor(clock: Clock, state: ExporterState, scheduling: Scheduling) {
    this.#clock = clock;
    this.#state = state;
    this.#scheduling = scheduling;
  }

  /** Those that are registered now. Each is shown as it is when it is taken out; queries that are removed before are left out. */
  *all(): Generator<QueryView> {
    for (const { query } of [...this.#state.queries.all()]) {
      const view = this.get(query.name);
      if (view !== undefined) {
        yield view;
      }
    }
  }

  /** Undefined where no query has the name. */
  get(name: string): QueryView | undefined {
    const state = this.#state.queries.get(name);
    return state && this.#view(state);
  }

  #view(state: QueryState): QueryView {
    const { name } = state.query;
    return viewOfState(state, this.#clock.monotonic(), this.#scheduling.next(name), this.#state.runs.get(name));
  }
}
