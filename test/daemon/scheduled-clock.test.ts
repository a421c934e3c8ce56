import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { keepLedger } from '../support/start-ledger.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Short windows: the storage renews its lock every five seconds, which takes most of the time of the test. */
const STEP = 20_000;
const EVERY = 15 * STEP;
const SCENARIO = {
  accounts: [{ id: '123456789012', regions: { 'us-east-1': { monitors: [{ name: 'checkout' }] } } }],
  startedQueries: [{ queuedFor: 0, runningFor: '2s' }],
};

function configFor(url: string, path: string | undefined) {
  return {
    ...(path === undefined ? {} : { storage: { path } }),
    aws: { endpoint: url, stsEndpoint: url, maxAttempts: 1 },
    discovery: { monitorsEvery: '0s' },
    queries: [
      {
        name: 'checkout',
        monitorName: 'checkout',
        metricName: 'RETRANSMISSIONS',
        destinationCategory: 'INTER_AZ',
        limit: 10,
        schedule: { every: '5m', lookback: '5m', delay: '0s', timeout: '100s' },
      },
    ],
  };
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

const JUMPS: [string, number][] = [
  ['1,000 seconds ahead', 50 * STEP],
  ['40 minutes ahead', 120 * STEP],
  ['a year ahead', 365 * 24 * 3_600_000],
  ['40 minutes back', -120 * STEP],
];

describe.each([
  ['without storage', false, false],
  ['with storage', true, false],
  ['with storage and a restart at the correction', true, true],
])('a wall clock that is wrong for 400 seconds, %s', (_, hasStorage, restarts) => {
  test.each(JUMPS)('%s: continues runs within a window, without repetition or wrong counts', async (_name, jump) => {
    const time = new SteppedClock(Date.UTC(2026, 5, 1, 12, 1, 40));
    onTestFinished(time.watchRequests());
    let offset = 0;
    const clock = {
      now: () => time.now() + offset,
      monotonic: () => time.monotonic(),
      setTimer: (ms: number, callback: () => void) => time.setTimer(ms, callback),
    };
    const service = await runSimulator({ onTestFinished }, SCENARIO, { clock });
    const ledger = await keepLedger({ onTestFinished }, service.url, () => 0);
    const config = configFor(ledger.url, hasStorage ? temporaryFolder() : undefined);
    const start = () => runDaemon({ onTestFinished: () => undefined }, config, { clock });
    // The clock does not wait for the disk, nor for modules that are loaded at first use.
    const pass = async (steps: number) => {
      for (let step = 0; step < steps; step += 1) {
        await time.advance(STEP);
        await pause(10);
      }
    };
    const stop = async (daemon: RunningDaemon) => {
      let isStopped = false;
      const stopped = daemon.stop(600_000).finally(() => {
        isStopped = true;
      });
      await time.creepUntil(() => isStopped);
      await stopped;
    };
    let daemon = await start();
    await time.creepUntil(() => ledger.started.length > 0);
    await pass(25);
    offset = jump;
    await pass(20);
    const skippedBefore = await skipped(daemon);
    if (restarts) {
      await stop(daemon);
    }
    offset = 0;
    if (restarts) {
      daemon = await start();
    }
    const before = ledger.started.length;
    await pass(EVERY / STEP + 5);
    await vi.waitFor(() => expect(ledger.started.length).toBeGreaterThan(before), 10_000);
    await pass(120);
    const windows = ledger.started.map(({ windowEnd }) => windowEnd);
    expect(new Set(windows).size, 'none twice').toBe(windows.length);
    expect(windows.length).toBeGreaterThan(8);
    expect(skippedBefore + (restarts ? await skipped(daemon) : 0)).toBe(0);
    if (!restarts) {
      expect(await skipped(daemon)).toBe(0);
      expect(daemon.log.messages().filter((message) => message === 'wall clock set back')).toHaveLength(1);
    }
    await stop(daemon);
  });
});

describe('contributors', () => {
  /** A daemon that has read results at 12:05, scraped every 20 seconds. */
  async function setUp() {
    const time = new SteppedClock(Date.UTC(2026, 5, 1, 12, 1, 40));
    onTestFinished(time.watchRequests());
    const jumped = { ms: 0 };
    const clock = {
      now: () => time.now() + jumped.ms,
      monotonic: () => time.monotonic(),
      setTimer: (ms: number, callback: () => void) => time.setTimer(ms, callback),
    };
    const service = await runSimulator({ onTestFinished }, SCENARIO, { clock });
    const daemon = await runDaemon({ onTestFinished: () => undefined }, configFor(service.url, undefined), { clock });
    const series = async () =>
      (await daemon.metrics('contributors')).samples('aws_nfm_contributor_retransmissions', {}).length;
    /** Returns the fewest series that a scrape has found. */
    const pass = async (steps: number) => {
      let fewest = Number.POSITIVE_INFINITY;
      for (let step = 0; step < steps; step += 1) {
        await time.advance(STEP);
        await pause(5);
        fewest = Math.min(fewest, await series());
      }
      return fewest;
    };
    const stop = async () => {
      let isStopped = false;
      const stopped = daemon.stop(600_000).finally(() => {
        isStopped = true;
      });
      await time.creepUntil(() => isStopped);
      await stopped;
    };
    for (let tries = 0; tries < 500 && (await series()) === 0; tries += 1) {
      await time.advance(100);
      await pause(5);
    }
    return { jumped, service, daemon, pass, stop };
  }

  test.each(JUMPS)('are exported for 3 × every + timeout if the clock is %s', async (_, jump) => {
    const { jumped, service, daemon, pass, stop } = await setUp();
    service.simulator.setFaults([{ kind: 'error', name: 'ValidationException', status: 400, match: {} }]);
    jumped.ms = jump;
    expect(await pass(3 * (EVERY / STEP) - 10)).toBeGreaterThan(0);
    expect(await pass(25)).toBe(0);
    const page = await daemon.metrics();
    expect(page.value('aws_nfm_query_contributors', { query: 'checkout' })).toBeUndefined();
    expect(page.value('aws_nfm_query_contributors_dropped', { query: 'checkout' })).toBeUndefined();
    expect(page.value('aws_nfm_query_results_truncated', { query: 'checkout' })).toBeUndefined();
    expect(page.value('aws_nfm_query_retransmissions_total', { query: 'checkout' })).toBeGreaterThan(0);
    expect((await daemon.text('/api/v1/queries/checkout/contributors')).status).toBe(200);
    await stop();
  });

  test.each(JUMPS)('read while the clock is %s have the age of others after the correction', async (_, jump) => {
    const { jumped, service, pass, stop } = await setUp();
    jumped.ms = jump;
    expect(await pass(20)).toBeGreaterThan(0);
    service.simulator.setFaults([{ kind: 'error', name: 'ValidationException', status: 400, match: {} }]);
    jumped.ms = 0;
    expect(await pass(3 * (EVERY / STEP) - 20)).toBeGreaterThan(0);
    expect(await pass(30)).toBe(0);
    await stop();
  });
});

async function skipped(daemon: RunningDaemon): Promise<number> {
  return (
    (await daemon.metrics('queries')).value('aws_nfm_query_runs_total', { query: 'checkout', outcome: 'skipped' }) ?? 0
  );
}
