import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Clock } from '../../src/lib/clock.ts';
import { adjustedClock } from '../support/adjusted-clock.ts';
import {
  type RunningDaemon,
  runDaemon,
  setAwsEnvironment,
  TEST_CREDENTIALS,
  type TestScope,
} from '../support/daemon.ts';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { runSimulator, type SimulatedService } from '../support/simulated-service.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

const TEN_PAST = Date.UTC(2026, 5, 1, 12, 10);
const MINUTE = 60_000;

const QUERY = { metricName: 'RETRANSMISSIONS', destinationCategory: 'INTER_AZ', limit: 60 };
const SCHEDULE = { every: '1h', delay: '0s' };

interface Setting {
  readonly scenario: Readonly<Record<string, unknown>>;
  readonly monitors: readonly string[];
  readonly aws?: Readonly<Record<string, unknown>>;
  readonly clock: Clock;
}

interface World {
  readonly service: SimulatedService;
  readonly daemon: RunningDaemon;
}

/** One query for each monitor, on a clock that the simulator shares. */
async function play(scope: TestScope, { scenario, monitors, aws, clock }: Setting): Promise<World> {
  const service = await runSimulator(
    scope,
    {
      accounts: [{ id: '123456789012', regions: { 'us-east-1': { monitors: monitors.map((name) => ({ name })) } } }],
      startedQueries: [{ queuedFor: 0, runningFor: '2s' }],
      ...scenario,
    },
    { clock },
  );
  const daemon = await runDaemon(
    scope,
    {
      // The SDK waits between attempts on a clock of its own.
      aws: { endpoint: service.url, stsEndpoint: service.url, maxAttempts: 1, requestsPerSecond: 20, ...aws },
      queries: monitors.map((monitorName) => ({ name: monitorName, monitorName, schedule: SCHEDULE, ...QUERY })),
    },
    { clock },
  );
  return { service, daemon };
}

function outcomes(page: ExpositionPage): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { labels, value } of page.samples('aws_nfm_query_runs_total')) {
    const { outcome = '' } = labels;
    sums[outcome] = (sums[outcome] ?? 0) + value;
  }
  return Object.fromEntries(Object.entries(sums).filter(([, value]) => value > 0));
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `monitor-${i}`);
}

function steppedClock(scope: TestScope): SteppedClock {
  const clock = new SteppedClock(TEN_PAST);
  scope.onTestFinished(clock.watchRequests());
  return clock;
}

/** The page at each second, for ten minutes at most. */
async function* pages(clock: SteppedClock, daemon: RunningDaemon): AsyncGenerator<ExpositionPage> {
  for (let second = 0; second < 600; second += 1) {
    await clock.advance(1_000);
    yield await daemon.metrics('api', 'queries');
  }
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('a shortage', () => {
  test('of the quota lowers the concurrent-run limit, which recovers, without failed runs', async (scope) => {
    const clock = steppedClock(scope);
    const { daemon, service } = await play(scope, {
      clock,
      monitors: namesOf(8),
      scenario: { worlds: { maxRunningQueries: 2 }, startedQueries: [{ queuedFor: 0, runningFor: '12s' }] },
      aws: { maxConcurrentRuns: 5 },
    });
    let lowest = 5;
    let most = 0;
    for await (const page of pages(clock, daemon)) {
      most = Math.max(most, service.simulator.runningQueries().length);
      lowest = Math.min(lowest, page.value('aws_nfm_api_runs_limit') ?? Number.NaN);
      if (outcomes(page)['succeeded'] === 8) {
        break;
      }
    }
    expect(lowest).toBe(2);
    expect(most).toBe(2);
    const page = await daemon.metrics();
    expect(outcomes(page)).toEqual({ succeeded: 8 });
    const labels = { operation: 'StartQueryMonitorTopContributors', error: 'ServiceQuotaExceededException' };
    expect(page.value('aws_nfm_api_errors_total', labels)).toBeGreaterThan(0);
    const waits = page.samples('aws_nfm_run_wait_seconds').find(({ name }) => name.endsWith('_count'));
    expect(waits?.value, 'each run waits once, however often it was refused').toBe(8);
    const logged = daemon.log.events.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
    expect(logged).toEqual(['start rejected by service quota']);
    await clock.advance(4 * MINUTE);
    expect((await daemon.metrics()).value('aws_nfm_api_runs_limit')).toBe(5);
  });

  test('of requests (throttling) lowers the request budget, without failed runs', async (scope) => {
    const clock = steppedClock(scope);
    const { daemon } = await play(scope, {
      clock,
      monitors: namesOf(6),
      scenario: { worlds: { requestsPerSecond: 3 } },
      aws: { requestsPerSecond: 10, maxConcurrentRuns: 6 },
    });
    let lowest = 10;
    for await (const page of pages(clock, daemon)) {
      lowest = Math.min(lowest, page.value('aws_nfm_api_budget_requests_per_second') ?? Number.NaN);
      if (outcomes(page)['succeeded'] === 6) {
        break;
      }
    }
    expect(lowest).toBeLessThan(6);
    const page = await daemon.metrics();
    expect(outcomes(page)).toEqual({ succeeded: 6 });
    expect(page.apiErrors('default')['ThrottlingException']).toBeGreaterThan(0);
  });

  test('of responses (a hanging page of results) costs only a retry of that page', async (scope) => {
    const { daemon, service } = await play(scope, {
      clock: adjustedClock(TEN_PAST),
      monitors: ['checkout'],
      scenario: { faults: [{ kind: 'latency', delay: '300ms', match: { operation: 'GetQueryResults*' } }] },
      aws: { requestTimeout: '2s' },
    });
    await vi.waitFor(
      () => expect(service.requests.some(({ operation }) => operation.startsWith('GetQueryResults'))).toBe(true),
      { timeout: 10_000, interval: 5 },
    );
    // The first page was received, and the second is requested.
    const match = { operation: 'GetQueryResults*' };
    service.simulator.setFaults([{ kind: 'hang', after: 'request', times: 1, match }]);
    await vi.waitFor(async () => expect(outcomes(await daemon.metrics('queries'))).toEqual({ succeeded: 1 }), {
      timeout: 15_000,
      interval: 50,
    });
    const page = await daemon.metrics();
    expect(page.apiErrors('default')).toEqual({ TimeoutError: 1 });
    expect(page.value('aws_nfm_query_contributors', { query: 'checkout' })).toBe(60);
    const pages = service.requests.filter(({ operation }) => operation.startsWith('GetQueryResults'));
    expect(pages.map(({ status }) => status).sort()).toEqual([200, 200, 200, undefined]);
    const { rows } = JSON.parse((await daemon.text('/api/v1/queries/checkout/contributors')).body);
    expect(rows).toHaveLength(60);
    expect(new Set(rows.map((row: unknown) => JSON.stringify(row))).size, 'no page twice').toBe(60);
  });

  test('of consistency (a query unknown to the service within a minute of its start) is tolerated', async (scope) => {
    const clock = steppedClock(scope);
    const { daemon, service } = await play(scope, {
      clock,
      monitors: ['checkout'],
      scenario: { worlds: { visibleAfter: '30s' } },
    });
    for await (const page of pages(clock, daemon)) {
      expect(page.value('aws_nfm_query_up', { query: 'checkout' }) ?? 1).toBe(1);
      expect(page.value('aws_nfm_query_poll_errors_total', { query: 'checkout' })).toBe(0);
      if (outcomes(page)['succeeded'] === 1) {
        break;
      }
    }
    const polls = service.requests.filter(({ operation }) => operation.startsWith('GetQueryStatus'));
    expect(polls.filter(({ status }) => status === 404).length).toBeGreaterThan(2);
    const page = await daemon.metrics();
    expect(outcomes(page)).toEqual({ succeeded: 1 });
    expect(page.value('aws_nfm_query_polls_total', { query: 'checkout' })).toBe(polls.length);
    expect(daemon.log.events.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});
