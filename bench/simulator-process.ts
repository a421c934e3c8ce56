import { defaultScenario, type Scenario, startSimulator } from 'network-flow-monitor-simulator';
import type { Requests } from './request-times.ts';
import { answerParent } from './rpc.ts';

/** Milliseconds between two looks at whether the event loop turns. */
const TICK = 5;

let at: number[] = [];
let earliest: number[] = [];
let queryIds: string[] = [];
let operations: string[] = [];
let targets: string[] = [];
const failures: string[] = [];

/**
 * Milliseconds since the epoch of the last two ticks. A turn of the event loop sees to its timers before it looks at its
 * sockets: a request before the last tick but one would have been seen in the turn of that tick.
 */
let lastTick = Date.now();
let tickBefore = lastTick;
setInterval(() => {
  tickBefore = lastTick;
  lastTick = Date.now();
}, TICK);

/** The requests since the last call, regardless of their results. */
function takeAllRequests(): Requests {
  const taken = { at, earliest, queryIds, operations, targets };
  at = [];
  earliest = [];
  queryIds = [];
  operations = [];
  targets = [];
  return taken;
}

const functions = {
  /** Starts a simulator; what `scenario` leaves out is as without one. Returns its URL. */
  async start(scenario: Partial<Scenario>): Promise<string> {
    const simulator = await startSimulator({
      scenario: { ...defaultScenario, ...scenario },
      onRequest({ service, at: time, account, region, queryId = '', operation, status }) {
        if (service !== 'networkflowmonitor') {
          return;
        }
        at.push(time);
        earliest.push(tickBefore);
        queryIds.push(queryId);
        operations.push(operation);
        targets.push(`${account} ${region}`);
        if (status !== 200) {
          failures.push(`${operation} ${queryId}: ${status}`);
        }
      },
    });
    return simulator.url;
  },

  takeAllRequests,

  /** The requests since the last call. @throws Error if any of them failed. */
  takeRequests(): Requests {
    if (failures.length > 0) {
      throw new Error(`${failures.length} requests failed, the first: ${failures[0]}`);
    }
    return takeAllRequests();
  },
};

export type SimulatorFunctions = typeof functions;

answerParent(functions, () => process.exit());
