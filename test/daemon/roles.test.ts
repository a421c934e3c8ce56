import { beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type RunningDaemon,
  runDaemon,
  setAwsEnvironment,
  TEST_CREDENTIALS,
  type TestScope,
} from '../support/daemon.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { endlessQueries, missedPolls, runSimulator } from '../support/simulated-service.ts';
import { runRegionRelay, runStsRelay } from '../support/sts-relay.ts';

const BASE = '999900001111';
const PAYMENTS = '111122223333';
const SEARCH = '444455556666';
const REGIONS = ['us-east-1', 'eu-west-1', 'ap-south-1'];
const EXTERNAL_ID = 'canary/external:id';
const roleArn = (account: string) => `arn:aws:iam::${account}:role/team/nfm-read`;

/** Names credentials, so that all requests must be signed with known ones: those of the base account's user, and of roles. */
function scenario(role: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = TEST_CREDENTIALS;
  return {
    accounts: [
      { id: BASE, credentials: [{ accessKeyId, secretAccessKey, user: 'exporter' }] },
      { id: PAYMENTS, roles: [{ name: 'nfm-read', trusted: [BASE], externalId: EXTERNAL_ID, ...role }] },
      { id: SEARCH, roles: [{ name: 'nfm-read', trusted: [BASE] }] },
    ],
    queries: [PAYMENTS, SEARCH].flatMap((account) =>
      REGIONS.map((region) => endlessQueries(region, 'query', { account })),
    ),
  };
}

/** A daemon that polls a query in each region of two accounts by role, `payments` and `search`. */
async function setUp(scope: TestScope, role = {}, payments: Readonly<Record<string, unknown>> = {}) {
  let service = await runSimulator(scope, scenario(role), { clock });
  const sts = await runStsRelay(scope, () => service.url, { clock });
  const daemon = await runDaemon(
    scope,
    {
      aws: { region: 'eu-west-1', endpoint: service.url, stsEndpoint: sts.url, requestsPerSecond: 50 },
      accounts: [
        { name: 'payments', regions: REGIONS, roleArn: roleArn(PAYMENTS), externalId: EXTERNAL_ID, ...payments },
        { name: 'search', regions: REGIONS, roleArn: roleArn(SEARCH) },
      ],
      polling: { interval: '250ms' },
      queries: [{ name: 'query', account: '*', monitorName: 'checkout', queryId: 'query' }],
    },
    { clock },
  );
  return {
    sts,
    daemon,
    service: () => service,
    assumed: (account: string) => sts.askedTo('AssumeRole').filter(({ form }) => form['RoleArn'] === roleArn(account)),
    /** Another simulator takes the place of the first. */
    async replace(changed: Readonly<Record<string, unknown>>) {
      const port = Number(new URL(service.url).port);
      await service.simulator.close();
      service = await runSimulator(scope, scenario(changed), { port });
    },
  };
}

async function works(daemon: RunningDaemon, account: string): Promise<void> {
  const page = await daemon.metrics('api', 'queries');
  for (const region of REGIONS) {
    expect(page.value('aws_nfm_api_up', { account, aws_region: region })).toBe(1);
    expect(page.status(`query:${account}:${region}`)).toBe('RUNNING');
  }
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe.concurrent('a region that rejects the session of its account', () => {
  test.for(['UnrecognizedClientException', 'ExpiredTokenException'])(
    'does not spoil other regions, even while STS is down (%s)',
    async (error, scope) => {
      const service = await runSimulator(scope, scenario(), { clock });
      const sts = await runStsRelay(scope, () => service.url, { clock });
      const aws = await runRegionRelay(scope, () => service.url, new Map([['ap-south-1', error]]));
      const daemon = await runDaemon(
        scope,
        {
          aws: { region: 'eu-west-1', endpoint: aws.url, stsEndpoint: sts.url, requestsPerSecond: 50 },
          accounts: [{ name: 'search', regions: ['eu-west-1', 'ap-south-1'], roleArn: roleArn(SEARCH) }],
          polling: { interval: '250ms' },
          queries: [{ name: 'query', account: 'search', monitorName: 'checkout', queryId: 'query' }],
        },
        { clock },
      );
      const failures = async () => {
        const page = await daemon.metrics('api', 'queries');
        expect(page.status('query:eu-west-1')).toBe('RUNNING');
        expect(page.lastError('query:ap-south-1')).toBe(error);
        return page.apiErrors('search');
      };
      await vi.waitFor(failures, { timeout: 4_000 });
      await sts.close();
      await clock.pause(8_000);
      expect(await failures(), 'no other errors').toEqual({ [error]: expect.any(Number) });
      expect(sts.askedTo('AssumeRole')).toHaveLength(1);
    },
  );
});

describe.concurrent('an account with a role', () => {
  test('assumes the role once for all regions, with external ID, session name, and tags, and reports its own identity', async (scope) => {
    const tags = { purpose: 'metrics', 'cost center': '4711' };
    const { sts, daemon, service, assumed } = await setUp(
      scope,
      { requiredTags: tags },
      { roleSessionName: 'nfm@payments', sessionTags: tags },
    );
    await vi.waitFor(() => works(daemon, 'payments'), { timeout: 4_000 });
    await vi.waitFor(() => works(daemon, 'search'), { timeout: 4_000 });
    expect(assumed(PAYMENTS)).toEqual([
      {
        at: expect.any(Number),
        region: 'eu-west-1',
        form: {
          Action: 'AssumeRole',
          Version: '2011-06-15',
          RoleArn: roleArn(PAYMENTS),
          RoleSessionName: 'nfm@payments',
          ExternalId: EXTERNAL_ID,
          'Tags.member.1.Key': 'purpose',
          'Tags.member.1.Value': 'metrics',
          'Tags.member.2.Key': 'cost center',
          'Tags.member.2.Value': '4711',
        },
      },
    ]);
    expect(assumed(SEARCH).map(({ form }) => form)).toEqual([
      { Action: 'AssumeRole', Version: '2011-06-15', RoleArn: roleArn(SEARCH), RoleSessionName: 'nfm-exporter' },
    ]);
    const polls = service().requests.filter(({ service: name }) => name === 'networkflowmonitor');
    expect(new Set(polls.map(({ account, region }) => `${account} ${region}`)).size).toBe(2 * REGIONS.length);

    await vi.waitFor(() => expect(sts.askedTo('GetCallerIdentity')).toHaveLength(2));
    await vi.waitFor(async () => {
      const infos = (await daemon.metrics('api')).samples('aws_nfm_account_info');
      expect(infos.map(({ labels }) => labels)).toEqual(
        [PAYMENTS, SEARCH].flatMap((id, i) =>
          REGIONS.map((region) => ({
            account: ['payments', 'search'][i],
            aws_region: region,
            aws_account_id: id,
            arn: `arn:aws:sts::${id}:assumed-role/nfm-read`,
          })),
        ),
      );
    });
    const logged = daemon.log.events.filter(({ msg }) => msg === 'AWS identity resolved').map(({ fields }) => fields);
    expect(logged.sort((a, b) => String(a['account']).localeCompare(String(b['account'])))).toEqual([
      {
        account: 'payments',
        arn: `arn:aws:sts::${PAYMENTS}:assumed-role/nfm-read`,
        provider: 'env_vars,sts_assume_role',
      },
      {
        account: 'search',
        arn: `arn:aws:sts::${SEARCH}:assumed-role/nfm-read`,
        provider: 'env_vars,sts_assume_role',
      },
    ]);
  });

  test('with sessions of two seconds is polled without error responses, and does not assume the role for each call', async (scope) => {
    const life = 2_000;
    const { daemon, service, assumed } = await setUp(scope, { sessionDuration: '2s' });
    await vi.waitFor(() => works(daemon, 'payments'), { timeout: 4_000 });
    const from = clock.now();
    await clock.pause(5_000);
    await works(daemon, 'payments');
    const page = await daemon.metrics();
    expect(page.apiErrors('payments')).toEqual({});
    expect(page.apiErrors('search')).toEqual({});
    const elapsed = clock.now() - from;
    const renewals = assumed(PAYMENTS).filter(({ at }) => at >= from).length;
    expect(renewals).toBeGreaterThanOrEqual(2);
    expect(renewals).toBeLessThanOrEqual(elapsed / ((life * 2) / 3) + 1);
    const polls = service().requests.filter(({ account, at }) => account === PAYMENTS && at >= from).length;
    expect(polls).toBeGreaterThan(8 * renewals);
  });

  test('fails alone if denied, calls STS at most once per second, and recovers once allowed', async (scope) => {
    const { daemon, assumed, replace } = await setUp(scope, { externalId: 'another' });
    await vi.waitFor(() => works(daemon, 'search'), { timeout: 4_000 });
    await clock.pause(2_500);
    await works(daemon, 'search');
    const page = await daemon.metrics();
    expect(page.apiErrors('search')).toEqual({});
    expect(Object.keys(page.apiErrors('payments'))).toEqual(['CredentialsError']);
    for (const region of REGIONS) {
      expect(page.value('aws_nfm_api_up', { account: 'payments', aws_region: region })).toBe(0);
      expect(page.lastError(`query:payments:${region}`)).toBe('CredentialsError');
    }
    expect((await daemon.query('query:payments:us-east-1')).lastError?.message).toBe(
      `role ${roleArn(PAYMENTS)}: AccessDenied: HTTP 403: User: arn:aws:iam::${BASE}:user/exporter is not authorized to perform: sts:AssumeRole on resource: ${roleArn(PAYMENTS)}`,
    );
    const times = assumed(PAYMENTS).map(({ at }) => at);
    expect(times.length).toBeGreaterThanOrEqual(2);
    expect(Math.min(...times.slice(1).map((at, i) => at - (times[i] ?? 0)))).toBeGreaterThan(950);

    await replace({});
    await vi.waitFor(() => works(daemon, 'payments'), { timeout: 6_000, interval: 100 });
  });

  test('gets a new session after its sessions are revoked', async (scope) => {
    const { daemon, service, assumed } = await setUp(scope);
    await vi.waitFor(() => works(daemon, 'payments'), { timeout: 4_000 });
    await clock.pause(5_000);
    service().simulator.expireCredentials(PAYMENTS);
    await vi.waitFor(() => expect(assumed(PAYMENTS)).toHaveLength(2), { timeout: 3_000 });
    await vi.waitFor(() => works(daemon, 'payments'), { timeout: 4_000 });
    const page = await daemon.metrics();
    expect(Object.keys(page.apiErrors('payments'))).toEqual(['ExpiredTokenException']);
    expect(page.apiErrors('search')).toEqual({});
  });

  test('never shows its external ID and tags in pages and logs, even if a response repeats them', async (scope) => {
    const tag = 'canary of a tag';
    const { sts, daemon, service } = await setUp(
      scope,
      { requiredTags: { purpose: tag } },
      { sessionTags: { purpose: tag } },
    );
    await vi.waitFor(() => works(daemon, 'payments'), { timeout: 4_000 });
    const message = `Value '${EXTERNAL_ID}' at 'externalId' and '${tag}' at 'tags.1.member.value', 'another canary' at 'externalId' ${'x'.repeat(300)} ${EXTERNAL_ID}`;
    service().simulator.setFaults([
      { kind: 'error', name: 'ValidationError', status: 400, message, match: { operation: 'AssumeRole' } },
    ]);
    await clock.pause(5_000);
    service().simulator.expireCredentials(PAYMENTS);
    await vi.waitFor(
      async () => expect((await daemon.metrics('api')).apiErrors('payments')).toHaveProperty('CredentialsError'),
      { timeout: 4_000 },
    );
    await vi.waitFor(async () =>
      expect((await daemon.query('query:payments:us-east-1')).lastError?.message).toContain(
        "Value '…' at 'externalId'",
      ),
    );
    expect(JSON.stringify(sts.asked)).toContain(tag);
    const pages = ['/', '/metrics', '/api/v1/queries', '/api/v1/queries/query:payments:us-east-1', '/-/ready'];
    const outputs = [
      JSON.stringify(daemon.log.events),
      ...(await Promise.all(pages.map((path) => daemon.text(path)))).map(({ body }) => body),
    ];
    for (const text of outputs) {
      expect(text).not.toContain('canary');
    }
  });
});

describe('an STS that does not respond', () => {
  test('for one role does not block the slots of other accounts', async (scope) => {
    const interval = 500;
    const service = await runSimulator(scope, scenario(), { clock });
    const sts = await runStsRelay(scope, () => service.url, { hanging: roleArn(PAYMENTS), clock });
    const queries = (account: string, count: number) =>
      Array.from({ length: count }, (_, i) => ({
        name: `${account}-${i}`,
        account,
        region: 'us-east-1',
        monitorName: 'checkout',
        queryId: 'query',
      }));
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: sts.url, requestsPerSecond: 100, requestTimeout: '1s' },
        accounts: [
          { name: 'payments', roleArn: roleArn(PAYMENTS), externalId: EXTERNAL_ID },
          { name: 'search', roleArn: roleArn(SEARCH) },
        ],
        polling: { interval: `${interval}ms`, concurrency: 6 },
        queries: [...queries('payments', 30), ...queries('search', 2)],
      },
      { clock },
    );
    await vi.waitFor(async () => expect((await daemon.metrics('queries')).status('search-1')).toBe('RUNNING'), {
      timeout: 4_000,
    });
    const from = clock.now();
    await clock.pause(4_000);
    const to = clock.now();
    const polls = service.arrivals('query');
    expect(missedPolls(polls, interval / 2, from, to), 'polls missed by two queries').toBeLessThanOrEqual(2);
    const page = await daemon.metrics();
    expect(page.value('aws_nfm_api_up', { account: 'search' })).toBe(1);
    expect(page.value('aws_nfm_api_up', { account: 'payments' })).toBe(0);
    expect(Object.keys(page.apiErrors('payments'))).toEqual(['CredentialsError']);
    expect((await daemon.query('payments-0')).lastError?.message).toBe(
      `role ${roleArn(PAYMENTS)}: no complete response within 1 s`,
    );
    const times = sts.askedTo('AssumeRole').filter(({ form }) => form['RoleArn'] === roleArn(PAYMENTS));
    expect(times.length).toBeLessThanOrEqual((to - from) / 1_000 + 3);
  });
});

describe('without credentials to assume a role', () => {
  test('reports why the account fails', async (scope) => {
    setAwsEnvironment({});
    scope.onTestFinished(() => setAwsEnvironment(TEST_CREDENTIALS));
    const { sts, daemon } = await setUp(scope);
    await vi.waitFor(async () =>
      expect((await daemon.query('query:payments:us-east-1')).lastError?.message).toBe(
        `role ${roleArn(PAYMENTS)}: no provider is configured (environment, profile, web identity, container), and AWS_EC2_METADATA_DISABLED is set`,
      ),
    );
    expect(sts.asked).toEqual([]);
  });
});
