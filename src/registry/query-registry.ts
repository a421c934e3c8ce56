import type { TargetsInUse } from '../accounts/targets-in-use.ts';
import type { FailureLog } from '../actions/failure-log.ts';
import type { QuerySections } from '../metrics/query-sections.ts';
import type { RunPage } from '../metrics/run-page.ts';
import type { RegisteredQuery, ScheduledQuery, WatchedQuery } from '../model/query.ts';
import type { QuerySource } from '../model/vocabulary.ts';
import type { Memory } from '../persistence/memory.ts';
import type { Polls } from '../scheduler/polls.ts';
import type { Runs } from '../scheduler/runs.ts';
import type { QueryStates } from '../state/query-state.ts';
import type { RunStates } from '../state/run-state.ts';

export interface QueryRegistryParts {
  readonly targetsInUse: TargetsInUse;
  readonly states: QueryStates;
  readonly runStates: RunStates;
  readonly failures: FailureLog;
  readonly polls: Polls<WatchedQuery>;
  readonly runs: Runs<ScheduledQuery>;
  readonly querySections: QuerySections;
  readonly runPage: RunPage;
  /** Undefined where nothing outlives the process. */
  readonly memory: Memory | undefined;
}

/** Makes queries known to, and forgotten by, all parts that hold something of each query. */
export class QueryRegistry {
  readonly #parts: QueryRegistryParts;

  constructor(parts: QueryRegistryParts) {
    this.#parts = parts;
  }

  /**
   * Registers queries whose names are free, each an object that was never registered before. They are shown from now on,
   * and requests for them begin with `begin`.
   */
  add(queries: readonly RegisteredQuery[]): void {
    const { targetsInUse, states, runStates, querySections, runPage, memory } = this.#parts;
    for (const query of queries) {
      targetsInUse.place(query);
      querySections.add(states.register(query));
      if (query.kind === 'scheduled') {
        runPage.add(runStates.register(query));
      }
      memory?.restore(query);
    }
  }

  /** Polls and runs queries that were added. */
  begin(queries: readonly RegisteredQuery[]): void {
    const { states, polls, runs, memory } = this.#parts;
    polls.add(
      queries.filter((query) => query.kind === 'watched'),
      ({ name }) => states.isTerminal(name),
    );
    for (const query of queries.filter((each) => each.kind === 'scheduled')) {
      runs.add(query, memory?.resume(query));
    }
  }

  /** A registered query takes the place of the one of its name, which asks the same: counters, state and runs stay. */
  change(query: RegisteredQuery): void {
    const { targetsInUse, states, runStates, polls, runs, querySections } = this.#parts;
    targetsInUse.place(query);
    states.change(query);
    if (query.kind === 'watched') {
      polls.change(query);
    } else {
      runStates.change(query);
      runs.change(query);
    }
    querySections.queryChanged(query.name);
  }

  /** A query leaves, and every one of its series with it; a run of it is stopped at the service. */
  remove(query: RegisteredQuery): void {
    const { states, runStates, failures, polls, runs, querySections, runPage, memory } = this.#parts;
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
    memory?.forget(query);
  }

  /** Queries registered now, by source. */
  countBySource(): ReadonlyMap<QuerySource, number> {
    const counts = new Map<QuerySource, number>([
      ['config', 0],
      ['file', 0],
      ['http', 0],
    ]);
    for (const { query } of this.#parts.states.all()) {
      counts.set(query.source, (counts.get(query.source) ?? 0) + 1);
    }
    return counts;
  }
}
