import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from 'network-flow-monitor-simulator';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { send } from '../../packages/simulator/test/raw-client.ts';
import { runSimulator } from '../../src/cli/simulator.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger, type LogLevel } from '../../src/lib/log.ts';

let directory: string;
let lines: string[];
let signal: AbortController;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'simulator-'));
  lines = [];
  signal = new AbortController();
});
afterEach(async () => {
  signal.abort();
  await rm(directory, { recursive: true });
});

async function run(scenario?: string | Uint8Array, level: LogLevel = 'info', port = 0): Promise<number> {
  const log = createLogger({ level, format: 'logfmt', clock: { now: () => 0 }, write: (line) => lines.push(line) });
  const options = { port, log, clock: systemClock, ended: once(signal.signal, 'abort').then(() => undefined) };
  if (scenario === undefined) {
    return runSimulator({ ...options, scenarioFile: undefined });
  }
  const scenarioFile = join(directory, 'scenario.yml');
  await writeFile(scenarioFile, scenario);
  return runSimulator({ ...options, scenarioFile });
}

test.each([
  ['without a scenario', undefined, 25],
  ['with a scenario', 'worlds: {pageSize: 2}', 2],
  ['with a scenario in Latin-1', Buffer.from('worlds: {pageSize: 2} # für Tests', 'latin1'), 2],
])('listens %s, logs its address at every log level, and ends with the signal', async (_, scenario, pageSize) => {
  const exit = run(scenario, 'error');
  await vi.waitFor(() => expect(lines).toHaveLength(1));
  const address = /^ts=\S+ level=info msg="simulator listening" address=(127\.0\.0\.1:\d+)\n$/.exec(
    lines[0] ?? '',
  )?.[1];
  const { json } = await send({ url: `http://${address}` }, 'GET', '/monitors');
  expect(json['monitors']).toHaveLength(Math.min(pageSize, 8));
  signal.abort();
  expect(await exit).toBe(0);
  await expect(send({ url: `http://${address}` }, 'GET', '/monitors')).rejects.toThrow('ECONNREFUSED');
});

test('rejects an invalid scenario with a log message for each error', async () => {
  expect(await run('seed: []\nworlds: {pageSize: 0}\n', 'error')).toBe(1);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('level=error msg="invalid scenario"');
  expect(lines[0]).toContain('path=seed line=1 got=[] expected="a text or a number"');
  expect(lines[1]).toContain('path=worlds.pageSize line=2 got=0 expected="an integer from 1 to 500"');
});

test.each([
  ['that is missing', '/nowhere/missing.yml', 'no such file or directory'],
  ['that never ends', '/dev/zero', 'it is larger than 64 MiB'],
])('rejects a scenario %s', async (_, scenarioFile, reason) => {
  const log = createLogger({
    level: 'info',
    format: 'logfmt',
    clock: { now: () => 0 },
    write: (line) => lines.push(line),
  });
  expect(await runSimulator({ port: 0, scenarioFile, log, clock: systemClock, ended: Promise.resolve() })).toBe(1);
  expect(lines).toEqual([expect.stringContaining(`error="cannot read ${scenarioFile}: ${reason}"`)]);
});

test('reports a port that is in use', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await vi.waitFor(() => expect(other.address()).not.toBeNull());
  const taken = other.address();
  const port = typeof taken === 'object' && taken !== null ? taken.port : 0;
  expect(await run(undefined, 'info', port)).toBe(1);
  expect(lines).toEqual([expect.stringMatching(/level=error msg="simulator startup failed" .*address already in use/)]);
  other.close();
});

test.each(['0.0.0.0', '::', '192.0.2.1', 'localhost', '128.0.0.1', ''])('does not listen on %j', async (host) => {
  await expect(startSimulator({ host })).rejects.toThrow(TypeError);
});

test('listens on the IPv6 loopback address if the machine has one', async () => {
  try {
    const simulator = await startSimulator({ host: '::1' });
    expect(simulator.url).toBe(`http://${simulator.address}`);
    expect(simulator.address).toMatch(/^\[::1\]:\d+$/);
    expect((await fetch(simulator.url)).status).toBe(200);
    await simulator.close();
  } catch (error) {
    expect(error).toMatchObject({ syscall: 'listen', code: expect.stringMatching(/^(EADDRNOTAVAIL|EAFNOSUPPORT)$/) });
  }
});
