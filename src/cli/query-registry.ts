import type { QuerySections } from '../metrics/query-sections.ts';
import type { RunPage } from '../metrics/run-page.ts';
import type { RegisteredQuery, ScheduledQuery, WatchedQuery } from '../queries/query.ts';
import type { Polls } from '../scheduler/polls.ts';
import type { Runs } from '../scheduler/runs.ts';
import type { FailureLog } from '../state/failure-log.ts';
import type { QueryStates } from '../state/query-state.ts';
import type { RunStates } from '../state/run-state.ts';

export interface QueryRegistryParts {
  readonly states: QueryStates;
  readonly runStates: RunStates;
  readonly failures: FailureLog;
  readonly polls: Polls<WatchedQuery>;
  readonly runs: Runs<ScheduledQuery>;
  readonly querySections: QuerySections;
  readonly runPage: RunPage;
}

/** Makes queries known to, and forgotten by, all parts that hold something of each query. */
export class QueryRegistry {
  readonly #parts: QueryRegistryParts;

  constructor(parts: QueryRegistryParts) {
    this.#parts = parts;
  }

  /** Registers queries whose names are free. They are shown from now on, and requests for them begin with `begin`. */
  add(queries: readonly RegisteredQuery[]): void {
    const { states, runStates, querySections, runPage } = this.#parts;
    for (const query of queries) {
      querySections.add(states.register(query));
      if (query.kind === 'scheduled') {
        runPage.add(runStates.register(query));
      }
    }
  }

  /** Polls and runs queries that were added. */
  begin(queries: readonly RegisteredQuery[]): void {
    const { polls, runs } = this.#parts;
    polls.add(queries.filter((query) => query.kind === 'watched'));
    for (const query of queries.filter((each) => each.kind === 'scheduled')) {
      runs.add(query);
    }
  }

  /** A query leaves, and every one of its series with it; a run of it is stopped at the service. */
  remove(query: RegisteredQuery): void {
    const { states, runStates, failures, polls, runs, querySections, runPage } = this.#parts;
    const { name } = query;
    if (query.kind === 'watched') {
      polls.remove(name);
    } else {
      runs.remove(name);
      runStates.remove(name);
      runPage.remove(name);
    }
    failures.forget(query);
    states.remove(name);
    querySections.remove(name);
  }

  has(name: string): boolean {
    return this.#parts.states.get(name) !== undefined;
  }
}
