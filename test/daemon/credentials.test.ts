import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from '../support/daemon.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { CLEAN_ENVIRONMENT, startCommand } from '../support/process.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { temporaryFolderOfFile } from '../support/temporary-folder.ts';

const OPERATION = 'GetQueryStatusMonitorTopContributors';
const KEYS = { accessKeyId: 'AKIAFROMAFILEFROMAFI', secretAccessKey: 'the secret of a file' };
const SHARED_FILE = `[default]\naws_access_key_id = ${KEYS.accessKeyId}\naws_secret_access_key = ${KEYS.secretAccessKey}\n`;

const folder = temporaryFolderOfFile();

/** A daemon with one query, and a service that takes known credentials only. */
async function setUp(scope: TestScope, credentials: Readonly<Record<string, unknown>> = KEYS) {
  const service = await runSimulator(
    scope,
    {
      accounts: [{ id: '111122223333', credentials: [credentials] }],
      queries: [endlessQueries('us-east-1', 'query')],
    },
    { clock },
  );
  const daemon = await runDaemon(
    scope,
    {
      aws: { endpoint: service.url, stsEndpoint: service.url },
      polling: { interval: '300ms' },
      // So that all calls are polls.
      discovery: { monitorsEvery: '0s' },
      queries: [{ name: 'query', monitorName: 'checkout', queryId: 'query' }],
    },
    { clock },
  );
  const works = async () => {
    const page = await daemon.metrics('api', 'queries');
    expect(page.status('query')).toBe('RUNNING');
    expect(page.value('aws_nfm_query_up', { query: 'query' })).toBe(1);
    expect(page.value('aws_nfm_api_up', { account: 'default' })).toBe(1);
    expect(page.lastError('query')).toBeUndefined();
  };
  return { service, daemon, works };
}

describe('without credentials', () => {
  test('runs, counts each call as a failed attempt, and recovers once a file has credentials', async (scope) => {
    const file = join(folder, 'later');
    setAwsEnvironment({ AWS_SHARED_CREDENTIALS_FILE: file });
    const { service, daemon, works } = await setUp(scope);
    await vi.waitFor(async () => expect((await daemon.text('/-/ready')).status).toBe(200));
    await clock.pause(1_000);
    const page = await daemon.metrics();
    expect(service.requests).toEqual([]);
    const calls = page.value('aws_nfm_query_polls_total', { query: 'query' }) ?? 0;
    expect(calls).toBeGreaterThanOrEqual(2);
    expect(page.value('aws_nfm_api_requests_total', { operation: OPERATION })).toBe(calls);
    expect(page.apiErrors('default')).toEqual({ CredentialsError: calls });
    expect(
      page
        .samples('aws_nfm_api_request_duration_seconds', { operation: OPERATION })
        .filter(({ name, value }) => name.endsWith('_count') || value > 0)
        .map(({ value }) => value),
    ).toEqual([0]);
    expect(page.value('aws_nfm_api_up', { account: 'default' })).toBe(0);
    expect(page.value('aws_nfm_query_up', { query: 'query' })).toBe(0);
    expect(page.lastError('query')).toBe('CredentialsError');
    expect(page.samples('aws_nfm_account_info')).toEqual([]);
    expect((await daemon.text('/-/healthy')).status).toBe(200);
    expect((await daemon.query('query')).lastError).toMatchObject({ error: 'CredentialsError' });

    writeFileSync(file, SHARED_FILE);
    await vi.waitFor(works, { timeout: 5_000, interval: 100 });
    await vi.waitFor(
      async () => {
        const [{ labels } = { labels: {} }] = (await daemon.metrics('api')).samples('aws_nfm_account_info');
        expect(labels).toMatchObject({ aws_account_id: '111122223333' });
      },
      { timeout: 8_000, interval: 100 },
    );
  });

  test('recovers once a failing credential_process succeeds', async (scope) => {
    const [config, answer] = [join(folder, 'config'), join(folder, 'answer.json')];
    writeFileSync(config, `[default]\ncredential_process = cat ${answer}\n`);
    setAwsEnvironment({ AWS_CONFIG_FILE: config });
    const { service, daemon, works } = await setUp(scope);
    await vi.waitFor(async () => expect((await daemon.metrics('queries')).lastError('query')).toBe('CredentialsError'));
    expect(service.requests).toEqual([]);

    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = KEYS;
    writeFileSync(answer, JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey }));
    await vi.waitFor(works, { timeout: 5_000, interval: 100 });
  });

  test('shuts down in time while a credential_process hangs', async (scope) => {
    const [awsConfig, config] = [join(folder, 'hanging'), join(folder, 'exporter.json')];
    writeFileSync(awsConfig, '[default]\ncredential_process = sleep 30\n');
    const queries = [{ name: 'query', monitorName: 'checkout', queryId: 'query' }];
    writeFileSync(config, JSON.stringify({ aws: { region: 'us-east-1', endpoint: 'http://127.0.0.1:9' }, queries }));
    const { PATH = '', HOME = '' } = CLEAN_ENVIRONMENT;
    const exporter = startCommand(scope, [`--config.file=${config}`, '--web.listen-address=127.0.0.1:0'], {
      PATH,
      HOME,
      AWS_CONFIG_FILE: awsConfig,
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    const url = await exporter.url();
    await clock.pause(300);
    expect(await (await fetch(`${url}/-/ready`)).text()).toContain('1 watched query not polled yet');
    const asked = clock.monotonic();
    exporter.kill('SIGTERM');
    expect(await exporter.ended).toMatchObject({ code: 0 });
    expect(clock.monotonic() - asked).toBeLessThan(2_000);
    expect(exporter.log().filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });
});

describe('credentials that the service rejects', () => {
  test.for([
    { what: 'expire', known: { ...KEYS, expiresAfter: '1s' }, error: 'ExpiredTokenException', first: 'RUNNING' },
    {
      what: 'are unknown',
      known: { ...KEYS, accessKeyId: 'AKIASOMEBODYELSESKEY' },
      error: 'UnrecognizedClientException',
      first: undefined,
    },
    {
      what: 'have another secret',
      known: { ...KEYS, secretAccessKey: 'another' },
      error: 'InvalidSignatureException',
      first: undefined,
    },
  ])('are reported by name without their values if they $what', async ({ known, error, first }, scope) => {
    setAwsEnvironment({ AWS_ACCESS_KEY_ID: KEYS.accessKeyId, AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey });
    const { daemon } = await setUp(scope, known);
    if (first !== undefined) {
      await vi.waitFor(async () => expect((await daemon.metrics('queries')).status('query')).toBe(first));
    }
    await vi.waitFor(async () => expect((await daemon.metrics('queries')).lastError('query')).toBe(error), {
      timeout: 3_000,
    });
    const page = await daemon.metrics();
    expect(page.value('aws_nfm_api_up', { account: 'default' })).toBe(0);
    expect(page.apiErrors('default')).toEqual({ [error]: expect.any(Number) });
    expect(page.status('query'), 'the last known status, until it is stale').toBe(first);
    const outputs = [await daemon.text('/api/v1/queries'), await daemon.text('/'), await daemon.text('/metrics')];
    for (const text of [...outputs.map(({ body }) => body), JSON.stringify(daemon.log.events)]) {
      expect(text).not.toContain(KEYS.secretAccessKey);
      expect(text).not.toMatch(/Signature=|Credential=/);
    }
  });

  test('are used from the environment, and reported by provider', async (scope) => {
    setAwsEnvironment({ ...TEST_CREDENTIALS });
    const { daemon, works } = await setUp(scope, {
      accessKeyId: TEST_CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: TEST_CREDENTIALS.AWS_SECRET_ACCESS_KEY,
      user: 'monitoring',
    });
    await vi.waitFor(works);
    await vi.waitFor(() =>
      expect(daemon.log.events).toContainEqual({
        level: 'info',
        msg: 'AWS identity resolved',
        fields: { account: 'default', arn: 'arn:aws:iam::111122223333:user/monitoring', provider: 'env_vars' },
      }),
    );
  });
});
