import { expect, it, vi } from 'vitest';
import { setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { runReloadedDaemon } from '../support/reloaded-daemon.ts';
import { runSimulator } from '../support/simulated-service.ts';

const FAMILY = 'aws_nfm_zone_info';
const OPERATION = 'DescribeAvailabilityZones';
const WAIT = { timeout: 10_000, interval: 100 };
const USER = {
  accessKeyId: TEST_CREDENTIALS.AWS_ACCESS_KEY_ID,
  secretAccessKey: TEST_CREDENTIALS.AWS_SECRET_ACCESS_KEY,
};

/** Accounts whose IDs end in these digits; the first one has the credentials of the test. */
function scenario(...accounts: readonly string[]) {
  return {
    accounts: accounts.map((digit, index) => ({
      id: `11112222333${digit}`,
      ...(index === 0 ? { credentials: [USER] } : {}),
      roles: [{ name: 'read', trusted: ['*'] }],
    })),
    startedQueries: [{ match: {}, outcome: 'none' }],
  };
}

function config(url: string, zoneNames: unknown, accounts: readonly object[] = [{ name: 'a' }]) {
  return {
    aws: { region: 'us-east-1', endpoint: url, stsEndpoint: url },
    accounts,
    discovery: { monitorsEvery: '0s', zoneNames, ec2Endpoint: url },
    queries: [{ name: 'q', account: '*', monitorName: 'checkout', queryId: 'none' }],
  };
}

const role = (digit: string) => ({ name: `a${digit}`, roleArn: `arn:aws:iam::11112222333${digit}:role/read` });

it('exports the names of zones once enabled, with one signed request', async (scope) => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const { url, requests } = await runSimulator(scope, scenario('0'));
  const calls = () => requests.filter(({ operation }) => operation === OPERATION);
  const daemon = await runReloadedDaemon(scope, config(url, false));
  const zones = async () => (await daemon.metrics()).samples(FAMILY).map(({ labels, value }) => ({ ...labels, value }));
  await vi.waitFor(() => expect(requests.length).toBeGreaterThan(0), WAIT);
  expect(await zones()).toEqual([]);
  expect(calls()).toEqual([]);

  expect(await daemon.reloadWith(config(url, true))).toEqual({ ok: true });
  await vi.waitFor(async () => expect(await zones()).not.toEqual([]), WAIT);
  expect(await zones()).toEqual(
    [1, 2, 4, 6].map((number, index) => ({
      aws_region: 'us-east-1',
      zone_id: `use1-az${number}`,
      zone_name: `us-east-1${'abcd'.charAt(index)}`,
      value: 1,
    })),
  );
  expect(calls()).toHaveLength(1);

  expect(await daemon.reloadWith(config(url, false))).toEqual({ ok: true });
  expect(await zones()).toEqual([]);
});

it('omits zones for which accounts have different names', async (scope) => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const { url, requests } = await runSimulator(scope, scenario('0', '4', '8'));
  // The names of the third account differ.
  const accounts = ['0', '4', '8'].map(role);
  const daemon = await runReloadedDaemon(scope, config(url, true, accounts));
  const count = async () => (await daemon.metrics()).samples(FAMILY).length;
  await vi.waitFor(async () => {
    expect(requests.filter(({ operation }) => operation === OPERATION)).toHaveLength(3);
    expect(await count()).toBe(0);
  }, WAIT);
  expect(await daemon.reloadWith(config(url, true, accounts.slice(0, 2)))).toEqual({ ok: true });
  await vi.waitFor(async () => expect(await count()).toBe(4), WAIT);
});

it('logs a failure once, and exports nothing', async (scope) => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const { url, simulator } = await runSimulator(scope, scenario('0'));
  simulator.setFaults([{ kind: 'error', name: 'UnauthorizedOperation', status: 403, match: { operation: OPERATION } }]);
  const daemon = await runReloadedDaemon(scope, config(url, true));
  await vi.waitFor(() => expect(daemon.log.messages()).toContain('zone names failed'), WAIT);
  expect(daemon.log.events.find(({ msg }) => msg === 'zone names failed')).toMatchObject({
    level: 'warn',
    fields: { operation: OPERATION, aws_region: 'us-east-1' },
  });
  expect((await daemon.metrics()).samples(FAMILY)).toEqual([]);
});
