import type { Clock } from '../lib/clock.ts';
import type { QueryStates } from './query-state.ts';

/** Longest time after the start for which untried queries delay readiness. */
const PATIENCE_MS = 60_000;

/** Returns the number of queries of the startup that were not polled, successfully or not; 0 if ready, and from then on. */
export function readinessOf(clock: Clock, states: Pick<QueryStates, 'untried'>): { waiting(): number } {
  const startedAt = clock.monotonic();
  let isReady = false;
  return {
    waiting() {
      isReady ||= states.untried === 0 || clock.monotonic() - startedAt >= PATIENCE_MS;
      return isReady ? 0 : states.untried;
    },
  };
}
