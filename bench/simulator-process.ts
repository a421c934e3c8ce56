import { defaultScenario, type Scenario } from '../src/simulator/scenario.ts';
import { startSimulator } from '../src/simulator/server.ts';
import type { Requests } from './request-times.ts';
import { answerParent } from './rpc.ts';

let at: number[] = [];
let queryIds: string[] = [];
let operations: string[] = [];
let targets: string[] = [];
const failures: string[] = [];

/** The requests since the last call, however they were answered. */
function takeAllRequests(): Requests {
  const taken = { at, queryIds, operations, targets };
  at = [];
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

  /** The requests since the last call. @throws Error when any of them was not answered well. */
  takeRequests(): Requests {
    if (failures.length > 0) {
      throw new Error(`${failures.length} requests were not answered well, the first: ${failures[0]}`);
    }
    return takeAllRequests();
  },
};

export type SimulatorFunctions = typeof functions;

answerParent(functions, () => process.exit());
