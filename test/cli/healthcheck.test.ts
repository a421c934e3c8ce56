import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { checkHealth } from '../../src/cli/healthcheck.ts';
import { tlsFixture } from '../aws/local-network.ts';
import { FIRST_TLS, SECRET_2Y } from '../http/secure-exporter.ts';
import { runCommandHere } from '../support/command-here.ts';
import type { TestScope } from '../support/daemon.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { fileScope } from '../support/file-scope.ts';
import { CLEAN_ENVIRONMENT, runCommand, startCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SCOPE = { onTestFinished };

function writeYaml(name: string, content: unknown): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, typeof content === 'string' ? content : stringify(content));
  return file;
}

/** The daemon on a free port of each address. Returns the ports. */
async function startDaemon(
  flags: readonly string[] = [],
  { addresses = ['127.0.0.1:0'], scope = SCOPE }: { addresses?: readonly string[]; scope?: TestScope } = {},
): Promise<string[]> {
  const file = join(temporaryFolder(scope), 'nfm-exporter.yml');
  writeFileSync(file, stringify({ aws: { region: 'eu-west-1' }, queries: [] }));
  const listen = addresses.map((address) => `--web.listen-address=${address}`);
  const daemon = startCommand(scope, [`--config.file=${file}`, ...listen, ...flags]);
  return (await daemon.events('listening', addresses.length)).map(({ address = '' }) => address.replace(/.*:/, ''));
}

const FORMS = [':PORT', '0.0.0.0:PORT', 'localhost:PORT'];
const FILE_SCOPE = fileScope();
/** The ports of a daemon without flags, one for each form of an address. */
let formPorts: readonly string[] = [];
beforeAll(async () => {
  formPorts = await startDaemon([], { addresses: FORMS.map((form) => form.replace('PORT', '0')), scope: FILE_SCOPE });
});

/** A server of any kind on a free port of the loopback address. Returns the port. */
async function startServer(server: ReturnType<typeof createTcpServer>, host = '127.0.0.1'): Promise<string> {
  server.listen({ port: 0, host });
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  return String(address !== null && typeof address === 'object' ? address.port : '');
}

function serveHttp(listener: RequestListener, host?: string): Promise<string> {
  return startServer(createServer(listener), host);
}

const healthcheck = (args: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
  runCommandHere(['healthcheck', ...args], { ...CLEAN_ENVIRONMENT, ...variables });

const HEALTHY = { code: 0, stdout: 'Network Flow Monitor exporter is healthy.\n', stderr: '' };

describe('the address', () => {
  test.each([
    ['a flag', (port: string) => [[`--web.listen-address=127.0.0.1:${port}`], {}] as const],
    ['a variable', (port: string) => [[], { NFM_EXPORTER_WEB_LISTEN_ADDRESS: `127.0.0.1:${port}` }] as const],
    [
      'the configuration file',
      (port: string) =>
        [[`--config.file=${writeYaml('a.yml', { web: { listenAddresses: [`:${port}`] } })}`], {}] as const,
    ],
    [
      'the configuration file that a variable names',
      (port: string) =>
        [[], { NFM_EXPORTER_CONFIG_FILE: writeYaml('a.yml', { web: { listenAddresses: [`:${port}`] } }) }] as const,
    ],
    [
      'a flag, before variable and file',
      (port: string) =>
        [
          [
            `--web.listen-address=:${port}`,
            `--config.file=${writeYaml('a.yml', { web: { listenAddresses: [':1'] } })}`,
          ],
          { NFM_EXPORTER_WEB_LISTEN_ADDRESS: ':2' },
        ] as const,
    ],
    [
      'a variable, before the file',
      (port: string) =>
        [
          [`--config.file=${writeYaml('a.yml', { web: { listenAddresses: [':1'] } })}`],
          { NFM_EXPORTER_WEB_LISTEN_ADDRESS: `:${port},:2` },
        ] as const,
    ],
    [
      'a file with errors elsewhere',
      (port: string) =>
        [[`--config.file=${writeYaml('a.yml', { web: { listenAddresses: [`:${port}`] }, queries: 7 })}`], {}] as const,
    ],
  ])('is read from %s', async (_source, inputs) => {
    const [port = ''] = formPorts;
    const [args, variables] = inputs(port);
    expect(await healthcheck(args, variables)).toMatchObject(HEALTHY);
  });

  test.each(FORMS)('of form %s is reached on the loopback address', async (form) => {
    const port = formPorts[FORMS.indexOf(form)] ?? '';
    expect(await healthcheck([`--web.listen-address=${form.replace('PORT', port)}`])).toMatchObject(HEALTHY);
  });

  test.each(['[::]:PORT', '[::1]:PORT'])('of form %s is reached over IPv6', async (form) => {
    const port = await serveHttp((_request, response) => response.end('over IPv6'), '::1');
    const { code, stdout } = await healthcheck([`--web.listen-address=${form.replace('PORT', port)}`]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'over IPv6\n' });
  });

  test.each([
    ['--web.listen-address=:0', /--web\.listen-address: got ":0", expected a port other than 0/],
    ['--web.systemd-socket', /--web\.systemd-socket: .*--web\.listen-address=ADDRESS/],
    ['--log.level=debug', /unknown flag --log\.level/],
    ['extra', /unexpected argument "extra"/],
  ])('is a usage error if %s hides it', async (flag, message) => {
    const { code, stderr } = await healthcheck([flag]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('is the default if the configuration file does not exist, as in the demo', async () => {
    const { code, stderr } = await healthcheck(['--config.file=/nonexistent/nfm-exporter.yml']);
    // Any result on this machine: the default address was used.
    expect(code === 0 || /127\.0\.0\.1:10049/.test(stderr)).toBe(true);
  });
});

describe('the prefix', () => {
  test.each([
    ['--web.route-prefix=/nfm/one', []],
    ['--web.external-url=https://proxy.example/nfm/one/', []],
  ])('is read from %s', async (flag) => {
    const [port] = await startDaemon([flag]);
    expect(await healthcheck([`--web.listen-address=:${port}`, flag])).toMatchObject(HEALTHY);
    const { code, stderr } = await healthcheck([`--web.listen-address=:${port}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\/-\/healthy: got HTTP 404/);
  });
});

describe('TLS', () => {
  test.each([
    ['without client certificates', { ...FIRST_TLS }, HEALTHY],
    [
      'with required client certificates, which it does not have',
      {
        ...FIRST_TLS,
        client_auth_type: 'RequireAndVerifyClientCert',
        client_ca_file: tlsFixture('client-authority.pem'),
      },
      { code: 0, stdout: 'TLS connection established; the exporter requires client certificates.\n', stderr: '' },
    ],
    [
      'with required client certificates in TLS 1.2',
      {
        ...FIRST_TLS,
        max_version: 'TLS12',
        client_auth_type: 'RequireAnyClientCert',
      },
      { code: 0, stdout: 'TLS connection established; the exporter requires client certificates.\n', stderr: '' },
    ],
  ])('is used %s', async (_case, tls, expected) => {
    const file = writeYaml('web.yml', { tls_server_config: tls, basic_auth_users: { prometheus: SECRET_2Y } });
    const [port] = await startDaemon([`--web.config.file=${file}`]);
    const variables = { NFM_EXPORTER_WEB_CONFIG_FILE: file };
    expect(await healthcheck([`--web.listen-address=:${port}`], variables)).toMatchObject(expected);
  });

  test('fails if the server does not support it, with or without client certificates', async () => {
    const port = await serveHttp((_request, response) => response.end());
    for (const client_auth_type of ['NoClientCert', 'RequireAnyClientCert']) {
      const file = writeYaml('web.yml', { tls_server_config: { ...FIRST_TLS, client_auth_type } });
      const { code, stderr } = await healthcheck([`--web.listen-address=:${port}`, `--web.config.file=${file}`]);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^nfm-exporter: https:\/\/127\.0\.0\.1:\d+\S*: cannot connect: (wrong version number|protocol error)\n$/,
      );
    }
  });

  test.each([
    ['web.config.file', '/nonexistent/web.yml', 'cannot read /nonexistent/web.yml: no such file or directory'],
    ['config.file', '/', 'cannot read /: it is a directory'],
  ])('fails if --%s=%s cannot be read', async (flag, file, reason) => {
    const { code, stderr } = await healthcheck([`--${flag}=${file}`]);
    expect(code).toBe(1);
    expect(stderr).toBe(`nfm-exporter: ${reason}\n`);
  });
});

describe('an exporter that is not healthy', () => {
  test('is one that refuses connections', async () => {
    const port = await startServer(createTcpServer());
    const closed = createTcpServer();
    const free = await startServer(closed);
    closed.close();
    expect(free).not.toBe(port);
    const { code, stdout, stderr } = await healthcheck([`--web.listen-address=:${free}`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`nfm-exporter: http://127.0.0.1:${free}/-/healthy: cannot connect: connection refused\n`);
  });

  test('is one that responds with another status', async () => {
    const port = await serveHttp((_request, response) => response.writeHead(503).end('not healthy: storage lost'));
    const { code, stdout, stderr } = await healthcheck([`--web.listen-address=:${port}`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`nfm-exporter: http://127.0.0.1:${port}/-/healthy: got HTTP 503: not healthy: storage lost\n`);
  });

  test('is one that is not ready, with --ready', async () => {
    const port = await serveHttp(({ url }, response) => response.writeHead(url === '/-/ready' ? 503 : 200).end('so'));
    const args = ['healthcheck', `--web.listen-address=:${port}`];
    expect(await runCommand(SCOPE, args)).toMatchObject({ code: 0 });
    expect(await runCommand(SCOPE, [...args, '--ready'])).toMatchObject({ code: 1 });
  });

  test.each([undefined, 'client certificates'])('is one that accepts and never responds: %s', async (required) => {
    const accepted = createTcpServer();
    const connected = once(accepted, 'connection');
    const port = Number(await startServer(accepted));
    const clock = new FakeClock();
    const tls = required === undefined ? undefined : { clientCertificateRequired: true };
    const result = checkHealth({ address: { host: '127.0.0.1', port }, tls, path: '/-/healthy', clock });
    await connected;
    await clock.advance(4_000);
    expect(await result).toEqual({ healthy: false, message: expect.stringMatching(/: no response within 4 s$/) });
  });
});
