import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseScenario, type RequestRecord, startSimulator } from 'network-flow-monitor-simulator';
import { expect, test } from 'vitest';
import { send } from '../../packages/simulator/test/raw-client.ts';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

/** `npm run long:weeks` takes four weeks. The heaps of the third and the last day are compared: four at least. */
const DAYS = Number(process.env['SOAK_DAYS'] ?? 4);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A day that is half as long has as many restarts and outages, and takes half of the time. */
const DAY = process.env['SOAK_DAYS'] === undefined ? 12 * HOUR : 24 * HOUR;
/** How long others use up the quota. */
const OUTAGE = 1.5 * HOUR;
const START = Date.UTC(2026, 2, 27, 9, 47);
const CAP = 3;

const EVERY: Readonly<Record<string, number>> = {
  quarter: 15 * MINUTE,
  third: 20 * MINUTE,
  half: 30 * MINUTE,
  full: HOUR,
  stuck: HOUR,
};
const DELAY = 2 * MINUTE;
const QUERY = { metricName: 'RETRANSMISSIONS', destinationCategory: 'INTER_AZ', limit: 10 };

const SCENARIO = {
  accounts: [
    { id: '123456789012', regions: { 'us-east-1': { monitors: Object.keys(EVERY).map((name) => ({ name })) } } },
  ],
  startedQueries: [
    { match: { monitorName: 'stuck' }, queuedFor: 0, outcome: 'none' },
    { queuedFor: 0, runningFor: '2s' },
  ],
  worlds: { maxRunningQueries: CAP - 1 },
};
/** Some of all requests are throttled, some fail. */
const USUAL = [
  { kind: 'throttle', rate: 0.02 },
  { kind: 'error', name: 'InternalServerException', status: 500, rate: 0.01 },
] as const;
/** For a part of each day, others use up the account's quota. */
const NO_QUOTA = [
  ...USUAL,
  { kind: 'error', name: 'ServiceQuotaExceededException', status: 402, match: { operation: 'StartQuery*' } },
] as const;

/** What the service took of one daemon's starts: ids in order, by monitor. */
type Starts = Map<string, string[]>;

/** Heap in use after a collection of garbage, in bytes. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

function runDaemonOn(clock: SteppedClock, url: string, ends: (() => Promise<void> | void)[]): Promise<RunningDaemon> {
  return runDaemon(
    { onTestFinished: (end) => ends.push(end) },
    {
      // The SDK waits between attempts on a clock of its own.
      aws: { endpoint: url, stsEndpoint: url, maxAttempts: 1, maxConcurrentRuns: CAP },
      // So that faults meet requests of runs only.
      discovery: { monitorsEvery: '0s' },
      queries: Object.entries(EVERY).map(([name, every]) => ({
        name,
        monitorName: name,
        ...QUERY,
        schedule: { every: `${every / MINUTE}m`, delay: `${DELAY / MINUTE}m`, timeout: '3m' },
      })),
    },
    { clock },
  );
}

function runsOf(page: ExpositionPage, query: string, outcome?: string): number {
  const samples = page.samples('aws_nfm_query_runs_total', outcome === undefined ? { query } : { query, outcome });
  return samples.reduce((sum, { value }) => sum + value, 0);
}

/** The n of each of these ids, from what a service of the same seed calls the windows around them. */
async function windowsOf(url: string, monitor: string, ids: readonly string[], from: number, to: number) {
  const every = EVERY[monitor] ?? Number.NaN;
  const byId = new Map<string, number>();
  for (let n = Math.floor(from / every) - 2; n <= to / every; n += 1) {
    const body = {
      ...QUERY,
      startTime: new Date((n - 1) * every).toISOString(),
      endTime: new Date(n * every).toISOString(),
    };
    const { json } = await send({ url }, 'POST', `/monitors/${monitor}/topContributorsQueries`, { body });
    byId.set(String(json['queryId']), n);
  }
  return ids.map((id) => byId.get(id) ?? Number.NaN);
}

test(`${DAYS} days of ${DAY / HOUR} hours with throttling, quota errors and a restart a day`, {
  timeout: 60_000 + DAYS * 120_000,
}, async (scope) => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const clock = new SteppedClock(START);
  scope.onTestFinished(clock.watchRequests());
  let starts: Starts = new Map();
  let mostRunning = 0;
  const simulator = await startSimulator({
    scenario: parseScenario(JSON.stringify(SCENARIO)),
    clock,
    onRequest({ operation, status, path }: RequestRecord) {
      if (operation.startsWith('StartQuery') && status === 200) {
        const monitor = path.split('/')[2] ?? '';
        const under = simulator.runningQueries();
        mostRunning = Math.max(mostRunning, under.length);
        const id = under.filter((each) => each.parent === monitor).at(-1)?.queryId ?? 'none';
        starts.set(monitor, [...(starts.get(monitor) ?? []), id]);
      }
    },
  });
  scope.onTestFinished(() => simulator.close());

  const sums: Record<string, number> = {};
  const lastWindow = new Map<string, number>();
  const heaps: { readonly morning: number; readonly evening: number }[] = [];
  for (let day = 0; day < DAYS; day += 1) {
    const ends: (() => Promise<void> | void)[] = [];
    starts = new Map();
    simulator.setFaults(USUAL);
    const from = clock.now();
    const daemon = await runDaemonOn(clock, simulator.url, ends);
    await clock.advance(DAY / 3);
    const morning = heap();
    simulator.setFaults(NO_QUOTA);
    await clock.advance(OUTAGE);
    simulator.setFaults(USUAL);
    // Each day ends at another time, so that restarts happen at any moment of a run.
    await clock.advance((DAY * 2) / 3 - 2 * HOUR + day * 7 * MINUTE + 1_234);
    heaps.push({ morning, evening: heap() });
    const page = await daemon.metrics();
    const to = clock.now();
    const stop = daemon.stop(30_000);
    let isStopped = false;
    void stop.then(() => {
      isStopped = true;
    });
    await clock.advance(60_000, () => isStopped);
    await stop;
    expect(simulator.runningQueries(), 'orphans').toEqual([]);

    const unfinished =
      (page.value('aws_nfm_api_runs', { state: 'active' }) ?? 0) +
      (page.value('aws_nfm_api_runs', { state: 'waiting' }) ?? 0);
    let due = 0;
    let accounted = 0;
    // Maps query IDs to windows. A new one each day, since it keeps all of its calls.
    const oracle = await startSimulator({ scenario: parseScenario(JSON.stringify({ ...SCENARIO, worlds: {} })) });
    for (const [query, every] of Object.entries(EVERY)) {
      const windows = await windowsOf(oracle.url, query, starts.get(query) ?? [], from, to);
      const [first = Number.NaN] = windows;
      expect(windows, `windows of ${query}: each known, none twice, in order`).toEqual(
        [...new Set(windows)].sort((a, b) => a - b),
      );
      expect(first, 'over restarts only the newest window is run again').toBeGreaterThanOrEqual(
        lastWindow.get(query) ?? 0,
      );
      lastWindow.set(query, windows.at(-1) ?? first);
      // Each query has an offset of its own: the next window after the first is due within 5 minutes.
      const newestAtStart = Math.floor((from - DELAY) / every);
      due += Math.floor((to - DELAY) / every) - newestAtStart + 1;
      accounted += runsOf(page, query);
      for (const { labels, value } of page.samples('aws_nfm_query_runs_total', { query })) {
        const outcome = labels['outcome'] ?? '';
        sums[outcome] = (sums[outcome] ?? 0) + value;
      }
    }
    await oracle.close();
    const queries = Object.keys(EVERY).length;
    expect(accounted + unfinished, 'windows run, skipped or under way').toBeGreaterThanOrEqual(due - queries);
    expect(accounted + unfinished).toBeLessThanOrEqual(due);
  }
  expect(mostRunning, 'at the service at once').toBeLessThanOrEqual(CAP - 1);
  const { succeeded = 0, timed_out: timedOut = 0, skipped = 0, ...others } = sums;
  const planned = Object.values(EVERY).reduce((sum, every) => sum + (DAYS * DAY) / every, 0);
  expect(succeeded).toBeGreaterThan(planned * 0.6);
  expect(timedOut, 'those of the query that never ends').toBeGreaterThan(DAYS * (DAY / HOUR) * 0.625);
  expect(skipped, 'without quota nothing could be started').toBeGreaterThan(DAYS * 3);
  expect(others).toEqual({ failed: 0, canceled: 0, start_failed: 0, results_failed: 0 });
  // The first day also keeps what is compiled when it runs for the first time.
  const growths = heaps.slice(1).map(({ morning, evening }) => evening - morning);
  expect(Math.max(...growths), 'bytes that a day adds to the heap').toBeLessThan(2e6);
  // What a daemon leaves behind are prom-client's observers of the process, some 200 kB, and what coverage counts.
  const mornings = heaps.slice(2).map(({ morning }) => morning);
  const growth = ((mornings.at(-1) ?? 0) - (mornings[0] ?? 0)) / (mornings.length - 1);
  expect(growth, `bytes that a restart leaves on the heap: ${mornings}`).toBeLessThan(800_000);
});
