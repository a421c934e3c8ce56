import { beforeAll, describe, test, vi } from 'vitest';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { endlessQueries, missedPolls, runSimulator } from '../support/simulated-service.ts';

const DAY_MS = 86_400_000;

async function statusOf(daemon: RunningDaemon, name: string) {
  const [page, { status }] = [await daemon.metrics('queries'), await daemon.query(name)];
  return { exported: page.status(name) ?? null, answered: status };
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe.concurrent('polling.staleAfter', () => {
  test('removes an old status that is not terminal, and keeps a terminal one', async (scope) => {
    const { expect } = scope;
    const service = await runSimulator(
      scope,
      {
        queries: [
          endlessQueries('us-east-1', 'running'),
          endlessQueries('us-east-1', 'ended', { runningFor: 0, outcome: 'FAILED' }),
        ],
      },
      { clock },
    );
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url, requestTimeout: '1s', maxAttempts: 1 },
        polling: { interval: '1s', staleAfter: '3s' },
        queries: ['running', 'ended'].map((name) => ({ name, monitorName: 'checkout', queryId: name })),
      },
      { clock },
    );
    const running = { exported: 'RUNNING', answered: 'RUNNING' };
    await vi.waitFor(async () => expect(await statusOf(daemon, 'running')).toEqual(running), { timeout: 4_000 });
    await clock.pause(1_200);

    service.simulator.setFaults([{ kind: 'hang', after: 'request' }]);
    const success = async () =>
      (await daemon.metrics('queries')).value('aws_nfm_query_last_success_timestamp_seconds', { query: 'running' }) ??
      0;
    let last = await success();
    let goneAt = 0;
    while (goneAt === 0) {
      last = await success();
      const now = clock.now();
      const status = await statusOf(daemon, 'running');
      if (status.exported === null) {
        goneAt = now;
        expect((await statusOf(daemon, 'running')).answered).toBeNull();
      } else if (now / 1_000 - last > 3.5) {
        expect.fail(`status still ${status.exported}`);
      }
      await clock.pause(50);
    }
    expect(goneAt / 1_000 - last, 'age of the status when it was first absent').toBeGreaterThan(2.9);

    const page = await daemon.metrics();
    expect(page.samples('aws_nfm_query_status_since_timestamp_seconds', { query: 'running' })).toEqual([]);
    expect(await success(), 'last success stays').toBe(last);
    expect(page.value('aws_nfm_query_up', { query: 'running' })).toBe(0);
    expect(page.lastError('running')).toBe('TimeoutError');
    expect(await daemon.query('running')).toMatchObject({ status: null, statusSince: null, up: false });
    expect(await statusOf(daemon, 'ended')).toEqual({ exported: 'FAILED', answered: 'FAILED' });
    expect((await daemon.text('/')).body).toContain('1 failing');

    service.simulator.setFaults([]);
    await vi.waitFor(async () => expect(await statusOf(daemon, 'running')).toEqual(running), { timeout: 9_000 });
  });
});

describe.concurrent('polling.giveUpAfter', () => {
  test('ends the polls of a query that has been unknown to the service for this time', async (scope) => {
    const { expect } = scope;
    const service = await runSimulator(scope, { queries: [endlessQueries('us-east-1', 'known')] }, { clock });
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url },
        polling: { interval: '500ms', giveUpAfter: '2s' },
        queries: ['known', 'unknown'].map((name) => ({ name, monitorName: 'checkout', queryId: name })),
      },
      { clock },
    );
    await vi.waitFor(async () => expect((await daemon.query('unknown')).nextPoll).not.toBeNull());
    await clock.pause(1_000);
    expect((await daemon.query('unknown')).nextPoll, 'before it is given up').not.toBeNull();
    await vi.waitFor(() => expect(daemon.log.messages().join()).toContain('polling of unknown query ended'), {
      timeout: 5_000,
    });
    const polls = service.arrivals('unknown');
    expect((polls.at(-1) ?? 0) - (polls[0] ?? 0)).toBeGreaterThanOrEqual(2_000);
    expect((polls.at(-1) ?? 0) - (polls[0] ?? 0), 'no later than one back-off after').toBeLessThan(4_500);

    await clock.pause(2_500);
    expect(service.arrivals('unknown')).toHaveLength(polls.length);
    expect(await daemon.query('unknown')).toMatchObject({ status: null, up: false, nextPoll: null });
    const page = await daemon.metrics();
    expect(page.lastError('unknown')).toBe('ResourceNotFoundException');
    expect(page.value('aws_nfm_query_polls_total', { query: 'unknown' })).toBe(polls.length);
    expect(page.value('aws_nfm_api_planned_requests_per_second', { account: 'default' })).toBe(2);
    expect(page.value('aws_nfm_query_info', { query: 'unknown' })).toBe(1);
    expect(service.arrivals('known').length).toBeGreaterThanOrEqual(8);
  });

  test('keeps polling a query that fails for another reason', async (scope) => {
    const { expect } = scope;
    const service = await runSimulator(scope, { worlds: { unknownQueryId: 'ValidationException' } }, { clock });
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url },
        polling: { interval: '200ms', giveUpAfter: '1s' },
        queries: [{ name: 'odd', monitorName: 'checkout', queryId: 'odd' }],
      },
      { clock },
    );
    await clock.pause(4_000);
    const polls = service.arrivals('odd').length;
    expect((await daemon.query('odd')).nextPoll).not.toBeNull();
    await vi.waitFor(() => expect(service.arrivals('odd').length).toBeGreaterThan(polls), { timeout: 3_000 });
  });
});

describe.concurrent('the wall clock', () => {
  test('may jump a day ahead or back without effect on polls and later times', async (scope) => {
    const { expect } = scope;
    const interval = 500;
    let offset = 0;
    const jumping = {
      now: () => clock.now() + offset,
      monotonic: () => clock.monotonic(),
      setTimer: (ms: number, callback: () => void) => clock.setTimer(ms, callback),
    };
    const service = await runSimulator(
      scope,
      { queries: [endlessQueries('us-east-1', 'query-{n}', { count: 5 })] },
      { clock },
    );
    const names = Array.from({ length: 5 }, (_, i) => `query-${i + 1}`);
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 50 },
        polling: { interval: `${interval}ms`, staleAfter: '2s' },
        queries: names.map((name) => ({ name, monitorName: 'checkout', queryId: name })),
      },
      { clock: jumping },
    );
    await vi.waitFor(async () => expect((await daemon.query('query-1')).statusSince).not.toBeNull());
    await clock.pause(1_500);
    for (const jump of [DAY_MS, -2 * DAY_MS, DAY_MS]) {
      const since = (await daemon.query('query-1')).statusSince;
      offset += jump;
      const from = clock.now();
      const reached = await daemon.query('query-1');
      if (reached.nextPoll !== null) {
        expect(Math.abs(Date.parse(reached.nextPoll) - jumping.now())).toBeLessThan(2 * interval);
      }
      await clock.pause(2_000);
      const page = await daemon.metrics();
      const to = clock.now();
      for (const name of names) {
        expect(missedPolls(service.arrivals(name), interval, from, to)).toBeLessThanOrEqual(1);
        expect(page.status(name)).toBe('RUNNING');
        const success = page.value('aws_nfm_query_last_success_timestamp_seconds', { query: name }) ?? Number.NaN;
        expect(Math.abs(success - jumping.now() / 1_000)).toBeLessThan(1);
      }
      expect((await daemon.query('query-1')).statusSince, 'of a status that has not changed').toBe(since);
      expect(page.value('aws_nfm_exporter_poll_lag_seconds')).toBeLessThan(0.5);
      expect((await daemon.text('/-/healthy')).status).toBe(200);
    }
  });
});
