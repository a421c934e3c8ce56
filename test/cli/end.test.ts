import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseScenario, startSimulator } from 'network-flow-monitor-simulator';
import { describe, expect, it, type TestContext } from 'vitest';
import { CLEAN_ENVIRONMENT, type Command, runCommand, startCommand } from '../support/process.ts';
import { temporaryFolderOfFile } from '../support/temporary-folder.ts';

const directory = temporaryFolderOfFile();

const FILE = join(directory, 'good.json');
writeFileSync(FILE, JSON.stringify({ web: { listenAddresses: ['127.0.0.1:0'] } }));

const LARGE = join(directory, 'large.json');
writeFileSync(
  LARGE,
  JSON.stringify({
    web: { listenAddresses: ['127.0.0.1:0'] },
    aws: { region: 'us-east-1', endpoint: 'http://127.0.0.1:9', stsEndpoint: 'http://127.0.0.1:9' },
    polling: { interval: '10h' },
    queries: Array.from({ length: 12_000 }, (_, i) => ({ name: `q${i}`, monitorName: 'm', queryId: `id-${i}` })),
  }),
);

/** An environment in which Node runs `code` in the child process before the program. */
function preloaded(code: string): Readonly<Record<string, string>> {
  return { ...CLEAN_ENVIRONMENT, NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` };
}

/** A daemon with a poll in progress at a service that does not respond. */
async function startHanging(scope: Pick<TestContext, 'onTestFinished'>, name: string, args: readonly string[] = []) {
  let polled: () => void = () => undefined;
  const poll = new Promise<void>((resolve) => {
    polled = resolve;
  });
  const simulator = await startSimulator({
    scenario: parseScenario('faults: [{ kind: hang, match: { operation: "GetQueryStatus*" } }]'),
    onRequest: ({ operation }) => operation.startsWith('GetQueryStatus') && polled(),
  });
  scope.onTestFinished(() => simulator.close());
  const file = join(directory, name);
  const aws = { region: 'us-east-1', endpoint: simulator.url, stsEndpoint: simulator.url, requestTimeout: '1h' };
  const queries = [{ name: 'q', monitorName: 'm', queryId: 'i', interval: '1s' }];
  writeFileSync(file, JSON.stringify({ aws, queries, web: { listenAddresses: ['127.0.0.1:0'] } }));
  const exporter = startCommand(scope, [`--config.file=${file}`, ...args]);
  const url = await exporter.url();
  await poll;
  return { exporter, url };
}

/** A daemon with a page of several megabytes, and a client that requests more pages than socket buffers hold and reads none. */
async function startUnread(scope: Pick<TestContext, 'onTestFinished'>, timeout: string): Promise<Command> {
  const exporter = startCommand(scope, [`--config.file=${LARGE}`, `--web.shutdown-timeout=${timeout}`]);
  const { hostname, port } = new URL(await exporter.url());
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  scope.onTestFinished(() => {
    socket.destroy();
  });
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(30));
  await once(socket, 'readable');
  return exporter;
}

describe.concurrent('the daemon exits', () => {
  it.for(['SIGTERM', 'SIGINT'] as const)(
    'on %s with exit code 0, in order, with polls in progress',
    async (signal, scope) => {
      const { exporter } = await startHanging(scope, `${signal}.json`);
      const signaledAt = performance.now();
      exporter.kill(signal);
      expect(await exporter.ended).toMatchObject({ code: 0, signal: null });
      expect(performance.now() - signaledAt).toBeLessThan(5_000);
      expect(exporter.log().slice(-2)).toMatchObject([
        { level: 'info', msg: 'shutting down' },
        { level: 'info', msg: 'shutdown completed' },
      ]);
      expect(exporter.log().filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    },
  );

  it('on a signal during startup', async (scope) => {
    const exporter = startCommand(scope, [`--config.file=${FILE}`]);
    await exporter.event('starting');
    exporter.kill('SIGTERM');
    expect(await exporter.ended).toMatchObject({ code: 0, signal: null });
    expect(exporter.log().at(-1)).toMatchObject({ msg: 'shutdown completed' });
  });

  it('at its timeout, with a client that does not read its responses', async (scope) => {
    const exporter = await startUnread(scope, '300ms');
    const signaledAt = performance.now();
    exporter.kill('SIGTERM');
    expect(await exporter.ended).toMatchObject({ code: 0, signal: null });
    expect(performance.now() - signaledAt).toBeGreaterThan(250);
    expect(performance.now() - signaledAt).toBeLessThan(5_000);
  });

  it('at once on a second signal', async (scope) => {
    const exporter = await startUnread(scope, '1h');
    exporter.kill('SIGTERM');
    await exporter.event('shutting down');
    exporter.kill('SIGINT');
    expect(await exporter.ended).toMatchObject({ code: 0, signal: null });
    expect(exporter.log().map(({ msg }) => msg)).not.toContain('shutdown completed');
  });

  it('with exit code 0 if a timer of a library keeps the process alive', async (scope) => {
    const exporter = startCommand(scope, [`--config.file=${FILE}`], preloaded('setInterval(() => undefined, 1e6)'));
    await exporter.url();
    exporter.kill('SIGTERM');
    expect(await exporter.ended).toMatchObject({ code: 0, signal: null });
  });

  it('with exit code 1 and a log message on an uncaught error', async (scope) => {
    const env = preloaded("process.on('SIGUSR2', () => { throw new RangeError('a defect\\nof ours'); })");
    const exporter = startCommand(scope, [`--config.file=${FILE}`, '--log.format=json'], env);
    await exporter.url();
    exporter.kill('SIGUSR2');
    expect(await exporter.ended).toMatchObject({ code: 1, stdout: '' });
    expect(exporter.log().at(-1)).toMatchObject({
      level: 'error',
      msg: 'unexpected error',
      error: 'RangeError',
      reason: 'a defect\nof ours',
      stack: expect.stringContaining('RangeError'),
      hint: expect.stringContaining('report'),
    });
  });
});

describe.concurrent('the daemon continues', () => {
  it('if the reader of its log has closed it', async (scope) => {
    const { exporter, url } = await startHanging(scope, 'unread.json', ['--log.level=debug']);
    exporter.hangUp();
    expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
    exporter.kill('SIGTERM');
    expect(await exporter.ended).toMatchObject({ code: 0, signal: null });
  });

  it('after a runtime warning, and logs it at level debug in its own format', async (scope) => {
    const file = join(directory, 'warned.json');
    const log = { level: 'debug', format: 'json' };
    writeFileSync(file, JSON.stringify({ web: { listenAddresses: ['127.0.0.1:0'] }, log }));
    const env = preloaded("process.on('SIGUSR2', () => process.emitWarning('old\\nthing', 'DeprecationWarning'))");
    const exporter = startCommand(scope, [`--config.file=${file}`], env);
    await exporter.url();
    exporter.kill('SIGUSR2');
    expect(await exporter.event('runtime warning received')).toMatchObject({
      level: 'debug',
      warning: 'DeprecationWarning',
      reason: 'old\nthing',
    });
    expect(exporter.stderr()).toMatch(/^(\{.*\}\n)+$/);
  });
});

describe.concurrent('the daemon logs', () => {
  it('console output of libraries at level debug', async (scope) => {
    const env = preloaded(`process.on('SIGUSR2', () => {
      console.warn('two\\nlines of %s', 'a library', { odd: true });
      console.log('printed');
    })`);
    const exporter = startCommand(scope, [`--config.file=${FILE}`, '--log.level=debug'], env);
    await exporter.url();
    exporter.kill('SIGUSR2');
    expect(await exporter.events('library message received', 2)).toMatchObject([
      { level: 'debug', reason: 'two\nlines of a library { odd: true }' },
      { level: 'debug', reason: 'printed' },
    ]);
    exporter.kill('SIGTERM');
    expect(await exporter.ended).toMatchObject({ code: 0, stdout: '' });
  });
});

describe.concurrent('other commands', () => {
  it('print all of their output to a slow reader', async (scope) => {
    const file = join(directory, 'long.yml');
    writeFileSync(file, Array.from({ length: 4_000 }, (_, i) => `unknown-key-number-${i}: 1\n`).join(''));
    const { code, stdout, stderr } = await runCommand(scope, ['check-config', file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.length).toBeGreaterThan(200_000);
    expect(stderr).toMatch(/\nunknown-key-number-3999 \(line 4000\): .*\n$/);
  });

  it('exit without an error if the reader has closed their output', async (scope) => {
    const command = startCommand(scope, ['--help']);
    command.hangUp();
    expect(await command.ended).toMatchObject({ code: 0, signal: null });
  });

  it('do not print runtime warnings', async (scope) => {
    const env = preloaded(`
      const write = process.stdout.write.bind(process.stdout);
      process.stdout.write = (...args) => { process.emitWarning('old'); return write(...args); };`);
    const { code, stdout, stderr } = await runCommand(scope, ['check-config', FILE], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${FILE}: valid\n`);
  });
});
