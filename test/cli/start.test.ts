import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SECRET_2Y } from '../http/secure-exporter.ts';
import { fileScope } from '../support/file-scope.ts';
import { CLEAN_ENVIRONMENT, type Command, runCommand, startCommand } from '../support/process.ts';
import { temporaryFolderOfFile } from '../support/temporary-folder.ts';

const directory = temporaryFolderOfFile();

function write(name: string, content: unknown): string {
  const file = join(directory, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const ANY_PORT = '127.0.0.1:0';
const FILE = write('good.json', { web: { listenAddresses: [ANY_PORT] } });
const BAD = write('bad.yml', 'polling: { interval: 12abc }\nquerys: []\nlog: { level: loud }\n');

/** A port of the loopback address that is in use while the tests run. */
const taken = createServer().listen(0, '127.0.0.1');
afterAll(() => {
  taken.close();
});

function takenPort(): number {
  const address = taken.address();
  if (address === null || typeof address === 'string') {
    throw new Error('not listening on a port');
  }
  return address.port;
}

/** An exporter that several tests read, and that no test ends or changes: it has no flags but two addresses. */
const FILE_SCOPE = fileScope();
const shared = startCommand(FILE_SCOPE, [
  `--config.file=${FILE}`,
  `--web.listen-address=${ANY_PORT}`,
  `--web.listen-address=${ANY_PORT}`,
]);

describe.concurrent('startup', () => {
  it('logs each address that it listens on, with the actual port', async () => {
    const addresses = (await shared.events('listening', 2)).map(({ address }) => address ?? '');
    expect(new Set(addresses).size).toBe(2);
    for (const address of addresses) {
      expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
      expect((await fetch(`http://${address}/-/healthy`)).status).toBe(200);
    }
    expect(shared.stdout()).toBe('');
  });

  it('serves 400 for a malformed path, without a line in the log', async () => {
    const { address } = await shared.event('listening');
    for (const path of ['/%zz', '/api/v1/queries/%zz', '/api/v1/queries/%ff', '/api/v1/queries/%c3/contributors']) {
      expect((await fetch(`http://${address}${path}`)).status, path).toBe(400);
    }
    expect(shared.log().filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('serves the metrics of the process in a scrape sent at once', async (scope) => {
    const exporter = startCommand(scope, [`--config.file=${FILE}`]);
    const page = await (await fetch(`${await exporter.url()}/metrics`)).text();
    expect(page).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(page).toMatch(/^nodejs_version_info\{.*\} 1$/m);
  });

  it.for(['debug', 'info', 'warn', 'error'])('logs the address at log level %s', async (level, scope) => {
    const exporter = startCommand(scope, [`--config.file=${FILE}`, `--log.level=${level}`]);
    await exporter.url();
    exporter.kill('SIGTERM');
    const { code, stderr } = await exporter.ended;
    expect(code).toBe(0);
    const messages = exporter.log().map(({ msg }) => msg);
    const atInfo = ['starting', 'listening', 'shutting down', 'shutdown completed'];
    expect(messages, stderr).toEqual(['debug', 'info'].includes(level) ? atInfo : ['listening']);
  });

  it('reads a setting from the flag, the environment, the file, or its default, in this order', async (scope) => {
    const env = (format: string) => ({ ...CLEAN_ENVIRONMENT, NFM_EXPORTER_LOG_FORMAT: format });
    const web = { listenAddresses: [ANY_PORT] };
    const file = write('formats.json', { web: { ...web, telemetryPath: '/file' }, log: { format: 'json' } });
    const formatOf = async (exporter: Command) => {
      await exporter.url();
      return exporter.stderr().startsWith('{') ? 'json' : 'logfmt';
    };
    expect(
      await Promise.all([
        formatOf(startCommand(scope, [`--config.file=${file}`, '--log.format=logfmt'], env('json'))),
        formatOf(startCommand(scope, [`--config.file=${file}`], env('logfmt'))),
        formatOf(startCommand(scope, [`--config.file=${file}`], env(''))),
        formatOf(shared),
      ]),
    ).toEqual(['logfmt', 'logfmt', 'json', 'logfmt']);
  });

  it('reads all settings from the environment', async (scope) => {
    const exporter = startCommand(scope, [], {
      ...CLEAN_ENVIRONMENT,
      NFM_EXPORTER_CONFIG_FILE: FILE,
      NFM_EXPORTER_WEB_LISTEN_ADDRESS: `${ANY_PORT},${ANY_PORT}`,
      NFM_EXPORTER_WEB_TELEMETRY_PATH: '/nfm-metrics',
      NFM_EXPORTER_WEB_ROUTE_PREFIX: 'prefix',
      NFM_EXPORTER_WEB_EXTERNAL_URL: 'https://proxy.example/elsewhere/',
      NFM_EXPORTER_PORT: 'tcp://10.0.0.7:10049',
      NFM_EXPORTER_SERVICE_HOST: '10.0.0.7',
    });
    const url = await exporter.url();
    expect((await fetch(`${url}/prefix/nfm-metrics`)).status).toBe(200);
    expect((await fetch(`${url}/prefix/metrics`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect(await (await fetch(`${url}/prefix/`)).text()).toContain('https://proxy.example/elsewhere/nfm-metrics');
    expect(await exporter.events('listening', 2)).toHaveLength(2);
  });

  it('fails with a log message for each error of an invalid file', async (scope) => {
    const file = await runCommand(scope, [`--config.file=${BAD}`]);
    const json = startCommand(scope, [`--config.file=${BAD}`, '--log.format=json', '--log.level=error']);
    expect(await json.ended).toMatchObject({ code: 1, stdout: '' });
    expect(file).toMatchObject({ code: 1, stdout: '' });
    const errors = [
      'polling.interval (line 1): got "12abc", expected a duration above zero (for example, 30s or 1h30m)',
      expect.stringMatching(/^querys \(line 2\): .*queries/),
      'log.level (line 3): got "loud", expected one of debug, info, warn, error',
    ];
    expect(json.log().map(({ level, msg, file: name, error }) => ({ level, msg, name, error }))).toEqual(
      errors.map((error) => ({ level: 'error', msg: 'invalid configuration', name: BAD, error })),
    );
    expect(file.stderr.split('\n')).toHaveLength(errors.length + 1);
    expect(file.stderr).toContain(
      `level=error msg="invalid configuration" file=${BAD} error="polling.interval (line 1)`,
    );
  });

  it('fails if the file does not exist', async (scope) => {
    const exporter = startCommand(scope, ['--config.file=/nonexistent/nfm.yml']);
    expect((await exporter.ended).code).toBe(1);
    expect(exporter.log()).toEqual([
      expect.objectContaining({
        msg: 'invalid configuration',
        error: 'cannot read /nonexistent/nfm.yml: no such file or directory',
      }),
    ]);
  });

  it('enables exactly the HTTP endpoints that the flags enable', async (scope) => {
    const withFlag = (flag: string) => startCommand(scope, [`--config.file=${FILE}`, flag]);
    const statusesOf = async (exporter: Command) => {
      const url = await exporter.url();
      const reload = await fetch(`${url}/-/reload`, { method: 'POST' });
      const remove = await fetch(`${url}/api/v1/queries/none`, { method: 'DELETE' });
      return [reload.status, remove.status];
    };
    expect(
      await Promise.all([
        statusesOf(shared),
        statusesOf(withFlag('--web.enable-lifecycle')),
        // Its addresses are on the loopback interface, so that the API is not open to all clients.
        statusesOf(withFlag('--web.enable-admin-api')),
      ]),
    ).toEqual([
      [403, 403],
      [200, 403],
      [403, 404],
    ]);
  });

  it('fails if the admin API would be open to all clients, unless a flag allows it', async (scope) => {
    const admin = [`--config.file=${FILE}`, '--web.listen-address=:0', '--web.enable-admin-api'];
    const refused = startCommand(scope, admin);
    expect(await refused.ended).toMatchObject({ code: 1, stdout: '' });
    expect(refused.log().at(-1)).toMatchObject({
      level: 'error',
      msg: 'startup failed',
      error: 'AdminApiAccessError',
      reason: expect.stringContaining('--web.enable-unauthenticated-admin-api'),
    });
    await startCommand(scope, [...admin, '--web.enable-unauthenticated-admin-api']).url();
    const users = write('users.yml', `basic_auth_users: { alice: ${SECRET_2Y} }\n`);
    const withUsers = await startCommand(scope, [...admin, `--web.config.file=${users}`]).url();
    const remove = (headers: Readonly<Record<string, string>>) =>
      fetch(`${withUsers}/api/v1/queries/none`, { method: 'DELETE', headers });
    expect((await remove({})).status).toBe(401);
    expect((await remove({ Authorization: `Basic ${btoa('alice:secret')}` })).status).toBe(404);
  });

  it.for(['serve', 'demo'])(
    'of %s fails if the port is in use, and names the flag to change',
    async (command, scope) => {
      const address = `127.0.0.1:${takenPort()}`;
      const exporter = startCommand(scope, [command, `--config.file=${FILE}`, `--web.listen-address=${address}`]);
      expect(await exporter.ended).toMatchObject({ code: 1, stdout: '' });
      expect(exporter.log().at(-1)).toMatchObject({
        level: 'error',
        msg: 'startup failed',
        error: 'ListenError',
        reason: expect.stringContaining(address),
        hint: expect.stringContaining('--web.listen-address'),
      });
      expect(exporter.log().map(({ msg }) => msg)).not.toContain('listening');
    },
  );

  it('fails if the proxy is not supported, without its URL in the log', async (scope) => {
    const proxy = { HTTPS_PROXY: 'socks5://user:canary@proxy.example:1080' };
    const exporter = startCommand(scope, [`--config.file=${FILE}`], { ...CLEAN_ENVIRONMENT, ...proxy });
    expect(await exporter.ended).toMatchObject({ code: 1, stderr: expect.not.stringContaining('canary') });
    expect(exporter.log().at(-1)).toMatchObject({ msg: 'startup failed', reason: expect.stringContaining('socks5') });
  });

  it.for<[string, Readonly<Record<string, string>>, string]>([
    ['without credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, 'CredentialsError'],
    ['without a reachable endpoint', {}, 'NetworkError'],
  ])('succeeds %s, and shows the failure in metrics', async ([_, env, error], scope) => {
    const nowhere = 'http://127.0.0.1:9';
    const file = write(`${error}.json`, {
      aws: { region: 'us-east-1', endpoint: nowhere, stsEndpoint: nowhere, maxAttempts: 1 },
      web: { listenAddresses: [ANY_PORT] },
      queries: [{ name: 'q', monitorName: 'm', queryId: 'i', interval: '1s' }],
    });
    const exporter = startCommand(scope, [`--config.file=${file}`], { ...CLEAN_ENVIRONMENT, ...env });
    const url = await exporter.url();
    await exporter.event('query failed');
    const page = await (await fetch(`${url}/metrics`)).text();
    expect(page).toContain(`aws_nfm_query_last_error{query="q",operation="status",error="${error}"} 1\n`);
    expect(page).toContain('aws_nfm_api_up{account="default",aws_region="us-east-1"} 0\n');
    exporter.kill('SIGINT');
    expect((await exporter.ended).code).toBe(0);
  });

  it('makes no calls to AWS, not even for its identity, if no query is registered', async (scope) => {
    const connections: unknown[] = [];
    const aws = createServer((socket) => {
      connections.push(socket.remoteAddress);
      socket.destroy();
    }).listen(0, '127.0.0.1');
    scope.onTestFinished(() => {
      aws.close();
    });
    await new Promise((resolve) => aws.once('listening', resolve));
    const address = aws.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const endpoint = `http://127.0.0.1:${port}`;
    const file = write('idle.json', {
      aws: { region: 'us-east-1', endpoint, stsEndpoint: endpoint },
      web: { listenAddresses: [ANY_PORT] },
    });
    const exporter = startCommand(scope, [`--config.file=${file}`]);
    expect((await fetch(`${await exporter.url()}/-/ready`)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(connections).toEqual([]);
    expect(exporter.log().map(({ msg }) => msg)).toEqual(['starting', 'listening']);
  });
});
