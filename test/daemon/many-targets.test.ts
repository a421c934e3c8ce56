import { beforeAll, describe, expect, test } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { endlessQueries, missedPolls, runSimulator } from '../support/simulated-service.ts';

const REGIONS = ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-north-1', 'ap-south-1'];

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('many targets', () => {
  test('of ten accounts in five regions are each polled at their own interval', async (scope) => {
    const accounts = Array.from({ length: 10 }, (_, i) => `account-${i + 1}`);
    const interval = 2_000;
    const service = await runSimulator(
      scope,
      {
        queries: REGIONS.flatMap((region) =>
          accounts.map((account) => endlessQueries(region, `${account}/{n}`, { count: 10 })),
        ),
        // Known to be one AWS account, all accounts would share one budget in each region.
        faults: [{ kind: 'error', name: 'AccessDenied', status: 403, match: { operation: 'GetCallerIdentity' } }],
      },
      { clock },
    );
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 10 },
        accounts: accounts.map((name) => ({ name, regions: REGIONS })),
        polling: { interval: `${interval}ms` },
        queries: accounts.flatMap((account) =>
          Array.from({ length: 10 }, (_, i) => ({
            name: `${account}-query-${i + 1}`,
            account,
            monitorName: 'checkout',
            queryId: `${account}/${i + 1}`,
          })),
        ),
      },
      { clock },
    );
    await clock.pause(interval + 1_000);
    const from = clock.now();
    await clock.pause(2 * interval);
    const to = clock.now();
    const page = await daemon.metrics();

    const arrivals = new Map<string, number[]>();
    for (const { region, queryId, at } of service.requests) {
      const times = arrivals.get(`${region} ${queryId}`) ?? [];
      arrivals.set(`${region} ${queryId}`, [...times, at]);
    }
    for (const region of REGIONS) {
      for (const account of accounts) {
        const ofTarget = Array.from({ length: 10 }, (_, i) => arrivals.get(`${region} ${account}/${i + 1}`) ?? []);
        const missed = ofTarget.map((times) => missedPolls(times, interval, from, to));
        expect(Math.max(...missed), `polls missed by a query of ${account} in ${region}`).toBeLessThanOrEqual(1);
        const polls = ofTarget.flat().filter((at) => at >= from && at < to).length;
        expect(polls, `polls in two intervals of ${account} in ${region}`).toBeGreaterThanOrEqual(19);
        expect(polls).toBeLessThanOrEqual(21);
        const labels = { account, aws_region: region };
        expect(page.value('aws_nfm_api_planned_requests_per_second', labels)).toBe(5);
        expect(page.value('aws_nfm_api_up', labels)).toBe(1);
      }
    }
    expect(page.samples('aws_nfm_query_status', { status: 'RUNNING' }).map(({ value }) => value)).toEqual(
      new Array(500).fill(1),
    );
    expect(page.value('aws_nfm_exporter_poll_lag_seconds')).toBeLessThan(0.5);
  });
});
