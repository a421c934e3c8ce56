import { isScheduled, isWatched } from '../model/query.ts';
import type { Participant } from '../registry/query-registry.ts';
import type { Parts } from './parts.ts';

/** All that is called when a query is registered or removed. What shows or stores its state follows the state's changes. */
export function participantsOf({ targetsInUse, state, scheduling, memory }: Parts): readonly Participant[] {
  const { polls, runs } = scheduling;
  const known: Participant = {
    add(registration) {
      targetsInUse.place(registration);
      if (isScheduled(registration)) {
        state.runs.register(registration);
      }
      state.queries.register(registration);
      memory?.restore(registration);
    },
    change: (registration) => state.queries.change(registration),
    remove(registration) {
      state.failures.forget(registration.query);
      state.queries.remove(registration);
    },
  };
  const called: Participant = {
    begin(registrations) {
      polls.add(registrations.filter(isWatched), (registration) => state.queries.isTerminal(registration));
      for (const registration of registrations.filter(isScheduled)) {
        runs.add(registration, memory?.resume(registration));
      }
    },
    change(registration) {
      if (isWatched(registration)) {
        polls.change(registration);
      } else if (isScheduled(registration)) {
        runs.change(registration);
      }
    },
    remove(registration) {
      if (isWatched(registration)) {
        polls.remove(registration);
      } else if (isScheduled(registration)) {
        runs.remove(registration);
      }
    },
  };
  return [known, called];
}
