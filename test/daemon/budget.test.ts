import { beforeAll, describe, test, vi } from 'vitest';
// Loaded beforehand: the daemon loads it while it runs, which holds the event loop up for long when it is compiled here.
import '../../src/aws/credentials/identity.ts';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { watchStalls } from '../support/event-loop.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { endlessQueries, mostWithin, runSimulator } from '../support/simulated-service.ts';

const STS_HANGS = { kind: 'hang', match: { operation: 'GetCallerIdentity' } };

function queriesOf(account: string, queryId: string, count: number): Readonly<Record<string, unknown>>[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${account}-${i + 1}`,
    account,
    monitorName: 'checkout',
    queryId: queryId.replace('{n}', String(i + 1)),
  }));
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe.concurrent('the request budget at the service', () => {
  test('is not exceeded in any second, including retries, and every query is polled', async (scope) => {
    const { expect } = scope;
    const budget = 7;
    const longestStall = watchStalls();
    const service = await runSimulator(
      scope,
      {
        queries: [endlessQueries('us-east-1', 'query-{n}', { count: 60 })],
        faults: [
          {
            kind: 'error',
            name: 'InternalServerException',
            status: 500,
            rate: 0.3,
            match: { operation: 'GetQueryStatus*' },
          },
        ],
      },
      { clock },
    );
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: budget },
        polling: { interval: '1s' },
        queries: queriesOf('default', 'query-{n}', 60),
      },
      { clock },
    );
    const polled = () => new Set(service.requests.filter(({ queryId }) => queryId).map(({ queryId }) => queryId)).size;
    await vi.waitFor(() => expect(polled()).toBe(60), { timeout: 17_000, interval: 100 });
    const arrivals = service.arrivals();
    const seconds = ((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)) / 1_000;
    const stall = longestStall();
    expect(mostWithin(arrivals, 1_000 - stall)).toBeLessThanOrEqual(budget);
    expect(mostWithin(arrivals, 5_000 - stall)).toBeLessThanOrEqual(5 * budget);
    expect(arrivals.length / seconds, 'arrivals a second: the budget is used up').toBeGreaterThan(0.9 * budget);
    expect(service.requests.filter(({ attempt = 1 }) => attempt > 1).length, 'retries').toBeGreaterThan(5);
    const page = await daemon.metrics();
    expect(page.value('aws_nfm_api_budget_requests_per_second', { account: 'default' })).toBe(budget);
    expect(page.value('aws_nfm_api_planned_requests_per_second', { account: 'default' })).toBe(60);
    expect(page.value('aws_nfm_exporter_poll_lag_seconds')).toBeGreaterThan(5);
  });

  test('is the lower of two accounts that are one AWS account', async (scope) => {
    const { expect } = scope;
    const service = await runSimulator(
      scope,
      {
        queries: ['us-east-1', 'eu-west-1'].map((region) => endlessQueries(region, `${region}-{n}`, { count: 40 })),
        faults: [STS_HANGS],
      },
      { clock },
    );
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url, requestTimeout: '500ms', maxAttempts: 1 },
        accounts: [
          { name: 'wide', region: 'us-east-1', requestsPerSecond: 12 },
          { name: 'narrow', region: 'us-east-1', requestsPerSecond: 5 },
          { name: 'elsewhere', region: 'eu-west-1', requestsPerSecond: 9 },
        ],
        polling: { interval: '1s' },
        queries: [
          ...queriesOf('wide', 'us-east-1-{n}', 20),
          ...queriesOf('narrow', 'us-east-1-{n}', 40).slice(20),
          ...queriesOf('elsewhere', 'eu-west-1-{n}', 20),
        ],
      },
      { clock },
    );
    const arrivals = (region: string, since: number) =>
      service.requests
        .filter((each) => each.service === 'networkflowmonitor' && each.region === region && each.at >= since)
        .map(({ at }) => at);
    const limits = async () => {
      const page = await daemon.metrics('api');
      return ['wide', 'narrow', 'elsewhere'].map((account) =>
        page.value('aws_nfm_api_budget_limit_requests_per_second', { account }),
      );
    };
    await clock.pause(3_500);
    expect(await limits()).toEqual([12, 5, 9]);
    expect((await daemon.metrics()).samples('aws_nfm_account_info')).toEqual([]);
    const apart = arrivals('us-east-1', clock.now() - 2_000).length / 2;
    expect(apart, 'attempts per second before the identity is known').toBeGreaterThan(14);

    service.simulator.setFaults([]);
    await vi.waitFor(async () => expect(await limits()).toEqual([5, 5, 9]), { timeout: 8_000, interval: 50 });
    const since = clock.now();
    const longestStall = watchStalls();
    await clock.pause(4_000);
    const stall = longestStall();
    expect(mostWithin(arrivals('us-east-1', since), 1_000 - stall)).toBeLessThanOrEqual(5);
    expect(arrivals('us-east-1', since).length, 'arrivals in 4 s, and at their ends').toBeLessThanOrEqual(21);
    expect(arrivals('us-east-1', since).length, 'arrivals in 4 s').toBeGreaterThanOrEqual(17);
    expect(mostWithin(arrivals('eu-west-1', since), 1_000 - stall)).toBeLessThanOrEqual(9);
    expect(arrivals('eu-west-1', since).length, 'arrivals elsewhere in 4 s').toBeGreaterThanOrEqual(32);
    const shared = service.requests.filter(({ at, region }) => at >= since && region === 'us-east-1');
    const ofWide = shared.filter(({ queryId }) => Number(queryId?.split('-').at(-1)) <= 20).length;
    expect(ofWide / shared.length, 'part of one account').toBeGreaterThan(0.3);
    expect(ofWide / shared.length).toBeLessThan(0.7);
    const page = await daemon.metrics();
    expect(page.samples('aws_nfm_account_info').map(({ labels }) => labels)).toEqual(
      ['wide', 'narrow', 'elsewhere'].map((account) => ({
        account,
        aws_region: account === 'elsewhere' ? 'eu-west-1' : 'us-east-1',
        aws_account_id: '123456789012',
        arn: 'arn:aws:iam::123456789012:user/simulator',
      })),
    );
  });

  test('is separate for each account while STS does not respond, without delaying start, readiness, and polls', async (scope) => {
    const { expect } = scope;
    const service = await runSimulator(
      scope,
      {
        queries: [endlessQueries('us-east-1', 'query-{n}', { count: 4 })],
        faults: [STS_HANGS],
      },
      { clock },
    );
    const began = clock.monotonic();
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url },
        accounts: [
          { name: 'a', region: 'us-east-1', requestsPerSecond: 20 },
          { name: 'b', region: 'us-east-1', requestsPerSecond: 10 },
        ],
        polling: { interval: '1s' },
        queries: ['a', 'b'].flatMap((account) => queriesOf(account, 'query-{n}', 4)),
      },
      { clock },
    );
    await vi.waitFor(async () => expect((await daemon.text('/-/ready')).status).toBe(200), { timeout: 3_000 });
    expect(clock.monotonic() - began).toBeLessThan(3_000);
    const page = await daemon.metrics();
    expect(page.samples('aws_nfm_query_up').map(({ value }) => value)).toEqual(new Array(8).fill(1));
    expect(page.value('aws_nfm_api_budget_limit_requests_per_second', { account: 'a' })).toBe(20);
    await vi.waitFor(() => expect(service.requests.filter((each) => each.service === 'sts')).toHaveLength(1));
  });

  test('is used evenly from the start', async (scope) => {
    const { expect } = scope;
    const count = 300;
    const seconds = 10;
    const service = await runSimulator(
      scope,
      {
        queries: [endlessQueries('us-east-1', 'query-{n}', { count })],
      },
      { clock },
    );
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 1_000, maxConcurrentRequests: 200 },
        polling: { interval: `${seconds}s` },
        queries: queriesOf('default', 'query-{n}', count),
      },
      { clock },
    );
    const start = clock.now();
    await clock.pause(seconds * 1_000);
    const even = count / seconds;
    for (let second = 0; second < seconds; second += 1) {
      const from = start + second * 1_000;
      const arrivals = service.arrivals().filter((at) => at >= from && at < from + 1_000).length;
      expect(arrivals, `arrivals in second ${second}`).toBeGreaterThanOrEqual(0.5 * even);
      expect(arrivals, `arrivals in second ${second}`).toBeLessThanOrEqual(1.5 * even);
    }
    await vi.waitFor(async () => expect((await daemon.text('/-/ready')).status).toBe(200));
    expect(new Set(service.requests.map(({ queryId }) => queryId)).size).toBeGreaterThanOrEqual(count);
  });
});
