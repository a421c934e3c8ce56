// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the form that config files use
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hash } from '@node-rs/bcrypt';
import { beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ask, readTlsFile } from '../http/secure-exporter.ts';
import { CLEAN_ENVIRONMENT, runCommand, startCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTalkativeProxy, type TalkativeProxy } from './talkative-proxy.ts';

/** Secrets by source, each in no other place. Some contain characters that URLs, JSON, and XML escape. */
const SECRET = {
  secretAccessKey: 'canary-secret-access-key/+=',
  sessionToken: 'canary-session-token/+=',
  roleSecretAccessKey: 'canary-role-secret-access-key',
  roleSessionToken: 'canary-role-session-token/+=',
  externalId: 'canary-external-id',
  refusedExternalId: 'canary-refused-external-id',
  sessionTag: 'canary-session-tag',
  refusedTag: 'canary-refused-tag',
  webIdentityToken: 'canary-web-identity-token',
  processPassword: 'canary-process-password',
  proxyPassword: 'canary-proxy-password',
  password: 'canary-password',
  wrongPassword: 'canary-wrong-password',
  userWithoutPassword: 'canary-typed-as-user',
  bearer: 'canary-bearer-token',
  variable: 'canary-variable',
  unusedKey: 'canary-unused-key',
  bodyKey: 'canary-body-key',
  fileKey: 'canary-file-key',
  damagedRecord: 'canary-damaged-record',
  urlPassword: 'canary-url-password',
} as const;

const ROLE = 'arn:aws:iam::111122223333:role/talkative';
const REFUSED_ROLE = 'arn:aws:iam::111122223333:role/refused';
const WEB_ROLE = 'arn:aws:iam::111122223333:role/web';
const TLS_KEY = readTlsFile('first-server-key.pem');

/** What no output may hold: the secrets, as they are and as headers and forms have them. */
let canaries: readonly string[];
let passwordHash: string;

beforeAll(async () => {
  passwordHash = await hash(SECRET.password, 4);
  const [, line = ''] = TLS_KEY.split('\n');
  const basic = [`alice:${SECRET.password}`, `alice:${SECRET.wrongPassword}`, `user:${SECRET.proxyPassword}`];
  canaries = [
    ...Object.values(SECRET).flatMap((secret) => [secret, encodeURIComponent(secret), secret.replaceAll('/', '\\/')]),
    ...basic.map((login) => Buffer.from(login).toString('base64')),
    passwordHash,
    passwordHash.slice(-31),
    line,
  ];
});

function expectNoCanary(where: string, text: string): void {
  expect(
    canaries.filter((canary) => text.includes(canary)),
    `${where}:\n${text}`,
  ).toEqual([]);
}

interface Surroundings {
  readonly folder: string;
  readonly config: string;
  readonly webConfig: string;
  readonly env: Readonly<Record<string, string>>;
  readonly proxy: TalkativeProxy;
  /** Is there once the credential_process was run. */
  readonly processRan: string;
}

/** A configuration with secrets from all sources. */
async function plantCanaries(scope: Parameters<typeof startTalkativeProxy>[0]): Promise<Surroundings> {
  const folder = temporaryFolder();
  const write = (name: string, content: unknown): string => {
    const file = join(folder, name);
    writeFileSync(file, typeof content === 'string' ? content : stringify(content));
    return file;
  };
  const proxy = await startTalkativeProxy(scope, {
    role: ROLE,
    secretAccessKey: SECRET.roleSecretAccessKey,
    sessionToken: SECRET.roleSessionToken,
  });
  const processRan = join(folder, 'process-ran');
  const tokenFile = write('token', SECRET.webIdentityToken);
  const awsConfig = write(
    'aws-config',
    [
      '[profile process]',
      `credential_process = /bin/sh -c "touch ${processRan}; exit 1" --password ${SECRET.processPassword}`,
      '[profile web]',
      `role_arn = ${WEB_ROLE}`,
      `web_identity_token_file = ${tokenFile}`,
    ].join('\n'),
  );
  mkdirSync(join(folder, 'queries.d'));
  mkdirSync(join(folder, 'storage/queries'), { recursive: true });
  write('storage/queries/damaged.json', SECRET.damagedRecord);
  write('queries.d/bad.yml', [
    { name: 'f', monitorName: 'm', queryId: 'i', interval: '${SECRET}', apiKey: SECRET.fileKey },
  ]);
  const query = { monitorName: 'm', queryId: 'i', interval: '1s' };
  const config = write('nfm-exporter.yml', {
    aws: { region: 'us-east-1', endpoint: 'http://nfm.invalid', stsEndpoint: 'http://sts.invalid', maxAttempts: 1 },
    accounts: [
      { name: 'default', region: 'us-east-1' },
      {
        name: 'role',
        region: 'us-east-1',
        roleArn: ROLE,
        externalId: '${EXTERNAL_ID}',
        sessionTags: { purpose: SECRET.sessionTag },
      },
      {
        name: 'refused',
        region: 'us-east-1',
        roleArn: REFUSED_ROLE,
        externalId: SECRET.refusedExternalId,
        sessionTags: { purpose: SECRET.refusedTag },
      },
      { name: 'process', region: 'us-east-1', profile: 'process' },
      { name: 'web', region: 'us-east-1', profile: 'web' },
    ],
    queries: [{ ...query, name: 'q', account: '*' }],
    discovery: { files: ['queries.d/*.yml'] },
    storage: { path: 'storage' },
    'x-unused': SECRET.unusedKey,
  });
  const webConfig = write('web-config.yml', {
    tls_server_config: { cert: readTlsFile('first-server.pem'), key: TLS_KEY },
    basic_auth_users: { alice: passwordHash },
  });
  const env = {
    ...CLEAN_ENVIRONMENT,
    AWS_CONFIG_FILE: awsConfig,
    AWS_SECRET_ACCESS_KEY: SECRET.secretAccessKey,
    AWS_SESSION_TOKEN: SECRET.sessionToken,
    HTTP_PROXY: `http://user:${SECRET.proxyPassword}@127.0.0.1:${proxy.port}`,
    EXTERNAL_ID: SECRET.externalId,
    SECRET: SECRET.variable,
  };
  return { folder, config, webConfig, env, proxy, processRan };
}

/** Secrets that are sent to other services were sent: they could have been printed. */
function expectSent({ proxy, processRan }: Surroundings): void {
  const sent = proxy.seen.join('\n');
  expect(sent).toContain(`x-amz-security-token:${SECRET.sessionToken}\n`);
  expect(sent).toContain(`x-amz-security-token:${SECRET.roleSessionToken}\n`);
  expect(sent).toContain(`ExternalId=${SECRET.externalId}`);
  expect(sent).toContain(`ExternalId=${SECRET.refusedExternalId}`);
  expect(sent).toContain(`.Value=${SECRET.sessionTag}`);
  expect(sent).toContain(`.Value=${SECRET.refusedTag}`);
  expect(sent).toContain(`WebIdentityToken=${SECRET.webIdentityToken}`);
  expect(sent).toContain(Buffer.from(`user:${SECRET.proxyPassword}`).toString('base64'));
  expect(existsSync(processRan)).toBe(true);
}

test('prints no secret of the daemon, whatever provokes it', async (scope) => {
  const surroundings = await plantCanaries(scope);
  const { config, webConfig, env, folder } = surroundings;
  const exporter = startCommand(
    scope,
    [
      ...[`--config.file=${config}`, `--web.config.file=${webConfig}`, '--web.listen-address=127.0.0.1:0'],
      ...['--web.enable-admin-api', '--web.enable-lifecycle', '--log.level=debug'],
    ],
    env,
  );
  const url = `https://${(await exporter.event('listening'))['address']}`;
  const login = `alice:${SECRET.password}`;
  const answers: string[] = [];
  const get: typeof ask = async (path, asking = {}) => {
    const answer = await ask(url + path, { login, ...asking });
    answers.push(`${asking.method ?? 'GET'} ${path} ${JSON.stringify(answer.headers)}\n${answer.body}`);
    return answer;
  };

  const eventStream = get('/api/v1/events');

  // Guesses, and people who mistake one field for another.
  for (const authorization of [
    `Basic ${Buffer.from(`alice:${SECRET.wrongPassword}`).toString('base64')}`,
    `Basic ${Buffer.from(SECRET.userWithoutPassword).toString('base64')}`,
    `Basic ${Buffer.from(`${SECRET.userWithoutPassword}:x`).toString('base64')}`,
    `Bearer ${SECRET.bearer}`,
  ]) {
    expect(await ask(`${url}/api/v1/queries`, { headers: { authorization } })).toMatchObject({ status: 401 });
  }

  // Registrations: a key that is unknown, JSON that is none, and a variable, which stays what it is.
  const put = (name: string, body: string) =>
    get(`/api/v1/queries/${name}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
  const definition = { monitorName: 'm', queryId: 'i', interval: '1s', account: 'role' };
  expect(await put('bad', JSON.stringify({ ...definition, apiKey: SECRET.bodyKey }))).toMatchObject({ status: 400 });
  expect(await put('bad', `{"apiKey": ${SECRET.bodyKey}`)).toMatchObject({ status: 400 });
  const labels = { team: '${SECRET}', owner: '${AWS_SECRET_ACCESS_KEY}' };
  expect(await put('http', JSON.stringify({ ...definition, labels }))).toMatchObject({ status: 201 });

  // Each account has failed in its own way.
  const lastErrors = async (): Promise<unknown> => {
    const { queries } = JSON.parse((await get('/api/v1/queries')).body);
    return Object.fromEntries(
      queries.map((query: { name: string; lastError: { error: string } | null }) => [
        query.name,
        query.lastError?.error,
      ]),
    );
  };
  await expect.poll(lastErrors, { timeout: 15_000 }).toEqual({
    'q:default': 'InvalidSignatureException',
    'q:role': 'InvalidSignatureException',
    'q:refused': 'CredentialsError',
    'q:process': 'CredentialsError',
    'q:web': 'CredentialsError',
    http: 'InvalidSignatureException',
  });
  expectSent(surroundings);

  // Reloads that are refused.
  writeFileSync(
    config,
    stringify({ polling: { interval: '${SECRET}' }, aws: { endpoint: `http://u:${SECRET.urlPassword}@h` } }),
  );
  expect(await get('/-/reload', { method: 'POST' })).toMatchObject({
    status: 500,
    body: expect.stringMatching(/polling\.interval.*aws\.endpoint/s),
  });
  writeFileSync(
    webConfig,
    stringify({ basic_auth_users: { alice: SECRET.password }, tls_server_config: { key: TLS_KEY } }),
  );
  const said = async () => {
    await get('/-/healthy');
    return exporter.stderr();
  };
  await expect.poll(said, { timeout: 10_000 }).toContain('web configuration rejected');

  for (const path of [
    ...[
      '/',
      '/?query=q:role',
      '/?query=q:refused',
      '/metrics',
      '/-/ready',
      '/api/openapi.json',
      '/nothing',
      '/api/nothing',
    ],
    ...['/api/v1/queries/q:role', '/api/v1/queries/http', '/api/v1/queries/q:role/contributors'],
  ]) {
    await get(path);
  }
  await get('/metrics', { headers: { accept: 'application/openmetrics-text; version=1.0.0' } });
  exporter.kill('SIGTERM');
  const { code, stdout, stderr } = await exporter.ended;
  const events = await eventStream;
  expect(events.body).toContain('"name":"q:role"');
  expect(code).toBe(0);
  for (const msg of ['sign-in failed', 'query failed', 'AWS identity not resolved', 'configuration not reloaded']) {
    expect(stderr).toContain(msg);
  }
  expect(stderr).toContain('queries.d/bad.yml');
  expectNoCanary('log', stderr + stdout);
  for (const answer of answers) {
    expectNoCanary('answer', answer);
  }
  expect(answers.join()).toContain('"team":"${SECRET}"');

  expect(stderr).toContain('damaged record set aside');
  const kept = readdirSync(join(folder, 'storage'), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.includes('.damaged-'),
  );
  const stored = kept
    .map(({ name, parentPath }) => `${name}: ${readFileSync(join(parentPath, name), 'utf8')}`)
    .join('\n');
  // A definition and last errors are in it.
  expect(stored).toContain('"team":"${SECRET}"');
  expect(stored).toContain('InvalidSignatureException');
  expectNoCanary('storage', stored);
});

test('prints no secret of other commands', async (scope) => {
  const surroundings = await plantCanaries(scope);
  const { config, env, folder } = surroundings;
  const check = await runCommand(scope, ['check-config', config], env);
  expect(check.code).toBe(1);
  expect(check.stderr).toContain('queries.d/bad.yml[0].interval');
  rmSync(join(folder, 'queries.d/bad.yml'));

  const online = await runCommand(scope, ['check-config', '--online', config], env);
  expect(online.code).toBe(1);
  expect(online.stderr).toContain('InvalidSignatureException');
  expectSent(surroundings);

  // A trust policy has a place for the external id instead.
  const policy = await runCommand(scope, ['iam-policy', '--trust', config], env);
  expect(policy.code).toBe(0);
  expect(policy.stdout).toContain('EXTERNAL-ID-OF-THE-ACCOUNT');

  const url = `http://user:${SECRET.urlPassword}@proxy.example/`;
  const usage = await Promise.all([
    runCommand(scope, [`--config.file=${config}`, `--web.external-url=${url}`], env),
    runCommand(scope, [`--config.file=${config}`], { ...env, NFM_EXPORTER_WEB_EXTERNAL_URL: url }),
    runCommand(scope, [`--config.file=${config}`], { ...env, HTTPS_PROXY: `http://u:${SECRET.urlPassword}/x@proxy` }),
  ]);
  expect(usage.map(({ code }) => code)).toEqual([2, 2, 1]);
  for (const { stdout, stderr } of [check, online, policy, ...usage]) {
    expectNoCanary('output', stdout + stderr);
  }
});
