import { parseScenario, type RequestRecord, type Simulator, startSimulator } from 'network-flow-monitor-simulator';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import type { TestScope } from './daemon.ts';

/** A simulator that records its requests. */
export interface SimulatedService {
  readonly url: string;
  readonly simulator: Simulator;
  /** All requests so far, in the order of their ends. */
  readonly requests: readonly RequestRecord[];
  /** Arrival times of polls, of one query or of all, in milliseconds since the epoch, in order. */
  arrivals(queryId?: string): number[];
}

/** Starts a simulator with the content of a scenario file. It ends with the test. */
export async function runSimulator(
  scope: TestScope,
  scenario: Readonly<Record<string, unknown>>,
  { port = 0, clock = systemClock }: { readonly port?: number; readonly clock?: Clock } = {},
): Promise<SimulatedService> {
  const requests: RequestRecord[] = [];
  const simulator = await startSimulator({
    port,
    clock,
    scenario: parseScenario(JSON.stringify(scenario)),
    onRequest: (record) => requests.push(record),
  });
  scope.onTestFinished(() => simulator.close());
  return {
    url: simulator.url,
    simulator,
    requests,
    arrivals: (queryId) =>
      requests
        .filter((each) => each.service === 'networkflowmonitor' && (queryId === undefined || each.queryId === queryId))
        .map(({ at }) => at)
        .sort((a, b) => a - b),
  };
}

/** Monitor queries of a scenario that never end. `{n}` in their ID counts from 1. */
export function endlessQueries(
  region: string,
  queryId: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    region,
    type: 'monitor-top-contributors',
    monitorName: 'checkout',
    queryId,
    queuedFor: 0,
    outcome: 'none',
    ...more,
  };
}

/** Maximum number of arrivals in any window of a length in milliseconds. */
export function mostWithin(arrivals: readonly number[], window: number): number {
  let most = 0;
  let first = 0;
  for (const [last, at] of arrivals.entries()) {
    while (at - (arrivals[first] ?? at) >= window) {
      first += 1;
    }
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/**
 * Number of missing polls between `from` and `to` for one poll per `interval` milliseconds. A single missing poll may be just
 * outside. Negative for additional polls.
 */
export function missedPolls(arrivals: readonly number[], interval: number, from: number, to: number): number {
  return Math.floor((to - from) / interval) - arrivals.filter((at) => at >= from && at <= to).length;
}
