import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ask } from '../support/api-client.ts';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { CLEAN_ENVIRONMENT, startCommand } from '../support/process.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { CAN_MOUNT, fill, smallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A run of many takes minutes; this one is for each change of the code. */
const KILLS = Number(process.env['STORAGE_KILLS'] ?? 4);
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const IS_ROOT = process.getuid?.() === 0;
const scope = { onTestFinished };

const WATCHED = { monitorName: 'checkout', queryId: 'endless', interval: '10s' };

function configOf(url: string, path: string) {
  return {
    web: { listenAddresses: ['127.0.0.1:0'] },
    aws: { region: 'us-east-1', endpoint: url, requestsPerSecond: 100 },
    discovery: { monitorsEvery: '0s' },
    storage: { path },
  };
}

/** What is registered: the label `n` of each query; 0 of those that are not. */
async function registered(url: string): Promise<Record<string, number>> {
  const answer: unknown = await (await fetch(`${url}/api/v1/queries`)).json();
  const { queries } = answer as { queries: readonly { name: string; labels: { n: string } }[] };
  const found = new Map(queries.map(({ name, labels }) => [name, Number(labels.n)]));
  return Object.fromEntries(NAMES.map((name) => [name, found.get(name) ?? 0]));
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

test(`killed ${KILLS} times while queries are registered: what was acknowledged is there, and nothing else`, {
  timeout: 180_000 + KILLS * 30_000,
}, async () => {
  const service = await runSimulator(scope, { queries: [endlessQueries('us-east-1', 'endless')] });
  const file = join(temporaryFolder(), 'nfm-exporter.json');
  writeFileSync(file, JSON.stringify(configOf(service.url, 'storage')));
  /** Possible definitions of each query: the last acknowledged one, and those requested since. */
  const possible = new Map(NAMES.map((name) => [name, [0]]));
  let acknowledged = 0;
  let n = 0;
  const write = async (url: string, name: string) => {
    for (;;) {
      n += 1;
      const mine = n % 4 === 0 ? 0 : n;
      possible.set(name, [...(possible.get(name) ?? []), mine]);
      const path = `/api/v1/queries/${name}`;
      const { status } = await (mine === 0
        ? ask(url, 'DELETE', path)
        : ask(url, 'PUT', path, { body: { ...WATCHED, labels: { n: `${mine}` } } }));
      expect([200, 201, 204, 404]).toContain(status);
      possible.set(name, [mine]);
      acknowledged += 1;
    }
  };
  for (let kill = 0; kill <= KILLS; kill += 1) {
    const daemon = startCommand(scope, ['--config.file', file, '--web.enable-admin-api']);
    const url = await daemon.url();
    const found = await registered(url);
    for (const name of NAMES) {
      expect(possible.get(name), `${name} after kill ${kill}`).toContain(found[name]);
      possible.set(name, [found[name] ?? 0]);
    }
    const writers = NAMES.map((name) => write(url, name).catch((error: unknown) => error));
    const before = acknowledged;
    await pause(Math.random() * 300);
    // On a busy machine, nothing may have been acknowledged yet.
    await vi.waitFor(() => expect(acknowledged).toBeGreaterThan(before + 1));
    daemon.kill('SIGKILL');
    const ends = await Promise.all(writers);
    expect(
      ends.every((error) => error instanceof TypeError),
      'the connection was cut',
    ).toBe(true);
    const { stderr } = await daemon.ended;
    expect(stderr).not.toContain('level=error');
  }
  process.stdout.write(`${KILLS} kills: ${acknowledged} changes were acknowledged, none of them lost\n`);
  expect(acknowledged, 'the test has had something to lose').toBeGreaterThan(KILLS);
});

describe('a failure to store', () => {
  test.skipIf(!CAN_MOUNT)(
    'on a full disk returns 507 without registration, and succeeds once there is space',
    async () => {
      const service = await runSimulator(scope, { queries: [endlessQueries('us-east-1', 'endless')] });
      const path = smallDisk(256);
      const daemon = await runDaemon(scope, configOf(service.url, path), { adminApi: true });
      const put = (n: number) =>
        ask(daemon.url, 'PUT', '/api/v1/queries/a', { body: { ...WATCHED, labels: { n: `${n}` } } });
      expect((await put(1)).status).toBe(201);
      const filler = fill(path);
      expect(await put(2)).toMatchObject({
        status: 507,
        body: { error: { message: expect.stringContaining('no space left on the device') } },
      });
      expect((await registered(daemon.url))['a']).toBe(1);
      expect((await daemon.metrics()).value('aws_nfm_exporter_storage_writable')).toBe(0);
      rmSync(filler);
      expect((await put(3)).status).toBe(200);
      expect((await daemon.metrics()).value('aws_nfm_exporter_storage_writable')).toBe(1);
      await daemon.stop(5_000);
      const next = await runDaemon(scope, configOf(service.url, path), { adminApi: true });
      expect((await registered(next.url))['a']).toBe(3);
    },
  );

  test.skipIf(!IS_ROOT)(
    'in a directory without write permission returns 507, with existing definitions loaded',
    async () => {
      const service = await runSimulator(scope, { queries: [endlessQueries('us-east-1', 'endless')] });
      const folder = temporaryFolder();
      const path = join(folder, 'storage');
      const file = join(folder, 'nfm-exporter.json');
      writeFileSync(file, JSON.stringify(configOf(service.url, path)));
      const first = await runDaemon(scope, configOf(service.url, path), { adminApi: true });
      const body = { ...WATCHED, labels: { n: '1' } };
      expect((await ask(first.url, 'PUT', '/api/v1/queries/a', { body })).status).toBe(201);
      await first.stop(5_000);
      chmodSync(folder, 0o755);
      execFileSync('chmod', ['-R', 'a=rX', path]);
      const daemon = startCommand(scope, ['--config.file', file, '--web.enable-admin-api'], CLEAN_ENVIRONMENT, 65_534);
      const url = await daemon.url();
      expect((await registered(url))['a']).toBe(1);
      expect((await ask(url, 'PUT', '/api/v1/queries/b', { body })).status).toBe(507);
      expect((await ask(url, 'DELETE', '/api/v1/queries/a')).status).toBe(507);
      expect(await registered(url)).toMatchObject({ a: 1, b: 0 });
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('\naws_nfm_exporter_storage_writable 0\n');
      expect(daemon.stderr()).toContain('permission denied');
      expect(readdirSync(join(path, 'queries'))).toHaveLength(1);
    },
  );
});

test('does not poll an ended query after a restart, and removes it after its retention', async () => {
  const service = await runSimulator(scope, {
    queries: [{ ...endlessQueries('us-east-1', 'endless'), runningFor: 0, outcome: 'SUCCEEDED' }],
  });
  const config = { ...configOf(service.url, temporaryFolder()), http: { retention: '2s' } };
  const first = await runDaemon(scope, config, { adminApi: true });
  const body = { ...WATCHED, labels: { n: '1' } };
  await ask(first.url, 'PUT', '/api/v1/queries/a', { body });
  await vi.waitFor(async () => expect(await first.query('a')).toMatchObject({ status: 'SUCCEEDED' }), {
    timeout: 5_000,
  });
  await first.stop(5_000);
  const second = await runDaemon(scope, config, { adminApi: true });
  await vi.waitFor(async () => expect((await registered(second.url))['a']).toBe(0), { timeout: 10_000, interval: 100 });
  expect(service.arrivals('endless')).toHaveLength(1);
});
