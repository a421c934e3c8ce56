import { expect, onTestFinished, test, vi } from 'vitest';
import { replicaConfigHash } from '../../src/daemon/replica.ts';
import { loadConfig } from '../../src/queries/load.ts';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { patientClock } from '../support/patient-clock.ts';

const FILE = `
accounts:
  - name: prod
    roleArn: \${ROLE}
    endpoint: \${ENDPOINT}
storage: { dynamodb: { table: nfm-exporter, region: eu-west-1 } }
replicas: { url: "http://\${HOST}.example" }
queries:
  - { name: q, account: prod, monitorName: checkout, queryId: a }
`;
const ENV = { ROLE: 'arn:aws:iam::123456789012:role/one', ENDPOINT: 'https://one.example', HOST: 'one' };

/** Returns the hash of the configuration in an environment. */
async function hashIn(variables: Readonly<Record<string, string>>, region = 'us-east-1'): Promise<string> {
  const env = { ...ENV, ...variables };
  return replicaConfigHash(await loadConfig(FILE, { file: 'none.yml', env, fallbackRegion: async () => region }), env);
}

test.each([
  ['a role', { ROLE: 'arn:aws:iam::123456789012:role/two' }],
  ['an endpoint', { ENDPOINT: 'https://two.example' }],
  ['an endpoint of all calls', { AWS_ENDPOINT_URL: 'https://two.example' }],
  ['an endpoint of CloudWatch', { AWS_ENDPOINT_URL_CLOUDWATCH: 'https://two.example' }],
  ['a profile', { AWS_PROFILE: 'two' }],
])('differs for %s of the environment', async (_what, env) => {
  expect(await hashIn(env)).not.toBe(await hashIn({}));
});

test('differs for another default Region', async () => {
  expect(await hashIn({}, 'eu-west-1')).not.toBe(await hashIn({}));
});

test('is equal for members that differ only in their URL and credentials', async () => {
  expect(await hashIn({ HOST: 'two', AWS_ACCESS_KEY_ID: 'two', HOSTNAME: 'two' })).toBe(await hashIn({}));
});

test('shows a member that calls another endpoint', { timeout: 60_000 }, async () => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const scope = { onTestFinished };
  const engine = new MemoryEngine(() => patientClock.now());
  const start = (id: string, env: NodeJS.ProcessEnv) =>
    runDaemon(
      scope,
      {
        storage: { postgresql: { url: 'postgresql://nfm:x@127.0.0.1:1/nfm' } },
        replicas: { heartbeat: '1s', id: id.slice(0, 1) },
      },
      { clock: patientClock, engine, env },
    );
  const isOther = async ({ metrics }: Awaited<ReturnType<typeof start>>) =>
    (await metrics()).value('aws_nfm_replica_config_mismatch', {});
  const first = await start('a', {});
  await vi.waitFor(async () => expect((await first.metrics()).value('aws_nfm_replica_leader', {})).toBe(1), {
    timeout: 30_000,
    interval: 50,
  });
  const other = await start('b', { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
  await vi.waitFor(async () => expect(await isOther(other)).toBe(1), { timeout: 30_000, interval: 50 });
  expect(await isOther(first)).toBe(0);
});
