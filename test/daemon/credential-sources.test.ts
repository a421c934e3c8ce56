import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { type RunningDaemon, runDaemon, setAwsEnvironment, type TestScope } from '../support/daemon.ts';
import { runContainerAgent, runInstanceMetadata } from '../support/metadata-services.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { runStsRelay } from '../support/sts-relay.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ID = '111122223333';
const OTHER_ID = '444455556666';
const KEYS = { accessKeyId: 'AKIAUSER000000000001', secretAccessKey: 'the secret of a user' };
const SESSION_TOKEN = 'a-token-of-the-session';
const USER_ARN = `arn:aws:iam::${ID}:user/exporter`;
const roleArn = (name: string) => `arn:aws:iam::${OTHER_ID}:role/${name}`;
const sessionArn = (name: string) => `arn:aws:sts::${OTHER_ID}:assumed-role/${name}`;

/** A service that takes known credentials only, and a daemon with a query in each of `accounts`. */
async function setUp(
  scope: TestScope,
  accounts: readonly Readonly<Record<string, unknown>>[],
  {
    roles = [],
    sessionToken = undefined,
  }: { readonly roles?: readonly Readonly<Record<string, unknown>>[]; readonly sessionToken?: string | undefined } = {},
) {
  const service = await runSimulator(scope, {
    accounts: [
      { id: ID, credentials: [{ ...KEYS, user: 'exporter', ...(sessionToken === undefined ? {} : { sessionToken }) }] },
      { id: OTHER_ID, roles },
    ],
    queries: [ID, OTHER_ID].map((account) => endlessQueries('us-east-1', 'query', { account })),
  });
  const sts = await runStsRelay(scope, () => service.url);
  const daemon = await runDaemon(scope, {
    aws: { endpoint: service.url, stsEndpoint: sts.url, requestsPerSecond: 50 },
    accounts,
    polling: { interval: '250ms' },
    queries: [{ name: 'query', account: '*', monitorName: 'checkout', queryId: 'query' }],
  });
  return { service, sts, daemon };
}

/** Waits until an account is polled well, and gives who it is and where its credentials are from. */
async function identityOf(daemon: RunningDaemon, account: string) {
  await vi.waitFor(
    async () => {
      const page = await daemon.metrics('api', 'queries');
      expect(page.value('aws_nfm_api_up', { account }), JSON.stringify(daemon.log.events)).toBe(1);
      expect(page.status(`query:${account}`)).toBe('RUNNING');
    },
    { timeout: 4_000 },
  );
  return vi.waitFor(() => {
    const event = daemon.log.events.find(
      ({ msg, fields }) => msg === 'AWS identity resolved' && fields['account'] === account,
    );
    expect(event).toBeDefined();
    return { arn: event?.fields['arn'], provider: event?.fields['provider'] };
  });
}

/** Polls on for a while in which credentials expire several times; none of them may be refused. */
async function outlives(daemon: RunningDaemon, account: string): Promise<void> {
  await wait(3_500);
  expect((await daemon.metrics('api')).apiErrors(account)).toEqual({});
}

/** Makes the shared files of the AWS tools what they are for the test. */
function shareFiles(config: string, credentials: string, more: Readonly<Record<string, string>> = {}): void {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'config'), config);
  writeFileSync(join(folder, 'credentials'), credentials);
  setAwsEnvironment({
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    ...more,
  });
}

const keysOf = (profile: string) =>
  `[${profile}]\naws_access_key_id = ${KEYS.accessKeyId}\naws_secret_access_key = ${KEYS.secretAccessKey}\n`;

describe('a profile', () => {
  test('provides its own credentials, those of its role, or those that assume the role of the account', async (scope) => {
    const config = `
[profile chained]
role_arn = ${roleArn('chained')}
source_profile = base
external_id = of-the-profile
role_session_name = of-the-profile
region = eu-west-1
`;
    shareFiles(config, keysOf('base'), { AWS_ACCESS_KEY_ID: 'AKIANOBODY0000000001', AWS_SECRET_ACCESS_KEY: 'none' });
    const { sts, daemon } = await setUp(
      scope,
      [
        { name: 'own', profile: 'base' },
        { name: 'chained', profile: 'chained' },
        { name: 'assumed', profile: 'base', roleArn: roleArn('direct') },
        { name: 'twice', profile: 'chained', roleArn: roleArn('second') },
      ],
      {
        roles: [
          { name: 'chained', trusted: [ID], externalId: 'of-the-profile' },
          { name: 'direct', trusted: [USER_ARN] },
          { name: 'second', trusted: [`${sessionArn('chained')}/*`] },
        ],
      },
    );
    expect(await identityOf(daemon, 'own')).toEqual({ arn: USER_ARN, provider: 'profile' });
    expect((await identityOf(daemon, 'chained')).arn).toBe(sessionArn('chained'));
    expect(await identityOf(daemon, 'assumed')).toEqual({
      arn: sessionArn('direct'),
      provider: 'profile,sts_assume_role',
    });
    expect((await identityOf(daemon, 'twice')).arn).toBe(sessionArn('second'));
    const assumed = sts.askedTo('AssumeRole').map(({ form }) => `${form['RoleSessionName']} ${form['RoleArn']}`);
    expect(assumed.sort()).toEqual([
      `nfm-exporter ${roleArn('direct')}`,
      `nfm-exporter ${roleArn('second')}`,
      `of-the-profile ${roleArn('chained')}`,
    ]);
  });

  test('is reported by name if missing, and used once it exists', async (scope) => {
    shareFiles('', '');
    const { daemon } = await setUp(scope, [{ name: 'own', profile: 'base' }]);
    await vi.waitFor(async () =>
      expect((await daemon.query('query:own')).lastError).toMatchObject({
        error: 'CredentialsError',
        message: expect.stringMatching(/^profile base: the profile was not found in /),
      }),
    );
    writeFileSync(process.env['AWS_SHARED_CREDENTIALS_FILE'] ?? '', keysOf('base'));
    await vi.waitFor(async () => expect((await daemon.metrics('queries')).status('query:own')).toBe('RUNNING'), {
      timeout: 5_000,
    });
  });
});

describe('credentials that assume a role', () => {
  test('are read again after they expired, since they may have been replaced', async (scope) => {
    const next = { accessKeyId: 'AKIAUSER000000000002', secretAccessKey: 'the next secret' };
    shareFiles('', keysOf('base'));
    const service = await runSimulator(scope, {
      accounts: [
        {
          id: ID,
          credentials: [
            { ...KEYS, expiresAfter: '5s' },
            { ...next, user: 'next' },
          ],
        },
        { id: OTHER_ID, roles: [{ name: 'direct', sessionDuration: '2s' }] },
      ],
      queries: [endlessQueries('us-east-1', 'query', { account: OTHER_ID })],
    });
    const daemon = await runDaemon(scope, {
      aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 50 },
      accounts: [{ name: 'assumed', profile: 'base', roleArn: roleArn('direct') }],
      polling: { interval: '250ms' },
      queries: [{ name: 'query', monitorName: 'checkout', queryId: 'query' }],
    });
    await vi.waitFor(async () => expect((await daemon.metrics('queries')).status('query')).toBe('RUNNING'), {
      timeout: 4_000,
    });
    const { accessKeyId, secretAccessKey } = next;
    writeFileSync(
      process.env['AWS_SHARED_CREDENTIALS_FILE'] ?? '',
      `[base]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    );
    const assumed = () => service.requests.filter(({ operation }) => operation === 'AssumeRole');
    await vi.waitFor(() => expect(assumed().some(({ error }) => error === 'ExpiredToken')).toBe(true), {
      timeout: 8_000,
    });
    await vi.waitFor(() => expect(assumed().at(-1)).toMatchObject({ status: 200 }), { timeout: 4_000 });
    await vi.waitFor(
      async () => expect((await daemon.metrics('queries')).value('aws_nfm_query_up', { query: 'query' })).toBe(1),
      {
        timeout: 4_000,
      },
    );
  });
});

describe('the default chain', () => {
  test('reads a web identity token for each session (IRSA), and assumes the role of the account with it', async (scope) => {
    const file = join(temporaryFolder(), 'token');
    writeFileSync(file, 'token-1');
    setAwsEnvironment({ AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: roleArn('pod') });
    const { sts, daemon } = await setUp(
      scope,
      [{ name: 'default' }, { name: 'payments', roleArn: roleArn('payments') }],
      {
        roles: [
          { name: 'pod', webIdentityTokens: ['token-1', 'token-2'], sessionDuration: '2s' },
          { name: 'payments', trusted: [`${sessionArn('pod')}/*`], sessionDuration: '2s' },
        ],
      },
    );
    expect((await identityOf(daemon, 'default')).arn).toBe(sessionArn('pod'));
    expect((await identityOf(daemon, 'payments')).arn).toBe(sessionArn('payments'));
    writeFileSync(file, 'token-2');
    await Promise.all([outlives(daemon, 'default'), outlives(daemon, 'payments')]);
    const tokens = sts.askedTo('AssumeRoleWithWebIdentity').map(({ form }) => form['WebIdentityToken']);
    expect([...new Set(tokens)]).toEqual(['token-1', 'token-2']);
    expect(tokens.length).toBeLessThan(10);
  });

  test('calls the agent of a container with the token in the file, read for each call (Pod Identity, ECS)', async (scope) => {
    const file = join(temporaryFolder(), 'token');
    let token = 'token-1';
    writeFileSync(file, token);
    const agent = await runContainerAgent(scope, () => token, { ...KEYS, life: 2_000 });
    setAwsEnvironment({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
    });
    const { daemon } = await setUp(scope, [{ name: 'default' }], { sessionToken: SESSION_TOKEN });
    expect(await identityOf(daemon, 'default')).toEqual({ arn: USER_ARN, provider: 'http' });
    token = 'token-2';
    writeFileSync(file, token);
    await outlives(daemon, 'default');
    expect([...new Set(agent.asked.map(({ line, proof }) => `${line} ${proof}`))]).toEqual([
      'GET /v1/credentials token-1',
      'GET /v1/credentials token-2',
    ]);
    expect(agent.asked.length).toBeLessThan(6);
  });

  test('calls the metadata service of an instance, version 2', async (scope) => {
    const metadata = await runInstanceMetadata(scope, { ...KEYS, life: 2_000 });
    setAwsEnvironment({ AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url, AWS_EC2_METADATA_DISABLED: 'false' });
    const { daemon } = await setUp(scope, [{ name: 'default' }], { sessionToken: SESSION_TOKEN });
    expect((await identityOf(daemon, 'default')).arn).toBe(USER_ARN);
    await outlives(daemon, 'default');
    const credentials = metadata.asked.filter(({ line }) => line.endsWith('/exporter-role'));
    expect(credentials.length).toBeGreaterThan(1);
    expect(credentials.length).toBeLessThan(6);
    expect(credentials.every(({ proof }) => proof === 'a-session-token')).toBe(true);
  });
});
