import type { Participant } from '../registry/query-registry.ts';
import type { Parts } from './parts.ts';

/** Everything that holds something of each registered query: its target, state, series, stored records, and calls. */
export function participantsOf({ targetsInUse, state, page, scheduling, memory }: Parts): readonly Participant[] {
  const { polls, runs } = scheduling;
  const place: Participant = {
    add: (query) => targetsInUse.place(query),
    change: (query) => targetsInUse.place(query),
  };
  const known: Participant = {
    add: (query) => page.queries.add(state.queries.register(query)),
    change(query) {
      state.queries.change(query);
      page.queries.queryChanged(query.name);
    },
    remove(query) {
      state.failures.forget(query);
      state.queries.remove(query.name);
      page.queries.remove(query.name);
    },
  };
  const knownRuns: Participant = {
    add(query) {
      if (query.kind === 'scheduled') {
        page.runs.add(state.runs.register(query));
      }
    },
    change(query) {
      if (query.kind === 'scheduled') {
        state.runs.change(query);
      }
    },
    remove({ kind, name }) {
      if (kind === 'scheduled') {
        state.runs.remove(name);
        page.runs.remove(name);
      }
    },
  };
  const stored: Participant = {
    add: (query) => memory?.restore(query),
    remove: (query) => memory?.forget(query),
  };
  const called: Participant = {
    begin(queries) {
      polls.add(
        queries.filter((query) => query.kind === 'watched'),
        ({ name }) => state.queries.isTerminal(name),
      );
      for (const query of queries.filter((each) => each.kind === 'scheduled')) {
        runs.add(query, memory?.resume(query));
      }
    },
    change(query) {
      if (query.kind === 'watched') {
        polls.change(query);
      } else {
        runs.change(query);
      }
    },
    remove: ({ kind, name }) => (kind === 'watched' ? polls : runs).remove(name),
  };
  return [place, known, knownRuns, stored, called];
}
