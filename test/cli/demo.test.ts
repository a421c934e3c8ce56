import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { fileScope } from '../support/file-scope.ts';
import { CLEAN_ENVIRONMENT, type Command, startCommand } from '../support/process.ts';

const directory = mkdtempSync(join(tmpdir(), 'nfm-exporter-demo-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** The temporary files of a killed demo are removed with the directory. */
const OWN_ENVIRONMENT = { ...CLEAN_ENVIRONMENT, TMPDIR: directory };

const ANY_PORT = '--web.listen-address=127.0.0.1:0';
const PATIENT = { timeout: 15_000, interval: 250 };
/** For a page that is expensive to render and to read, and metrics that take most of a minute. */
const RARELY = { timeout: 15_000, interval: 2_500 };

/** Settings of users. Any of them would break the demo if it were used. */
const USERS_ENVIRONMENT = {
  ...OWN_ENVIRONMENT,
  AWS_ACCESS_KEY_ID: '',
  AWS_SECRET_ACCESS_KEY: '',
  AWS_PROFILE: 'no-such-profile',
  AWS_REGION: 'nowhere',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  AWS_ENDPOINT_URL_NETWORKFLOWMONITOR: 'http://127.0.0.1:9',
  AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_CA_BUNDLE: '/nonexistent.pem',
  AWS_RETRY_MODE: 'adaptive',
  AWS_MAX_ATTEMPTS: '1',
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'socks5://127.0.0.1:9',
  http_proxy: 'http://127.0.0.1:9',
  NFM_EXPORTER_PORT: 'tcp://10.0.0.7:10049',
};

/** Families of the exporter without a sample. */
function emptyFamilies(page: string): string[] {
  const samples = new Set(Array.from(page.matchAll(/^\w+/gm), ([name]) => name));
  return Array.from(page.matchAll(/^# TYPE (aws_nfm_\w+) /gm), ([, name = '']) => name).filter(
    (name) => !['', '_bucket', '_sum', '_count'].some((suffix) => samples.has(name + suffix)),
  );
}

/** The commands that a demo has printed, in their order. */
async function thingsToTry(demo: Command): Promise<readonly string[]> {
  await vi.waitFor(() => expect(demo.stdout()).toContain('Press Ctrl-C to exit.'), PATIENT);
  const list = /Commands to try:\n(?<list>(?: {2}\S.*\n)+)/.exec(demo.stdout())?.groups?.['list'] ?? '';
  return Array.from(list.matchAll(/^ {2}(?<command>.+?) {3}.+$/gm), ({ groups }) => groups?.['command'] ?? '');
}

/** Runs all commands that a demo prints. */
async function tryCommands(demo: Command): Promise<readonly string[]> {
  const tries = await thingsToTry(demo);
  for (const command of tries) {
    // Without --fail, curl accepts error responses, which are expected only while the demo is not ready.
    const strict = ['-c', command.endsWith('/-/ready') ? command : command.replace('curl ', 'curl --fail ')];
    await vi.waitFor(() => promisify(execFile)('sh', strict, { env: OWN_ENVIRONMENT }), PATIENT);
  }
  await demo.event('configuration reloaded');
  return tries;
}

/** Starts a demo for all tests of a `describe`, which must not end it. */
function sharedDemo(...flags: readonly string[]): () => Command {
  const scope = fileScope();
  let demo: Command | undefined;
  return () => {
    demo ??= startCommand(scope, ['demo', ANY_PORT, ...flags], OWN_ENVIRONMENT);
    return demo;
  };
}

describe.concurrent('the demo without flags', () => {
  const demo = sharedDemo();

  it('prints commands that work', async () => {
    const tries = await tryCommands(demo());
    expect(tries).toHaveLength(11);
    expect(tries.filter((command) => command.startsWith('kill -HUP '))).toHaveLength(1);
  });

  it('prints the port that was chosen everywhere, and why a busy port cannot be used', async (scope) => {
    const url = await demo().url();
    await thingsToTry(demo());
    const { port } = new URL(url);
    expect(demo().stdout()).not.toContain('10049');
    expect(demo().stdout()).toContain(`add --web.listen-address=127.0.0.1:${port} --web.enable-admin-api.`);
    const [, ...addresses] =
      demo()
        .stdout()
        .match(/http:\/\/[^/\s]+/g) ?? [];
    expect(new Set(addresses)).toEqual(new Set([url]));
    const second = startCommand(scope, ['demo', `--web.listen-address=127.0.0.1:${port}`], OWN_ENVIRONMENT);
    const { code, stdout, stderr } = await second.ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`127.0.0.1:${port}`);
  });
});

describe.concurrent('the demo with flags for endpoints and paths', () => {
  const demo = sharedDemo(
    ...['--web.enable-lifecycle', '--web.enable-admin-api'],
    ...['--web.route-prefix=/nfm', '--web.telemetry-path=/scrape'],
  );

  it('prints commands that work', async () => {
    const tries = await tryCommands(demo());
    expect(tries).toHaveLength(13);
    expect(tries.filter((command) => command.startsWith('curl -s -X POST '))).toHaveLength(1);
  });

  it('prints the paths that the flags set', async () => {
    const url = await demo().url();
    const addresses = (await thingsToTry(demo())).flatMap((command) => command.match(/(?<=curl -s )http\S+/) ?? []);
    expect(addresses).toContain(`${url}/nfm/scrape`);
    for (const address of addresses) {
      expect([200, 503]).toContain((await fetch(address)).status);
    }
  });
});

describe.concurrent('the demo', () => {
  it('serves the metrics of agents on instances where --agents.listen-address says', async (scope) => {
    const demo = startCommand(scope, ['demo', ANY_PORT, '--agents.listen-address=127.0.0.1:0'], OWN_ENVIRONMENT);
    await vi.waitFor(() => expect(demo.stdout()).toContain('Press Ctrl-C to exit.'), PATIENT);
    const [agents = ''] = /http\S+(?= +network allowances of instances)/.exec(demo.stdout()) ?? [];
    const response = await fetch(agents);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toMatch(
      /^bw_out_allowance_exceeded\{instance_id="i-[0-9a-f]+",eni="eni-[0-9a-f]+"\} \d+$/m,
    );
    expect((await fetch(agents.replace(/metrics$/, ''))).status).toBe(404);
    demo.kill('SIGTERM');
    expect(await demo.ended).toMatchObject({ code: 0 });
  });

  it.for([
    ['--agents.listen-address=9109', 2, 'expected :PORT, HOST:PORT, or [IPV6]:PORT'],
    ['--agents.listen-address=nowhere.invalid:9109', 1, 'cannot listen on nowhere.invalid:9109'],
  ] as const)('rejects %s', async ([flag, exitCode, message], scope) => {
    const { code, stderr } = await startCommand(scope, ['demo', ANY_PORT, flag], OWN_ENVIRONMENT).ended;
    expect(code).toBe(exitCode);
    expect(stderr).toContain(message);
  });

  it('prints addresses and fills every metric, independent of AWS settings and proxies of the user', async (scope) => {
    const demo = startCommand(scope, ['demo', ANY_PORT], USERS_ENVIRONMENT);
    const url = await demo.url();
    await vi.waitFor(() => expect(demo.stdout()).toContain('Press Ctrl-C to exit.'), PATIENT);
    const addresses = (demo.stdout().match(/^ {2}http\S+/gm) ?? []).map((address) => address.trim());
    const page = `${url}/?query=checkout-top%3ARETRANSMISSIONS`;
    expect(addresses).toEqual([`${url}/`, `${url}/flows`, page, `${url}/metrics`, `${url}/api/v1/queries`]);
    for (const address of addresses) {
      expect((await fetch(address)).status).toBe(200);
    }
    await vi.waitFor(
      async () => expect(await (await fetch(page)).text()).toContain('aria-label="Contributors"'),
      PATIENT,
    );
    await vi.waitFor(async () => {
      const page = await (await fetch(`${url}/metrics`)).text();
      expect(page).toContain('# TYPE aws_nfm_query_status gauge\n');
      expect(emptyFamilies(page)).toEqual([]);
      const awsAccounts = page.match(/(?<=^aws_nfm_account_info\{.*aws_account_id=")\d+/gm);
      expect(new Set(awsAccounts).size, 'AWS accounts').toBe(3);
    }, RARELY);
    const file = demo.stdout().match(/(?<=^ {2}rm )\S+/m)?.[0] ?? '';
    rmSync(file);
    await vi.waitFor(async () => {
      expect((await fetch(`${url}/api/v1/queries/shop-from-a-file`)).status).toBe(404);
    }, PATIENT);
    demo.kill('SIGINT');
    expect(await demo.ended).toMatchObject({ code: 0, signal: null });
    expect(demo.log().at(-1)).toMatchObject({ msg: 'shutdown completed' });
    expect(existsSync(dirname(dirname(file)))).toBe(false);
  });

  it('runs a configuration file of the user without an endpoint against the simulator', async (scope) => {
    const file = join(directory, 'own.json');
    const queries = [{ name: 'mine', monitorName: 'checkout', queryId: 'checkout-running', region: 'eu-west-1' }];
    writeFileSync(file, JSON.stringify({ polling: { interval: '1s' }, queries }));
    const demo = startCommand(scope, ['demo', ANY_PORT, `--config.file=${file}`], USERS_ENVIRONMENT);
    const url = await demo.url();
    await vi.waitFor(async () => {
      const page = await (await fetch(`${url}/metrics`)).text();
      expect(page).toContain('aws_nfm_query_up{query="mine"} 1\n');
      expect(page).toMatch(/^aws_nfm_account_info\{account="default",.* 1$/m);
    }, PATIENT);
    expect((await thingsToTry(demo)).join('\n')).toMatch(/^curl -s \S+\/-\/ready\nkill -HUP \d+$/);
  });

  it('rejects a configuration file of the user with a storage, which would keep simulated results', async (scope) => {
    const file = join(directory, 'stored.json');
    const storage = join(directory, 'storage');
    writeFileSync(file, JSON.stringify({ storage: { path: storage } }));
    const { code, stderr } = await startCommand(scope, ['demo', ANY_PORT, `--config.file=${file}`], OWN_ENVIRONMENT)
      .ended;
    expect(code).toBe(1);
    expect(stderr).toContain('storage.path: got a storage that may contain results of AWS, expected none in the demo');
    expect(existsSync(storage)).toBe(false);
  });

  it('plays a story until a signal, and then prints the number of queries that run at the service', async (scope) => {
    const demo = startCommand(scope, ['demo', '--story', ANY_PORT], OWN_ENVIRONMENT);
    const url = await demo.url();
    await vi.waitFor(() => expect(demo.stdout()).toContain('The story starts'), PATIENT);
    await vi.waitFor(async () => {
      const page = await (await fetch(`${url}/metrics`)).text();
      expect(page).toMatch(/^aws_nfm_api_runs\{.*state="active"\} [1-9]/m);
    }, PATIENT);
    demo.kill('SIGTERM');
    const { code, stdout } = await demo.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^At the signal, \d+ quer(y|ies) ran at the service; after .*, 0 queries\.\n$/m);
  });

  it('removes its directory when a second signal ends it at once', async (scope) => {
    const demo = startCommand(scope, ['demo', ANY_PORT], OWN_ENVIRONMENT);
    const file = (await thingsToTry(demo)).find((command) => command.startsWith('rm '))?.slice('rm '.length) ?? '';
    expect(existsSync(file)).toBe(true);
    demo.kill('SIGINT');
    await demo.event('shutting down');
    demo.kill('SIGINT');
    expect((await demo.ended).code).toBe(0);
    expect(existsSync(dirname(dirname(file)))).toBe(false);
  });

  it('continues if only its first line is read (| head -1)', async (scope) => {
    const demo = startCommand(scope, ['demo', ANY_PORT], OWN_ENVIRONMENT);
    const url = await demo.url();
    demo.hangUp();
    expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
    demo.kill('SIGTERM');
    expect(await demo.ended).toMatchObject({ code: 0, signal: null });
  });
});
