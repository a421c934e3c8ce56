import { setTimeout as sleep } from 'node:timers/promises';
import { bareRounds } from './bare-rounds.ts';
import { daemonConfig } from './daemon-config.ts';
import { scrape } from './http-load.ts';
import { cpuAPoll, pollRounds, pollsASecond } from './poll-rounds.ts';
import { memoryOf } from './process-usage.ts';
import type { ObservedDaemon, Processes } from './processes.ts';
import { readyAfter } from './readiness.ts';
import type { Report } from './report.ts';
import {
  between,
  gaps,
  mostSeenInASecond,
  mostSurelyInASecond,
  perSecond,
  type RequestTimes,
} from './request-times.ts';
import type { Sizes } from './sizes.ts';
import { median } from './statistics.ts';
import { endlessQueries } from './watched-queries.ts';

/** The daemon polls at its interval, within its budget, beside a bare client that calls at the same rate. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one measurement, whose steps share its state
export async function measurePolling(processes: Processes, sizes: Sizes['polling'], report: Report): Promise<void> {
  const { queries, interval, requestsPerSecond, rounds, round } = sizes;
  const simulator = processes.startSimulator();
  const endpoint = await simulator.peer.ask('start', { queries: [endlessQueries(queries)] });
  const bare = processes.startBareClient();
  const pacedCalls = { endpoint, queries, seconds: round / 2, perSecond: queries / interval };
  const bareBefore = await bareRounds(bare, (peer) => peer.ask('paced', pacedCalls));
  await simulator.peer.ask('takeRequests');

  const daemon = await processes.startObservedDaemon(
    daemonConfig({ queries, endpoint, interval, requestsPerSecond, maxConcurrentRequests: 64 }),
  );
  const ready = await readyAfter(daemon);
  // The first polls of all follow each other as fast as the budget lets them, and so do the second ones of many; two
  // intervals on, each query has its place within the interval.
  await sleep(2 * interval * 1_000);
  const polling = await pollRounds(daemon, rounds, round);
  const live = await scrapeWhilePolling(daemon, sizes);
  const afterScrapes = memoryOf(daemon.pid);
  await daemon.stop();
  const times = await simulator.peer.ask('takeRequests');

  const bareAfter = await bareRounds(bare, (peer) => peer.ask('paced', pacedCalls));
  await bare.stop();
  await simulator.stop();

  const from = polling[0]?.from ?? Number.NaN;
  const to = polling.at(-1)?.to ?? Number.NaN;
  const settled = between(times, from, to);
  expectAllPolled(settled, queries);
  const cpu = cpuAPoll(polling, times);
  const bareCpu = [...bareBefore, ...bareAfter];
  const section = `${queries} watched queries, each polled every ${interval} s, budget ${requestsPerSecond} requests per second`;
  const add = report.section(section);
  add('process start to listening', 'ms', [daemon.listeningAfter]);
  add('process start to ready', 's', [ready / 1_000]);
  add('polls per second', '1/s', pollsASecond(polling, times));
  add('requests in each whole second', '1/s', perSecond(settled, from, to));
  add(
    'time from a poll to the next of the same query',
    's',
    gaps(settled).map((gap) => gap / 1_000),
  );
  add('requests seen in the fullest second of the whole run', '1/s', [mostSeenInASecond(times)]);
  add('… certainly within one second', '1/s', [mostSurelyInASecond(times)], { atMost: requestsPerSecond });
  add('CPU a poll', 'ms', cpu);
  add('CPU a bare client call at the same rate', 'ms', bareCpu);
  add('CPU a poll ÷ bare call', '', [median(cpu) / median(bareCpu)], { atMost: 2 });
  add(
    'memory (VmRSS) while polling',
    'MB',
    polling.map(({ resident }) => resident),
    { atMost: 150 },
  );
  add('memory (VmRSS) after the scrapes below', 'MB', [afterScrapes.resident], { atMost: 150 });
  add('most memory of the whole run (VmHWM)', 'MB', [afterScrapes.peak]);
  add(
    `scrape every ${sizes.scrapeEvery} s while polling, gzip`,
    'ms',
    live.map(({ ms }) => ms),
  );
  add(
    'event loop blocked during scrapes',
    'ms',
    live.map(({ block }) => block),
  );
}

/** Scrapes as Prometheus does: compressed, at its interval, while polls go on. The first, which renders all, is left out. */
async function scrapeWhilePolling(
  daemon: ObservedDaemon,
  { scrapes, scrapeEvery }: Sizes['polling'],
): Promise<{ ms: number; block: number }[]> {
  await scrape(daemon.port, true);
  const done: { ms: number; block: number }[] = [];
  for (let i = 0; i < scrapes; i += 1) {
    await sleep(scrapeEvery * 1_000);
    await daemon.peer.ask('startBlock');
    const { ms } = await scrape(daemon.port, true);
    done.push({ ms, block: await daemon.peer.ask('stopBlock') });
  }
  return done;
}

function expectAllPolled({ queryIds }: RequestTimes, queries: number): void {
  // Calls of listings have no query id.
  const polled = new Set(queryIds.filter((queryId) => queryId !== '')).size;
  if (polled !== queries) {
    throw new Error(`${polled} of ${queries} queries were polled`);
  }
}
