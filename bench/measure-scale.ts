import { daemonConfig } from './daemon-config.ts';
import type { ManagedDaemon, Processes } from './processes.ts';
import type { Report } from './report.ts';
import type { Sizes } from './sizes.ts';
import { median } from './statistics.ts';
import { endlessQueries } from './watched-queries.ts';

const TURN_MS = 2;

/**
 * What many queries make of a start, of reloads, and of registrations over HTTP: how long a health check takes at most, as
 * seen from this process, while a configuration is reloaded, and how the cost of a registration grows.
 */
export async function measureScale(processes: Processes, sizes: Sizes['scale'], report: Report): Promise<void> {
  const { few, many, puts, rounds } = sizes;
  const simulator = processes.startSimulator();
  const endpoint = await simulator.peer.ask('start', { queries: [endlessQueries(many)] });
  const config = (queries: number) =>
    daemonConfig({ queries, endpoint, interval: 3_600, requestsPerSecond: 1, maxConcurrentRequests: 1 });
  const listening: number[] = [];
  const blocks = { unchanged: [] as number[], fewer: [] as number[] };
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const small = await processes.startManagedDaemon(config(few));
    const cheap = await costOfPut(small, puts);
    await small.stop();
    const large = await processes.startManagedDaemon(config(many));
    listening.push(large.listeningAfter);
    ratios.push((await costOfPut(large, puts)) / cheap);
    blocks.unchanged.push(await longestBlock(large, () => reload(large)));
    await large.write(config(Math.ceil(many * 0.99)));
    blocks.fewer.push(await longestBlock(large, () => reload(large)));
    await large.stop();
  }
  await simulator.stop();

  const add = report.section(`${many} queries: start, reload, registration`);
  add('to listening', 'ms', listening, { atMost: 1_000 });
  add('longest block, reload of the same file', 'ms', blocks.unchanged, { atMost: 50 });
  add('longest block, reload with 1 % removed', 'ms', blocks.fewer, { atMost: 50 });
  add(`a registration over HTTP, as a multiple of that beside ${few}`, '×', ratios, { atMost: 2 });
}

/** Milliseconds of a registration, the median of some. */
async function costOfPut({ port }: ManagedDaemon, count: number): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const begun = performance.now();
    await succeed(port, `/api/v1/queries/registered-${i}`, 'PUT', {
      monitorName: 'checkout',
      queryId: `registered-${i}`,
    });
    took.push(performance.now() - begun);
  }
  return median(took);
}

async function reload({ port }: ManagedDaemon): Promise<void> {
  await succeed(port, '/-/reload', 'POST');
}

/** The longest health check during the measurement, in milliseconds. */
async function longestBlock({ port }: ManagedDaemon, work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let isDone = false;
  const watch = async () => {
    while (!isDone) {
      const begun = performance.now();
      await succeed(port, '/-/healthy', 'GET');
      longest = Math.max(longest, performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    }
  };
  const watching = watch();
  await work();
  isDone = true;
  await watching;
  return longest;
}

async function succeed(port: number, path: string, method: string, body?: object): Promise<void> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${method} ${path} returned ${response.status}: ${text}`);
  }
}
