import { parseScenario, type RequestRecord, type Simulator, startSimulator } from 'network-flow-monitor-simulator';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import type { TestScope } from './daemon.ts';

/** A simulator that keeps what it was asked. */
export interface SimulatedService {
  readonly url: string;
  readonly simulator: Simulator;
  /** All requests so far, in the order of their ends. */
  readonly requests: readonly RequestRecord[];
  /** When the attempts to poll arrived, in milliseconds since the epoch, in order: of one query, or of all. */
  arrivals(queryId?: string): number[];
}

/** Starts a simulator on a scenario file's content; it ends with the test. */
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

/** The scenario's part for monitor queries that run for ever, `{n}` in their id counting from 1. */
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

/** The most arrivals in any window of so many milliseconds. */
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
 * How many polls too few arrived between `from` and `to` for one each `interval` milliseconds. A single one may only have
 * fallen outside; a few more in time are negative.
 */
export function missedPolls(arrivals: readonly number[], interval: number, from: number, to: number): number {
  return Math.floor((to - from) / interval) - arrivals.filter((at) => at >= from && at <= to).length;
}
