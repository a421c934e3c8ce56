import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { ask } from '../http/secure-exporter.ts';
import { CLEAN_ENVIRONMENT, type Command, startCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Sockets that are still open in this process. */
const servers = new Set<Server>();

/** Opens a listening socket as systemd does. Returns its descriptor and its URL. */
async function openSocket(
  listen: { port: number; host: string } | { path: string },
): Promise<[fd: number, url: string]> {
  const server = createServer().listen(listen);
  servers.add(server);
  await once(server, 'listening');
  const address = server.address();
  // Node has no public API for the descriptor.
  const fd: unknown = Reflect.get(Reflect.get(server, '_handle'), 'fd');
  const port = address !== null && typeof address === 'object' ? address.port : '';
  return [Number(fd), `http://127.0.0.1:${port}`];
}

/** Starts the exporter as systemd does, with these variables and inherited sockets. */
function startActivated(sockets: readonly number[], variables: string, flags: readonly string[] = []): Command {
  const file = join(temporaryFolder(), 'nfm-exporter.yml');
  writeFileSync(file, stringify({ aws: { region: 'eu-west-1' }, queries: [] }));
  const through = ['sh', '-c', `${variables} exec "$@"`, 'activated'];
  const args = [`--config.file=${file}`, '--web.systemd-socket', ...flags];
  const exporter = startCommand({ onTestFinished }, args, CLEAN_ENVIRONMENT, undefined, { through, sockets });
  // The exporter has inherited them. If they stay open here, they accept its connections.
  for (const server of servers) {
    server.close();
    servers.delete(server);
  }
  return exporter;
}

const LOCAL = { port: 0, host: '127.0.0.1' };

test('serves on one socket that systemd passes, instead of an address', async () => {
  const [fd, url] = await openSocket(LOCAL);
  const exporter = startActivated([fd], 'LISTEN_PID=$$ LISTEN_FDS=1', ['--web.listen-address=192.0.2.1:1']);
  expect(await exporter.url()).toBe(url);
  expect(await ask(`${url}/-/healthy`)).toMatchObject({ status: 200 });
  exporter.kill('SIGTERM');
  expect((await exporter.ended).code).toBe(0);
});

test('serves on several sockets, named or not', async () => {
  const opened = await Promise.all([openSocket(LOCAL), openSocket(LOCAL), openSocket(LOCAL)]);
  const exporter = startActivated(
    opened.map(([fd]) => fd),
    'LISTEN_PID=$$ LISTEN_FDS=3 LISTEN_FDNAMES=a:b:c',
  );
  const events = await exporter.events('listening', 3);
  expect(events.map(({ address }) => `http://${address}`)).toEqual(opened.map(([, url]) => url));
  for (const [, url] of opened) {
    expect(await ask(`${url}/metrics`)).toMatchObject({ status: 200 });
  }
});

test.each([
  ['', /found no sockets: LISTEN_PID is not set/],
  ['LISTEN_PID=$$', /found no sockets: LISTEN_FDS is not set/],
  ['LISTEN_PID=1 LISTEN_FDS=1', /found no sockets: LISTEN_PID is \\"1\\", but this process is \d+/],
  ['LISTEN_PID=$$ LISTEN_FDS=0', /found no sockets: LISTEN_FDS is \\"0\\"/],
  ['LISTEN_PID=$$ LISTEN_FDS=x', /found no sockets: LISTEN_FDS is \\"x\\"/],
])('reports in one line that systemd passes no socket: "%s"', async (variables, reason) => {
  const { code, stderr } = await startActivated([], variables).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(reason);
  expect(stderr).toMatch(/msg="startup failed"/);
  expect(stderr).not.toMatch(/stack=|please report/);
});

test.each([
  ['a Unix socket', async () => (await openSocket({ path: join(temporaryFolder(), 'socket') }))[0]],
  ['a file', async () => openSync('/dev/null', 'r')],
])('rejects %s', async (_what, open) => {
  const { code, stderr } = await startActivated([await open()], 'LISTEN_PID=$$ LISTEN_FDS=1').ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/cannot listen on file descriptor 3: it is not a (TCP|listening) socket\. Use ListenStream=/);
});

test('treats an inherited socket as open to other machines', async () => {
  const [fd] = await openSocket(LOCAL);
  const { code, stderr } = await startActivated([fd], 'LISTEN_PID=$$ LISTEN_FDS=1', ['--web.enable-admin-api']).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/open to every client of the systemd socket, descriptor 3/);
});
