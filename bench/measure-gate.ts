import { setTimeout as sleep } from 'node:timers/promises';
import { daemonConfig } from './daemon-config.ts';
import type { RatioName } from './gate.ts';
import { scrape } from './http-load.ts';
import type { PageFunctions } from './page-process.ts';
import { cpuSecondsOf } from './process-usage.ts';
import type { Processes, Running } from './processes.ts';
import { median } from './statistics.ts';
import { endlessQueries } from './watched-queries.ts';

/** CPU time of something of the exporter, in milliseconds, and its ratio to a reference measured in the same rounds. */
export interface Ratio {
  readonly own: number;
  readonly ratio: number;
}

/** A ratio of the gate. */
export interface Measurement {
  measure(): Promise<Ratio>;
  /** Adds CPU time, in milliseconds, to each poll, scrape, or reload of the exporter. */
  plant(ms: number): Promise<void>;
}

/** Starts the processes of a measurement. They are killed at the end of the bench. */
export const MEASUREMENTS: Readonly<Record<RatioName, (processes: Processes) => Promise<Measurement>>> = {
  'poll ÷ bare call': preparePolls,
  'scrape ÷ prom-client': prepareScrapes,
  'longest block of a reload ÷ calibrated loop': prepareReloads,
};

const POLLING = { queries: 1_000, inFlight: 16, warmUp: 1_500, calls: 4_000, round: 0.5 };

/** The daemon and the bare client call at full speed at the same time, each its own simulator, until both made enough calls. */
async function preparePolls(processes: Processes): Promise<Measurement> {
  const { queries, inFlight, warmUp, calls, round } = POLLING;
  const scenario = { queries: [endlessQueries(queries)] };
  const simulator = processes.startSimulator();
  const endpoint = await simulator.peer.ask('start', scenario);
  const bareEndpoint = await processes.startSimulator().peer.ask('start', scenario);
  const bare = processes.startBareClient();
  const daemon = await processes.startObservedDaemon(
    daemonConfig({ queries, endpoint, interval: 0.1, requestsPerSecond: 100_000, maxConcurrentRequests: inFlight }),
  );
  const run = async (least: number): Promise<Ratio> => {
    await simulator.peer.ask('takeRequests');
    const before = { daemon: cpuSecondsOf(daemon.pid), bare: cpuSecondsOf(bare.pid) };
    const made = { daemon: 0, bare: 0 };
    while (made.daemon < least || made.bare < least) {
      made.bare += await bare.peer.ask('flatOut', { endpoint: bareEndpoint, queries, seconds: round, inFlight });
      made.daemon += (await simulator.peer.ask('takeRequests')).at.length;
    }
    const own = (cpuSecondsOf(daemon.pid) - before.daemon) / made.daemon;
    return { own: own * 1_000, ratio: own / ((cpuSecondsOf(bare.pid) - before.bare) / made.bare) };
  };
  await run(warmUp);
  return { measure: () => run(calls), plant: (ms) => daemon.peer.ask('plant', { to: 'sent', ms }) };
}

const SCRAPES = { queries: 3_000, warmUp: 6, rounds: 21 };

/** Scrapes with gzip after 1 % of the queries changed, the exporter's and prom-client's alternately. */
async function prepareScrapes(processes: Processes): Promise<Measurement> {
  const { queries, warmUp, rounds } = SCRAPES;
  const own = await servePage(processes.startExposition(), queries);
  const reference = await servePage(processes.startPromClient(), queries);
  const run = async (count: number): Promise<Ratio> => {
    const costs = { own: [] as number[], reference: [] as number[] };
    for (let i = 0; i < count; i += 1) {
      costs.own.push(await own.cost());
      costs.reference.push(await reference.cost());
    }
    return { own: median(costs.own), ratio: median(costs.own) / median(costs.reference) };
  };
  await run(warmUp);
  return { measure: () => run(rounds), plant: (ms) => own.peer.ask('plant', { to: 'received', ms }) };
}

async function servePage({ peer }: Running<PageFunctions>, queries: number) {
  const port = await peer.ask('start', queries);
  const cost = async () => {
    await peer.ask('change', queries / 100);
    const before = await peer.ask('cpu');
    await scrape(port, true);
    return (await peer.ask('cpu')) - before;
  };
  return { peer, cost };
}

const RELOADS = { queries: 5_000, warmUp: 2, rounds: 8, settleMs: 50 };

/** Reloads that remove 1 % of the queries or add them again, each after a calibrated loop in the daemon's process. */
async function prepareReloads(processes: Processes): Promise<Measurement> {
  const { queries, warmUp, rounds, settleMs } = RELOADS;
  const endpoint = await processes.startSimulator().peer.ask('start', { queries: [endlessQueries(queries)] });
  const config = (count: number) =>
    daemonConfig({ queries: count, endpoint, interval: 3_600, requestsPerSecond: 1, maxConcurrentRequests: 1 });
  const daemon = await processes.startObservedDaemon(config(queries));
  let reloads = 0;
  const run = async (count: number): Promise<Ratio> => {
    const blocks: number[] = [];
    const loops: number[] = [];
    for (let i = 0; i < count; i += 1) {
      reloads += 1;
      await daemon.write(config(reloads % 2 === 1 ? queries * 0.99 : queries));
      loops.push(await daemon.peer.ask('calibratedLoop'));
      await daemon.peer.ask('startCpuBlock');
      await reload(daemon.port);
      await sleep(settleMs);
      blocks.push(await daemon.peer.ask('stopCpuBlock'));
    }
    return { own: median(blocks), ratio: median(blocks) / median(loops) };
  };
  await run(warmUp);
  return { measure: () => run(rounds), plant: (ms) => daemon.peer.ask('plant', { to: 'received', ms }) };
}

async function reload(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/-/reload`, { method: 'POST' });
  if (!response.ok) {
    throw new Error(`POST /-/reload: got ${response.status} ${await response.text()}`);
  }
}
