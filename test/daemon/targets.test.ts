import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { beforeAll, describe, test, vi } from 'vitest';
import {
  type RunningDaemon,
  runDaemon,
  setAwsEnvironment,
  TEST_CREDENTIALS,
  type TestScope,
} from '../support/daemon.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { endlessQueries, missedPolls, runSimulator } from '../support/simulated-service.ts';

const INTERVAL_MS = 400;
const REGIONS = ['us-east-1', 'eu-west-1'];

interface SetUp {
  /** Endpoint of eu-west-1; by default the one simulator is both regions. */
  readonly elsewhere?: string;
  readonly aws?: Readonly<Record<string, unknown>>;
  readonly polling?: Readonly<Record<string, unknown>>;
  /** Queries in each region. */
  readonly count?: number;
  readonly faults?: readonly Readonly<Record<string, unknown>>[];
}

/** A daemon that polls queries in two regions, one of which is to get into trouble: eu-west-1. */
async function setUp(scope: TestScope, { elsewhere, aws, polling, count = 4, faults = [] }: SetUp) {
  const service = await runSimulator(
    scope,
    {
      queries: REGIONS.map((region) => endlessQueries(region, `${region}-{n}`, { count })),
      faults,
    },
    { clock },
  );
  const daemon = await runDaemon(
    scope,
    {
      aws: {
        stsEndpoint: service.url,
        requestTimeout: '1s',
        maxAttempts: 1,
        requestsPerSecond: 100,
        ...aws,
      },
      accounts: [
        { name: 'near', region: 'us-east-1', endpoint: service.url },
        { name: 'far', region: 'eu-west-1', endpoint: elsewhere ?? service.url },
      ],
      polling: { interval: `${INTERVAL_MS}ms`, staleAfter: '1500ms', ...polling },
      queries: ['near', 'far'].flatMap((account, i) =>
        Array.from({ length: count }, (_, n) => ({
          name: `${account}-${n + 1}`,
          account,
          monitorName: 'checkout',
          queryId: `${REGIONS[i]}-${n + 1}`,
        })),
      ),
    },
    { clock },
  );
  const missedOf = (region: string, from: number, to: number) =>
    Array.from({ length: count }, (_, n) => missedPolls(service.arrivals(`${region}-${n + 1}`), INTERVAL_MS, from, to));
  return { service, daemon, missedOf };
}

async function up(daemon: RunningDaemon, account: string): Promise<number | undefined> {
  return (await daemon.metrics('api')).value('aws_nfm_api_up', { account });
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe.concurrent('a failing target', () => {
  test('that throttles gets a lower budget, which recovers; its polls are late, not lost', async (scope) => {
    const { expect } = scope;
    const limit = 400;
    const count = 10;
    const { service, daemon, missedOf } = await setUp(scope, { count, aws: { requestsPerSecond: limit } });
    const budgetOf = async (account: string) =>
      (await daemon.metrics('api')).value('aws_nfm_api_budget_requests_per_second', { account });
    const lag = async () => (await daemon.metrics('exporter')).value('aws_nfm_exporter_poll_lag_seconds') ?? Number.NaN;
    await clock.pause(1_200);
    expect(await budgetOf('far')).toBe(limit);
    expect(await lag()).toBeLessThan(0.1);

    service.simulator.setFaults([{ kind: 'throttle', match: { region: 'eu-west-1', operation: 'GetQueryStatus*' } }]);
    const from = clock.now();
    const budgets = [limit];
    let longestLag = 0;
    while (clock.now() - from < 5_500) {
      const page = await daemon.metrics('api', 'exporter');
      budgets.push(page.value('aws_nfm_api_budget_requests_per_second', { account: 'far' }) ?? Number.NaN);
      longestLag = Math.max(longestLag, page.value('aws_nfm_exporter_poll_lag_seconds') ?? Number.NaN);
      expect(page.value('aws_nfm_api_budget_requests_per_second', { account: 'near' })).toBe(limit);
      await clock.pause(100);
    }
    const cuts = budgets.filter((budget, i) => i > 0 && budget < (budgets[i - 1] ?? 0));
    expect(cuts.length, `cuts, one a second, in ${budgets}`).toBeGreaterThanOrEqual(5);
    expect(cuts.length).toBeLessThanOrEqual(6);
    expect(Math.min(...budgets), 'less than what the polls need').toBeLessThan((count * 1_000) / INTERVAL_MS);
    expect(Math.min(...budgets)).toBeGreaterThanOrEqual(limit / 32);
    expect(longestLag).toBeGreaterThan(0.2);
    const throttled = await daemon.metrics();
    expect(throttled.value('aws_nfm_api_up', { account: 'far' })).toBe(0);
    expect(Object.keys(throttled.apiErrors('far'))).toEqual(['ThrottlingException']);
    expect(Math.max(...missedOf('us-east-1', from, clock.now()))).toBeLessThanOrEqual(1);

    service.simulator.setFaults([]);
    const [before = Number.NaN, began] = [await budgetOf('far'), clock.now()];
    await clock.pause(2_000);
    const grown = ((await budgetOf('far')) ?? Number.NaN) - before;
    // A hundredth of the limit each second.
    expect(grown / ((clock.now() - began) / 1_000)).toBeCloseTo(limit / 100, 0);
    // All polls are made, each late by less than the budget's round: nothing was lost.
    await vi.waitFor(async () => expect(await lag()).toBeLessThan(0.05), { timeout: 8_000, interval: 100 });
    const page = await daemon.metrics();
    for (let n = 1; n <= count; n += 1) {
      expect(page.value('aws_nfm_query_up', { query: `far-${n}` })).toBe(1);
    }
    expect(page.value('aws_nfm_api_up', { account: 'far' })).toBe(1);
  });

  const troubles = [
    { name: 'hangs', faults: [{ kind: 'hang', after: 'request' }], error: 'TimeoutError' },
    { name: 'hangs after the headers', faults: [{ kind: 'hang', after: 'headers' }], error: 'TimeoutError' },
    { name: 'resets connections', faults: [{ kind: 'reset', after: 'request' }], error: 'NetworkError' },
    {
      name: 'fails with 500',
      faults: [{ kind: 'error', name: 'InternalServerException', status: 500 }],
      error: 'InternalServerException',
    },
    {
      name: 'refuses permission',
      faults: [{ kind: 'error', name: 'AccessDeniedException', status: 403 }],
      error: 'AccessDeniedException',
    },
  ] as const;

  test.for(troubles)('that $name fails alone, and recovers', async ({ faults, error }, scope) => {
    const { expect } = scope;
    const { service, daemon, missedOf } = await setUp(scope, {});
    await clock.pause(1_200);
    expect(await up(daemon, 'near')).toBe(1);
    expect(await up(daemon, 'far')).toBe(1);

    service.simulator.setFaults(faults.map((fault) => ({ ...fault, match: { region: 'eu-west-1' } })));
    const from = clock.now();
    await clock.pause(2_800);
    const page = await daemon.metrics();
    const to = clock.now();
    expect(page.value('aws_nfm_api_up', { account: 'far' })).toBe(0);
    expect(page.value('aws_nfm_api_up', { account: 'near' })).toBe(1);
    expect(page.apiErrors('near')).toEqual({});
    expect(Object.keys(page.apiErrors('far'))).toEqual([error]);
    for (let n = 1; n <= 4; n += 1) {
      expect(page.value('aws_nfm_query_up', { query: `near-${n}` })).toBe(1);
      expect(page.status(`near-${n}`)).toBe('RUNNING');
      expect(page.value('aws_nfm_query_up', { query: `far-${n}` })).toBe(0);
      expect(page.status(`far-${n}`), 'a status of before the trouble, stale by now').toBeUndefined();
      expect(page.lastError(`far-${n}`)).toBe(error);
    }
    expect(Math.max(...missedOf('us-east-1', from, to))).toBeLessThanOrEqual(1);

    service.simulator.setFaults([]);
    // The longest back-off is ten intervals.
    await vi.waitFor(
      async () => {
        const recovered = await daemon.metrics('api', 'queries');
        for (let n = 1; n <= 4; n += 1) {
          expect(recovered.value('aws_nfm_query_up', { query: `far-${n}` })).toBe(1);
          expect(recovered.status(`far-${n}`)).toBe('RUNNING');
          expect(recovered.lastError(`far-${n}`)).toBeUndefined();
        }
        expect(recovered.value('aws_nfm_api_up', { account: 'far' })).toBe(1);
      },
      { timeout: 11 * INTERVAL_MS + 1_000, interval: 200 },
    );
    const again = clock.now();
    await clock.pause(1_200);
    expect(Math.max(...missedOf('eu-west-1', again, clock.now()))).toBeLessThanOrEqual(1);
  });

  test('that hangs from the start, with more queries than slots, does not delay others', async (scope) => {
    const { expect } = scope;
    const { daemon, missedOf } = await setUp(scope, {
      count: 8,
      aws: { requestTimeout: '30s' },
      polling: { concurrency: 4 },
      faults: [{ kind: 'hang', match: { region: 'eu-west-1' } }],
    });
    const from = clock.now() + 1_000;
    await clock.pause(4_000);
    expect(Math.max(...missedOf('us-east-1', from, clock.now()))).toBeLessThanOrEqual(1);
    expect(await up(daemon, 'far'), 'nothing known yet').toBeUndefined();
  });

  test('without a listening service fails alone, and recovers once it listens', async (scope) => {
    const { expect } = scope;
    const reserved = createServer().listen(0, '127.0.0.1');
    await once(reserved, 'listening');
    const { port } = reserved.address() as AddressInfo; // of a server that listens on TCP
    await new Promise((resolve) => reserved.close(resolve));

    const { daemon, missedOf } = await setUp(scope, { elsewhere: `http://127.0.0.1:${port}` });
    const from = clock.now() + 1_000;
    await clock.pause(3_000);
    const page = await daemon.metrics();
    expect(page.value('aws_nfm_api_up', { account: 'far' })).toBe(0);
    expect(page.value('aws_nfm_api_up', { account: 'near' })).toBe(1);
    expect(Object.keys(page.apiErrors('far'))).toEqual(['NetworkError']);
    expect(page.lastError('far-1')).toBe('NetworkError');
    expect(Math.max(...missedOf('us-east-1', from, clock.now()))).toBeLessThanOrEqual(1);

    await runSimulator(scope, { queries: [endlessQueries('eu-west-1', 'eu-west-1-{n}', { count: 4 })] }, { port });
    await vi.waitFor(async () => expect((await daemon.metrics('queries')).status('far-4')).toBe('RUNNING'), {
      timeout: 60_000,
      interval: 200,
    });
    expect(await up(daemon, 'far')).toBe(1);
  });
});
