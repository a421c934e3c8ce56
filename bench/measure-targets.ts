import { setTimeout as sleep } from 'node:timers/promises';
import {
  isWatched,
  type SimulatedTarget,
  sickTargets,
  targetsConfig,
  targetsOf,
  targetsScenario,
} from './many-targets.ts';
import { cpuSecondsOf, memoryOf } from './process-usage.ts';
import type { Processes } from './processes.ts';
import { readyAfter } from './readiness.ts';
import type { Report } from './report.ts';
import { gaps, type Requests, type RequestTimes } from './request-times.ts';
import type { Sizes } from './sizes.ts';

const START = 'StartQueryMonitorTopContributors';

/**
 * Many accounts by role in several regions, each with watched and scheduled queries. One target never responds, one
 * throttles, one rejects all credentials. The request times in the simulator show whether the others are unaffected.
 */
export async function measureTargets(processes: Processes, sizes: Sizes['targets'], report: Report): Promise<void> {
  const { watched, scheduled, interval, seconds } = sizes;
  const simulator = processes.startSimulator();
  const endpoint = await simulator.peer.ask('start', targetsScenario(sizes));
  const daemon = await processes.startObservedDaemon(targetsConfig(sizes, endpoint));
  await readyAfter(daemon);
  // The first polls, and many of the second ones, follow each other faster than later ones do.
  await sleep(2 * interval * 1_000);
  await simulator.peer.ask('takeAllRequests');
  await daemon.peer.ask('startBlock');
  const cpuBefore = cpuSecondsOf(daemon.pid);
  const from = performance.now();
  await sleep(seconds * 1_000);
  const requests = await simulator.peer.ask('takeAllRequests');
  const took = (performance.now() - from) / 1_000;
  const cpu = cpuSecondsOf(daemon.pid) - cpuBefore;
  const block = await daemon.peer.ask('stopBlock');
  const memory = memoryOf(daemon.pid);
  await daemon.stop();
  await simulator.stop();

  const sick = sickTargets(sizes);
  const sickKeys = new Set(Array.from(sick.values(), ({ key }) => key));
  const healthy = targetsOf(sizes).filter(({ key }) => !sickKeys.has(key));
  const pollsOf = perTarget(requests, (_, queryId) => isWatched(queryId));
  const startsOf = perTarget(requests, (operation) => operation === START);
  const aSecond = (counts: ReadonlyMap<string, number>, { key }: SimulatedTarget) => (counts.get(key) ?? 0) / took;
  const polls = healthy.map((target) => aSecond(pollsOf, target));
  const starts = healthy.map((target) => aSecond(startsOf, target) * 60);
  const pollGaps = gaps(watchedOf(requests, healthy)).map((gap) => gap / 1_000);

  const count = healthy.length + sick.size;
  const ill = [...sick.keys()].join(', ');
  const add = report.section(
    `${count} targets of ${watched} watched (every ${interval} s) and ${scheduled} scheduled queries (every 1m); one each: ${ill}`,
  );
  const others = `the other ${healthy.length} targets`;
  const due = watched / interval;
  add(`polls per second, ${others}; due: ${due}`, '1/s', polls);
  add('… in the slowest of them', '1/s', [Math.min(...polls)], { atLeast: 0.98 * due });
  add(`time from a poll to the next of the same query, ${others}`, 's', pollGaps);
  add('… the longest of them; one that is left out would make it twice as long', 's', [Math.max(...pollGaps)], {
    atMost: 1.5 * interval,
  });
  add(`runs started a minute, ${others}; due: ${scheduled}`, '1/min', starts);
  // One run of each may fall due at either edge of the time that is looked at.
  const leastStarts = (scheduled * (seconds / 60 - 1) * 60) / seconds;
  add('… in the slowest of them', '1/min', [Math.min(...starts)], { atLeast: Math.max(0, leastStarts) });
  for (const [sickness, target] of sick) {
    const all = perTarget(requests, () => true);
    add(`requests per second to the target that is ${sickness}`, '1/s', [aSecond(all, target)]);
  }
  add('requests per second to all', '1/s', [requests.at.length / took]);
  add('CPU, share of a core', '%', [(cpu / took) * 100]);
  add('memory (VmRSS)', 'MB', [memory.resident]);
  add('event loop blocked, longest of all the time', 'ms', [block], { atMost: 50 });
}

function perTarget(
  { operations, queryIds, targets }: Requests,
  counts: (operation: string, queryId: string) => boolean,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [i, target] of targets.entries()) {
    if (counts(operations[i] ?? '', queryIds[i] ?? '')) {
      found.set(target, (found.get(target) ?? 0) + 1);
    }
  }
  return found;
}

/** The polls of watched queries of some targets, each query with an id of its own over all targets. */
function watchedOf(
  { at, queryIds, targets }: Requests,
  of: readonly SimulatedTarget[],
): Pick<RequestTimes, 'at' | 'queryIds'> {
  const keys = new Set(of.map(({ key }) => key));
  const mine = targets.flatMap((target, i) => (keys.has(target) && isWatched(queryIds[i] ?? '') ? [i] : []));
  return { at: mine.map((i) => at[i] ?? Number.NaN), queryIds: mine.map((i) => `${targets[i]} ${queryIds[i]}`) };
}
