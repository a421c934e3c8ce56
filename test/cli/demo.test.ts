import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CLEAN_ENVIRONMENT, type Command, startCommand } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'nfm-exporter-demo-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a demo leaves that is killed is gone with the folder. */
const OWN_ENVIRONMENT = { ...CLEAN_ENVIRONMENT, TMPDIR: folder };

const ANY_PORT = '--web.listen-address=127.0.0.1:0';
const PATIENT = { timeout: 15_000, interval: 250 };

/** What users have in their environments; any of it, if it were used, would break the demo. */
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

/** Families of ours on a page that have no sample. */
function emptyFamilies(page: string): string[] {
  const lines = page.split('\n');
  return lines
    .flatMap((line) => /^# TYPE (aws_nfm_\w+) /.exec(line)?.[1] ?? [])
    .filter((name) => !lines.some((line) => new RegExp(`^${name}(?:_bucket|_sum|_count)?[{ ]`).test(line)));
}

/** The commands that a demo has printed for its user to try, in their order. */
async function thingsToTry(demo: Command): Promise<readonly string[]> {
  await vi.waitFor(() => expect(demo.stdout()).toContain('Ctrl-C ends it.'), PATIENT);
  const list = /Things to try:\n(?<list>(?: {2}\S.*\n)+)/.exec(demo.stdout())?.groups?.['list'] ?? '';
  return Array.from(list.matchAll(/^ {2}(?<command>.+?) {3}.+$/gm), ({ groups }) => groups?.['command'] ?? '');
}

describe.concurrent('the demo', () => {
  it('prints addresses and fills every metric, whatever AWS settings and proxies the user has', async (scope) => {
    const demo = startCommand(scope, ['demo', ANY_PORT], USERS_ENVIRONMENT);
    const url = await demo.url();
    await vi.waitFor(() => expect(demo.stdout()).toContain('Ctrl-C ends it.'), PATIENT);
    const addresses = demo.stdout().match(/^ {2}http\S+/gm) ?? [];
    expect(addresses.map((address) => address.trim())).toEqual([`${url}/`, `${url}/metrics`, `${url}/api/v1/queries`]);
    for (const address of addresses) {
      expect((await fetch(address)).status).toBe(200);
    }
    await vi.waitFor(async () => {
      const page = await (await fetch(`${url}/metrics`)).text();
      expect(page).toContain('# TYPE aws_nfm_query_status gauge\n');
      expect(emptyFamilies(page)).toEqual([]);
      const awsAccounts = page.match(/(?<=^aws_nfm_account_info\{.*aws_account_id=")\d+/gm);
      expect(new Set(awsAccounts).size, 'AWS accounts').toBe(3);
    }, PATIENT);
    const file = demo.stdout().match(/(?<=^ {2}rm )\S+/m)?.[0] ?? '';
    rmSync(file);
    await vi.waitFor(async () => {
      expect((await fetch(`${url}/api/v1/queries/shop-from-a-file`)).status).toBe(404);
    }, PATIENT);
    demo.kill('SIGINT');
    expect(await demo.ended).toMatchObject({ code: 0, signal: null });
    expect(demo.log().at(-1)).toMatchObject({ msg: 'ended' });
    expect(existsSync(dirname(dirname(file)))).toBe(false);
  });

  it.for([
    { flags: [], reload: 'kill -HUP ', commands: 11 },
    { flags: ['--web.enable-lifecycle', '--web.enable-admin-api'], reload: 'curl -s -X POST ', commands: 13 },
  ])('prints things to try that work as they stand, with flags $flags', async ({ flags, reload, commands }, scope) => {
    const demo = startCommand(scope, ['demo', ANY_PORT, ...flags], OWN_ENVIRONMENT);
    const tries = await thingsToTry(demo);
    expect(tries).toHaveLength(commands);
    for (const command of tries) {
      // For curl by itself, an error that the server tells is an answer; it is here, too, where the demo is not ready yet.
      const strict = ['-c', command.endsWith('/-/ready') ? command : command.replace('curl ', 'curl --fail ')];
      await vi.waitFor(() => promisify(execFile)('sh', strict, { env: OWN_ENVIRONMENT }), PATIENT);
    }
    expect(tries.filter((command) => command.startsWith(reload))).toHaveLength(1);
    await demo.event('configuration reloaded');
  });

  it('gives the paths that the flags ask for', async (scope) => {
    const args = ['demo', ANY_PORT, '--web.route-prefix=/nfm', '--web.telemetry-path=/scrape'];
    const demo = startCommand(scope, args, OWN_ENVIRONMENT);
    const url = await demo.url();
    const addresses = (await thingsToTry(demo)).flatMap((command) => command.match(/(?<=curl -s )\S+/) ?? []);
    expect(addresses).toContain(`${url}/nfm/scrape`);
    for (const address of addresses) {
      expect([200, 503]).toContain((await fetch(address)).status);
    }
  });

  it('plays a config file of the user against the simulator, though it names no endpoint', async (scope) => {
    const file = join(folder, 'own.json');
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

  it('refuses a config file of the user that has a storage: simulated results would stay there', async (scope) => {
    const file = join(folder, 'stored.json');
    const storage = join(folder, 'storage');
    writeFileSync(file, JSON.stringify({ storage: { path: storage } }));
    const { code, stderr } = await startCommand(scope, ['demo', ANY_PORT, `--config.file=${file}`], OWN_ENVIRONMENT)
      .ended;
    expect(code).toBe(1);
    expect(stderr).toContain('storage.path: got a folder that may hold results of AWS, expected none in the demo');
    expect(existsSync(storage)).toBe(false);
  });

  it('plays a story until a signal comes, and then tells what is left running at the service', async (scope) => {
    const demo = startCommand(scope, ['demo', '--story', ANY_PORT], OWN_ENVIRONMENT);
    const url = await demo.url();
    await vi.waitFor(() => expect(demo.stdout()).toContain('The story begins'), PATIENT);
    await vi.waitFor(async () => {
      const page = await (await fetch(`${url}/metrics`)).text();
      expect(page).toMatch(/^aws_nfm_api_runs\{.*state="active"\} [1-9]/m);
    }, PATIENT);
    demo.kill('SIGTERM');
    const { code, stdout } = await demo.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Told to end while it had \d+ quer(y|ies) running .*, the exporter has left 0 queries there\.\n$/m,
    );
  });

  it('leaves no folder when a second signal ends it at once', async (scope) => {
    const demo = startCommand(scope, ['demo', ANY_PORT], OWN_ENVIRONMENT);
    const file = (await thingsToTry(demo)).find((command) => command.startsWith('rm '))?.slice('rm '.length) ?? '';
    expect(existsSync(file)).toBe(true);
    demo.kill('SIGINT');
    await demo.event('shutting down');
    demo.kill('SIGINT');
    expect((await demo.ended).code).toBe(0);
    expect(existsSync(dirname(dirname(file)))).toBe(false);
  });

  it('goes on when its first line is all that is read (| head -1)', async (scope) => {
    const demo = startCommand(scope, ['demo', ANY_PORT], OWN_ENVIRONMENT);
    const url = await demo.url();
    demo.hangUp();
    expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
    demo.kill('SIGTERM');
    expect(await demo.ended).toMatchObject({ code: 0, signal: null });
  });
});
