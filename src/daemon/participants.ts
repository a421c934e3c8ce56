import { isScheduled, isWatched, type Registration } from '../model/query.ts';
import type { Participant } from '../registry/query-registry.ts';
import type { Parts } from './parts.ts';

/** Follows the registration of queries, with all parts. Metrics and storage follow changes of the state instead. */
export function participantOf(parts: Parts): Participant {
  const { targetsInUse, state, scheduling, stored } = parts;
  const { polls, runs } = scheduling;
  return {
    add(registration) {
      targetsInUse.assign(registration);
      addState(parts, registration);
      stored?.restore(registration);
    },
    begin: (registrations) => (parts.isStandby() ? undefined : beginCalls(parts, registrations)),
    change(registration) {
      state.queries.change(registration);
      if (isWatched(registration)) {
        polls.change(registration);
      } else if (isScheduled(registration)) {
        runs.change(registration);
      }
    },
    remove(registration) {
      removeCalls(parts, registration);
      state.failures.forget(registration.query);
      state.queries.remove(registration);
    },
  };
}

function beginCalls(parts: Parts, registrations: readonly Registration[]): void {
  const { state, scheduling, replica, stored } = parts;
  const { polls, runs, lastResults } = scheduling;
  polls.add(registrations.filter(isWatched), (registration) => state.queries.isTerminal(registration));
  const scheduled = registrations.filter(isScheduled);
  for (const registration of scheduled) {
    runs.add(registration, (replica?.shared.runs ?? stored?.runs)?.resume(registration));
  }
  lastResults.add(
    scheduled.flatMap((registration) => {
      const run = replica?.shared.runs.lastSucceeded(registration);
      return run === undefined ? [] : [{ registration, run }];
    }),
  );
}

function addState({ state }: Pick<Parts, 'state'>, registration: Registration): void {
  if (isScheduled(registration)) {
    state.runs.register(registration);
  }
  state.queries.register(registration);
}

function removeCalls({ scheduling: { polls, runs } }: Parts, registration: Registration, end?: 'left'): void {
  if (isWatched(registration)) {
    polls.remove(registration);
  } else if (isScheduled(registration)) {
    runs.remove(registration, end);
  }
}

/** Ends the polls of all queries, and leaves their runs at the service for another process. */
export function leaveCalls(parts: Parts): void {
  parts.scheduling.lastResults.clear();
  for (const registration of parts.state.registry.all()) {
    removeCalls(parts, registration, 'left');
  }
}

/** Forgets the states of all queries: another process has followed them in the meantime. */
export function renewStates(parts: Parts): void {
  const { state } = parts;
  for (const registration of state.registry.all()) {
    state.queries.remove(registration);
    addState(parts, registration);
  }
}
