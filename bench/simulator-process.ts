import { defaultScenario } from '../src/simulator/scenario.ts';
import { startSimulator } from '../src/simulator/server.ts';
import type { RequestTimes } from './request-times.ts';
import { answerParent } from './rpc.ts';
import { endlessQueries } from './watched-queries.ts';

/** Milliseconds between two looks at whether the event loop turns. */
const TICK = 5;

let at: number[] = [];
let earliest: number[] = [];
let queryIds: string[] = [];
const failures: string[] = [];

/**
 * Milliseconds since the epoch of the last two ticks. A turn of the event loop sees to its timers before it looks at its
 * sockets: what had come before the last tick but one would have been seen in the turn of that tick.
 */
let lastTick = Date.now();
let tickBefore = lastTick;
setInterval(() => {
  tickBefore = lastTick;
  lastTick = Date.now();
}, TICK);

const functions = {
  /** Starts a simulator with so many queries; returns its URL. */
  async start(queries: number): Promise<string> {
    const simulator = await startSimulator({
      scenario: { ...defaultScenario, queries: [endlessQueries(queries)] },
      onRequest({ service, at: time, queryId = '', operation, status }) {
        if (service !== 'networkflowmonitor') {
          return;
        }
        at.push(time);
        earliest.push(tickBefore);
        queryIds.push(queryId);
        if (status !== 200) {
          failures.push(`${operation} ${queryId}: ${status}`);
        }
      },
    });
    return simulator.url;
  },

  /** The requests since the last call. @throws Error when any of them was not answered well. */
  takeRequests(): RequestTimes {
    if (failures.length > 0) {
      throw new Error(`${failures.length} requests were not answered well, the first: ${failures[0]}`);
    }
    const taken = { at, earliest, queryIds };
    at = [];
    earliest = [];
    queryIds = [];
    return taken;
  },
};

export type SimulatorFunctions = typeof functions;

answerParent(functions, () => process.exit());
