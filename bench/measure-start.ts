import { daemonConfig } from './daemon-config.ts';
import type { Processes } from './processes.ts';
import { readyAfter } from './readiness.ts';
import type { Report } from './report.ts';
import type { Sizes } from './sizes.ts';
import { endlessQueries } from './watched-queries.ts';

/** How long the daemon takes from the start of its process until it listens, and until it is ready. */
export async function measureStart(processes: Processes, sizes: Sizes['start'], report: Report): Promise<void> {
  const { rounds, queries, readyRounds } = sizes;
  const simulator = processes.startSimulator();
  const endpoint = await simulator.peer.ask('start', { queries: [endlessQueries(queries)] });
  const config = (count: number) =>
    daemonConfig({ queries: count, endpoint, interval: 30, requestsPerSecond: 1_000, maxConcurrentRequests: 64 });

  const listening: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    const daemon = await processes.startDaemon(config(1));
    listening.push(daemon.listeningAfter);
    await daemon.stop();
  }
  const listeningWithAll: number[] = [];
  const ready: number[] = [];
  for (let i = 0; i < readyRounds; i += 1) {
    const daemon = await processes.startDaemon(config(queries));
    listeningWithAll.push(daemon.listeningAfter);
    ready.push(await readyAfter(daemon));
    await daemon.stop();
  }
  await simulator.peer.ask('takeRequests'); // throws if any of them failed
  await simulator.stop();

  const add = report.section('Start of the process');
  add('to listening, 1 query', 'ms', listening, { atMost: 500 });
  add(`to listening, ${queries} queries`, 'ms', listeningWithAll, { atMost: 500 });
  add(
    `to ready, ${queries} queries, budget 1000 requests per second`,
    's',
    ready.map((ms) => ms / 1_000),
  );
}
