import { once, setMaxListeners } from 'node:events';
import { copyFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { hash } from '@node-rs/bcrypt';
import { expect, onTestFinished, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { tlsFixture } from '../aws/local-network.ts';
import { ask, readTlsFile } from '../http/secure-exporter.ts';
import { type Command, startCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Number of passwords that are hashed before the others are abandoned. Each takes most of a tenth of a second of a processor. */
const HASHED = 30;
const LOGIN = 'prometheus:right';
/** Of both authorities of which a server's certificate may be. Clients would create a context for each connection. */
const TRUST = {
  secureContext: createSecureContext({
    ca: [readTlsFile('first-authority.pem'), readTlsFile('second-authority.pem')],
  }),
};
/** How a client begins TLS: a record of 512 bytes with a hello of 508. */
const HELLO = [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3];
/** Prometheus has an address other than those who attack. */
const SCRAPER = { localAddress: '127.0.0.2', login: LOGIN, ...TRUST };

interface Attacked {
  readonly exporter: Command;
  readonly url: string;
  readonly port: number;
  readonly configFile: string;
  /** Puts the certificate of an authority in the place of the one that is used. */
  useCertificate(authority: 'first' | 'second'): void;
}

/** An exporter as it is started, with TLS and a user whose password takes as long to check as htpasswd makes it. */
async function startAttacked(): Promise<Attacked> {
  const folder = temporaryFolder();
  const configFile = join(folder, 'nfm-exporter.yml');
  const webConfigFile = join(folder, 'web-config.yml');
  let swaps = 0;
  // As Kubernetes mounts a secret: certificate and key are replaced together.
  const useCertificate = (authority: string) => {
    swaps += 1;
    const version = join(folder, `version-${swaps}`);
    mkdirSync(version);
    copyFileSync(tlsFixture(`${authority}-server.pem`), join(version, 'tls.crt'));
    copyFileSync(tlsFixture(`${authority}-server-key.pem`), join(version, 'tls.key'));
    symlinkSync(version, join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, 'current'));
  };
  useCertificate('first');
  writeFileSync(configFile, stringify({ web: { listenAddresses: ['127.0.0.1:0'] }, queries: [] }));
  writeFileSync(
    webConfigFile,
    stringify({
      tls_server_config: { cert_file: 'current/tls.crt', key_file: 'current/tls.key' },
      basic_auth_users: { prometheus: await hash('right', 10) },
    }),
  );
  const exporter = startCommand({ onTestFinished }, [
    ...[`--config.file=${configFile}`, `--web.config.file=${webConfigFile}`, '--web.enable-lifecycle'],
  ]);
  const { address = '' } = await exporter.event('listening');
  return { exporter, url: `https://${address}`, port: Number(address.split(':').at(-1)), configFile, useCertificate };
}

/**
 * Scrapes ten times per second during `attack`, over a connection opened before it. Returns the durations of the scrapes in
 * milliseconds, the shortest first.
 */
async function scrapeDuring({ url }: Attacked, attack: () => Promise<unknown>): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  await ask(`${url}/metrics`, { ...SCRAPER, agent });
  const times: number[] = [];
  for (const end = attack().then(() => 'ended'); (await Promise.race([end, pause(100)])) !== 'ended'; ) {
    const begin = performance.now();
    expect((await ask(`${url}/metrics`, { ...SCRAPER, agent })).status).toBe(200);
    times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b);
}

/** Prints the measurements. */
function report(what: string, times: readonly number[]): void {
  const median = times[times.length >> 1]?.toFixed(0);
  process.stdout.write(
    `${what}: ${times.length} scrapes, median ${median} ms, longest ${times.at(-1)?.toFixed(0)} ms\n`,
  );
}

function count({ exporter }: Attacked, msg: string): number {
  return exporter.log().filter((event) => event['msg'] === msg).length;
}

async function endsWell({ exporter }: Attacked): Promise<void> {
  expect(exporter.log().filter(({ level }) => level === 'error')).toEqual([]);
  exporter.kill('SIGTERM');
  expect((await exporter.ended).code).toBe(0);
}

test('withstands 1,000 wrong passwords over 100 connections', { timeout: 180_000 }, async () => {
  const attacked = await startAttacked();
  const statuses = new Map<number, number>();
  const enough = new AbortController();
  setMaxListeners(0, enough.signal);
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  onTestFinished(() => agent.destroy());
  const guess = async (i: number) => {
    const asking = { ...TRUST, agent, login: `prometheus:wrong-${i}`, signal: enough.signal };
    const { status } = await ask(`${attacked.url}/metrics`, asking);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  };
  const attack = async () => {
    const guesses = Promise.all(Array.from({ length: 1_000 }, (_, i) => guess(i).catch(() => undefined)));
    await vi.waitFor(() => expect(statuses.get(401)).toBeGreaterThanOrEqual(HASHED));
    enough.abort();
    await guesses;
  };
  const times = await scrapeDuring(attacked, attack);
  report(
    `1,000 wrong passwords (responses until the last of them was abandoned: ${JSON.stringify(Object.fromEntries(statuses))})`,
    times,
  );
  expect([...statuses.keys()].filter((status) => status !== 401 && status !== 503)).toEqual([]);
  expect(statuses.get(401)).toBeGreaterThan(0);
  expect(count(attacked, 'sign-in failed')).toBeLessThan(4);
  expect(times[times.length >> 1]).toBeLessThan(1_000);
  await endsWell(attacked);
});

test('withstands 2,000 clients that send one byte per second', { timeout: 180_000 }, async () => {
  const attacked = await startAttacked();
  const open = new Set<Socket>();
  const begin = async () => {
    const socket = connect(attacked.port, '127.0.0.1');
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    open.add(socket);
    const hello = HELLO.values();
    const drip = setInterval(() => socket.write(Buffer.from([hello.next().value ?? 0])), 1_000);
    socket.once('close', () => clearInterval(drip));
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  };
  const attack = async () => {
    await Promise.all(Array.from({ length: 2_000 }, begin));
    await expect.poll(() => open.size, { timeout: 40_000, interval: 200 }).toBe(0);
  };
  const startedAt = performance.now();
  const times = await scrapeDuring(attacked, attack);
  // They were treated as clients that may still send valid requests.
  expect(performance.now() - startedAt).toBeGreaterThan(9_000);
  report('2,000 clients of a byte a second', times);
  await endsWell(attacked);
});

test('replaces a certificate 60 times under load', { timeout: 180_000 }, async () => {
  const attacked = await startAttacked();
  let connections = 0;
  let rotating = true;
  const client = async () => {
    while (rotating) {
      expect((await ask(`${attacked.url}/metrics`, { ...TRUST, login: LOGIN })).status).toBe(200);
      connections += 1;
    }
  };
  const rotate = async () => {
    // A slow machine takes more of them until there was load.
    for (let i = 0; i < 60 || connections <= 50; i += 1) {
      attacked.useCertificate(i % 2 === 0 ? 'second' : 'first');
      await pause(20);
    }
    rotating = false;
  };
  const times = await scrapeDuring(attacked, () => Promise.all([rotate(), client(), client(), client(), client()]));
  report(`60 certificates under ${connections} new connections, none of which failed`, times);
  expect(connections).toBeGreaterThan(50);
  await endsWell(attacked);
});

test('withstands 1,000 concurrent reloads by signal and over HTTP', { timeout: 180_000 }, async () => {
  const attacked = await startAttacked();
  const { exporter, url, configFile } = attacked;
  const reload = async (i: number) => {
    if (i % 2 === 0) {
      exporter.kill('SIGHUP');
      return 200;
    }
    return (await ask(`${url}/-/reload`, { ...TRUST, login: LOGIN, method: 'POST' })).status;
  };
  writeFileSync(configFile, stringify({ web: { listenAddresses: ['127.0.0.1:0'] }, queries: [], 'x-new': true }));
  const statuses = new Set<number>();
  const attack = () => Promise.all(Array.from({ length: 1_000 }, async (_, i) => statuses.add(await reload(i))));
  const times = await scrapeDuring(attacked, attack);
  expect([...statuses]).toEqual([200]);
  report(`1,000 reloads, of which ${count(attacked, 'configuration reloaded')} were carried out`, times);
  await endsWell(attacked);
});
