import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { ask } from '../http/secure-exporter.ts';
import { CLEAN_ENVIRONMENT, startCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Runs the daemon with a limit of open files. */
function startLimited(limit: number, config: unknown, flags: readonly string[] = []) {
  const file = join(temporaryFolder(), 'nfm-exporter.yml');
  writeFileSync(file, stringify(config));
  const args = [`--config.file=${file}`, '--web.listen-address=127.0.0.1:0', ...flags];
  const through = ['sh', '-c', `ulimit -n ${limit}; exec "$@"`, 'limited'];
  return startCommand({ onTestFinished }, args, CLEAN_ENVIRONMENT, undefined, { through });
}

/** A service that accepts connections and never responds. */
async function startSilentService(): Promise<{ url: string; open: () => number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.resume();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : ''}`,
    open: () => sockets.size,
  };
}

const QUERIES = Array.from({ length: 6 }, (_, i) => ({
  name: `watched-${i}`,
  monitorName: 'm',
  queryId: `id-${i}`,
  interval: '2s',
}));

test('reports a limit of too few open files in one line', async () => {
  const { code, stderr } = await startLimited(64, { aws: { region: 'eu-west-1' }, queries: [] }).ended;
  expect(code).toBe(1);
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringMatching(
      /msg="startup failed" reason="the limit of open files is 64; the exporter requires at least 80" hint=".*ulimit -n.*LimitNOFILE/,
    ),
  ]);
  expect(stderr).not.toMatch(/stack=|please report/);
});

test.each([128, 192])(
  'serves scrapes, storage, and reloads with %i open files, idle clients, and hanging calls',
  async (limit) => {
    const service = await startSilentService();
    const regions = [
      'eu-west-1',
      'eu-west-2',
      'eu-west-3',
      'eu-central-1',
      'us-east-1',
      'us-east-2',
      'us-west-1',
      'us-west-2',
    ];
    const exporter = startLimited(
      limit,
      {
        aws: { region: 'eu-west-1', endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 20 },
        storage: { path: join(temporaryFolder(), 'store') },
        accounts: [{ name: 'default', regions }],
        queries: QUERIES,
      },
      ['--web.enable-lifecycle', '--web.enable-admin-api'],
    );
    const { address = '' } = await exporter.event('listening');
    expect(await exporter.event('connections limited by open-file limit')).toMatchObject({
      level: 'warn',
      limit: String(limit),
    });
    const [host = '', port = ''] = address.split(':');
    const idle = Array.from({ length: 300 }, () => connect(Number(port), host).on('error', () => undefined));
    onTestFinished(() => {
      for (const socket of idle) {
        socket.destroy();
      }
    });
    await expect.poll(() => service.open(), { timeout: 10_000 }).toBeGreaterThan(10);

    const scraper = { localAddress: '127.0.0.2' };
    for (let i = 0; i < 10; i += 1) {
      expect((await ask(`http://${address}/-/reload`, { ...scraper, method: 'POST' })).status).toBe(200);
      const body = JSON.stringify({ monitorName: 'm', queryId: `p-${i}`, account: 'default', region: 'eu-west-1' });
      expect((await ask(`http://${address}/api/v1/queries/put-${i}`, { ...scraper, method: 'PUT', body })).status).toBe(
        201,
      );
      const page = await ask(`http://${address}/metrics`, scraper);
      expect(page.body).toContain('\naws_nfm_exporter_storage_writable 1\n');
    }
    expect(exporter.stderr()).not.toMatch(/EMFILE|too many open files/);
    await expect.poll(() => service.open()).toBeLessThan(limit / 2);
  },
);
