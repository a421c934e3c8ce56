import { beforeAll, describe, expect, test, vi } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { endlessQueries, missedPolls, runSimulator } from '../support/simulated-service.ts';
import { runStsRelay } from '../support/sts-relay.ts';

const REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'eu-north-1',
  'ap-south-1',
  'sa-east-1',
];
const ACCOUNTS = Array.from({ length: 40 }, (_, i) => ({ name: `account-${i}`, id: String(100_000_000_000 + i) }));
const REFUSED = 'account-7';
const INTERVAL_MS = 2_000;

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('forty accounts by role in eight regions', () => {
  test('assume each role once, and are polled on time except for the denied one', async (scope) => {
    const service = await runSimulator(
      scope,
      {
        accounts: [
          { id: '999900001111' },
          ...ACCOUNTS.map(({ name, id }) => ({
            id,
            roles: [{ name: 'nfm-read', externalId: name === REFUSED ? 'another' : `external-id-of-${name}` }],
          })),
        ],
        queries: ACCOUNTS.flatMap(({ id }) =>
          REGIONS.map((region) => endlessQueries(region, 'query', { account: id })),
        ),
      },
      { clock },
    );
    const sts = await runStsRelay(scope, () => service.url, { clock });
    const daemon = await runDaemon(
      scope,
      {
        aws: { region: 'eu-west-1', endpoint: service.url, stsEndpoint: sts.url },
        accounts: ACCOUNTS.map(({ name, id }) => ({
          name,
          regions: REGIONS,
          roleArn: `arn:aws:iam::${id}:role/nfm-read`,
          externalId: `external-id-of-${name}`,
        })),
        polling: { interval: `${INTERVAL_MS}ms` },
        queries: [{ name: 'query', account: '*', monitorName: 'checkout', queryId: 'query' }],
      },
      { clock },
    );
    const begun = clock.now();
    await vi.waitFor(
      async () =>
        expect((await daemon.metrics('api')).samples('aws_nfm_account_info')).toHaveLength(
          (ACCOUNTS.length - 1) * REGIONS.length,
        ),
      { timeout: 30_000, interval: 200 },
    );
    const from = Math.max(clock.now(), begun + INTERVAL_MS);
    await clock.pause(from + 3 * INTERVAL_MS - clock.now());
    const to = clock.now();
    const page = await daemon.metrics();

    const arrivals = new Map<string, number[]>();
    for (const { account, region, at } of service.requests.filter(({ queryId }) => queryId === 'query')) {
      const target = `${account} ${region}`;
      arrivals.set(target, [...(arrivals.get(target) ?? []), at]);
    }
    for (const { name, id } of ACCOUNTS) {
      const assumed = sts.askedTo('AssumeRole').filter(({ form }) => form['RoleArn']?.includes(id));
      for (const region of REGIONS) {
        const labels = { account: name, aws_region: region };
        const times = arrivals.get(`${id} ${region}`);
        if (name === REFUSED) {
          expect(times, `polls of ${name}`).toBeUndefined();
          expect(page.value('aws_nfm_api_up', labels)).toBe(0);
          expect(page.lastError(`query:${name}:${region}`)).toBe('CredentialsError');
        } else {
          const missed = missedPolls(times ?? [], INTERVAL_MS, from, to);
          expect(missed, `polls missed by ${name} in ${region}`).toBeLessThanOrEqual(1);
          expect(page.value('aws_nfm_api_up', labels)).toBe(1);
          expect(page.value('aws_nfm_account_info', { ...labels, aws_account_id: id })).toBe(1);
        }
      }
      if (name === REFUSED) {
        const times = assumed.map(({ at }) => at);
        expect(times.length).toBeGreaterThan(1);
        expect(Math.min(...times.slice(1).map((at, i) => at - (times[i] ?? 0)))).toBeGreaterThan(950);
      } else {
        expect(assumed, `roles assumed for ${name}`).toHaveLength(1);
      }
    }
    expect(Object.keys(page.apiErrors(REFUSED))).toEqual(['CredentialsError']);
    expect(page.samples('aws_nfm_query_status', { status: 'RUNNING' }).map(({ value }) => value)).toEqual(
      new Array((ACCOUNTS.length - 1) * REGIONS.length).fill(1),
    );
  });
});
