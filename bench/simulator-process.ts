import { defaultScenario } from '../src/simulator/scenario.ts';
import { startSimulator } from '../src/simulator/server.ts';
import type { RequestTimes } from './request-times.ts';
import { answerParent } from './rpc.ts';
import { endlessQueries } from './watched-queries.ts';

let at: number[] = [];
let queryIds: string[] = [];
const failures: string[] = [];

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
    const taken = { at, queryIds };
    at = [];
    queryIds = [];
    return taken;
  },
};

export type SimulatorFunctions = typeof functions;

answerParent(functions, () => process.exit());
