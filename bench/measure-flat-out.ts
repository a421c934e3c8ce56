import { setTimeout as sleep } from 'node:timers/promises';
import { bareRounds } from './bare-rounds.ts';
import { daemonConfig } from './daemon-config.ts';
import { cpuAPoll, pollRounds, pollsASecond } from './poll-rounds.ts';
import type { Processes } from './processes.ts';
import type { Report } from './report.ts';
import type { Sizes } from './sizes.ts';
import { median } from './statistics.ts';
import { endlessQueries } from './watched-queries.ts';

/** More than any machine makes: only the requests in flight hold the daemon back. */
const BOUNDLESS = 100_000;

/** The daemon polls as fast as it can, beside a bare client that calls as fast as it can with as much in flight. */
export async function measureFlatOut(processes: Processes, sizes: Sizes['flatOut'], report: Report): Promise<void> {
  const { queries, inFlight, warmUp, rounds, round } = sizes;
  const simulator = processes.startSimulator();
  const endpoint = await simulator.peer.ask('start', { queries: [endlessQueries(queries)] });
  const bare = processes.startBareClient();
  const bareCalls = { endpoint, queries, seconds: round, inFlight };
  const bareBefore = await bareRounds(bare, (peer) => peer.ask('flatOut', bareCalls));
  await simulator.peer.ask('takeRequests');

  const daemon = await processes.startDaemon(
    daemonConfig({ queries, endpoint, interval: 0.1, requestsPerSecond: BOUNDLESS, maxConcurrentRequests: inFlight }),
  );
  await sleep(warmUp * 1_000);
  const polling = await pollRounds(daemon, rounds, round);
  await daemon.stop();
  const times = await simulator.peer.ask('takeRequests');

  const bareAfter = await bareRounds(bare, (peer) => peer.ask('flatOut', bareCalls));
  await bare.stop();
  await simulator.stop();

  const cpu = cpuAPoll(polling, times);
  const bareCpu = [...bareBefore, ...bareAfter];
  const add = report.section(`Full speed, ${inFlight} concurrent requests`);
  add('polls per second', '1/s', pollsASecond(polling, times));
  add('CPU a poll', 'ms', cpu);
  add('CPU a bare client call', 'ms', bareCpu);
  add('CPU a poll ÷ bare call', '', [median(cpu) / median(bareCpu)], { atMost: 2 });
}
