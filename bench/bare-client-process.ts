import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetQueryStatusMonitorTopContributorsCommand,
  NetworkFlowMonitorClient,
} from '@aws-sdk/client-networkflowmonitor';
import { answerParent } from './rpc.ts';
import { REGION, statusInput } from './watched-queries.ts';

export interface BareCalls {
  /** Of the simulator. */
  readonly endpoint: string;
  /** The queries to poll, in turn. */
  readonly queries: number;
  readonly seconds: number;
}

let client: NetworkFlowMonitorClient | undefined;
let calls = 0;

/** What a poll does at the least: the status call with all of the client's defaults, its own keep-alive agent too. */
async function call({ endpoint, queries }: BareCalls): Promise<void> {
  client ??= new NetworkFlowMonitorClient({ region: REGION, endpoint });
  calls += 1;
  const { status } = await client.send(
    new GetQueryStatusMonitorTopContributorsCommand(statusInput(1 + (calls % queries))),
  );
  if (status !== 'RUNNING') {
    throw new Error(`expected a query that is RUNNING, got ${status}`);
  }
}

const functions = {
  /** Calls at a steady rate, as the daemon polls. Returns how many calls were made. */
  async paced({ perSecond, ...options }: BareCalls & { readonly perSecond: number }): Promise<number> {
    const before = calls;
    const begin = performance.now();
    const open = new Set<Promise<void>>();
    for (let next = 0; next < options.seconds * perSecond; next += 1) {
      const wait = begin + (next * 1_000) / perSecond - performance.now();
      if (wait > 0) {
        await sleep(wait);
      }
      const called = call(options).finally(() => open.delete(called));
      open.add(called);
    }
    await Promise.all(open);
    return calls - before;
  },

  /** Calls at full speed with a number of concurrent calls. Returns the number of calls. */
  async flatOut({ inFlight, ...options }: BareCalls & { readonly inFlight: number }): Promise<number> {
    const before = calls;
    const end = performance.now() + options.seconds * 1_000;
    const caller = async () => {
      while (performance.now() < end) {
        await call(options);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
    return calls - before;
  },
};

export type BareClientFunctions = typeof functions;

answerParent(functions, () => process.exit());
