import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { lockText } from '../../src/persistence/storage/lock-file.ts';
import { adjustedClock } from '../support/adjusted-clock.ts';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { startCommand } from '../support/process.ts';
import { runSimulator, type SimulatedService } from '../support/simulated-service.ts';
import { CAN_MOUNT, fill, smallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PATIENT = { timeout: 15_000, interval: 50 };
const scope = { onTestFinished };

const RUN = {
  name: 'run',
  monitorName: 'checkout',
  metricName: 'RETRANSMISSIONS',
  destinationCategory: 'INTER_AZ',
  // Once per day, so that a window is hardly ever due during a test.
  schedule: { every: '1d', lookback: '1h', delay: '0s', timeout: '10m' },
};

/** Shared by the daemons of a test: one service, one directory. */
function configOf(url: string, path: string, queries: readonly object[] = [RUN]) {
  return {
    aws: { region: 'us-east-1', endpoint: url, requestsPerSecond: 100 },
    discovery: { monitorsEvery: '0s' },
    storage: { path },
    queries,
  };
}

function starts(service: SimulatedService): number {
  return service.requests.filter(({ operation, status }) => operation.startsWith('Start') && status === 200).length;
}

async function outcomeOf(daemon: RunningDaemon): Promise<string | undefined> {
  const page = await daemon.metrics('queries');
  return page.samples('aws_nfm_query_last_run_outcome').find(({ value }) => value === 1)?.labels['outcome'];
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('a run in flight', () => {
  test('is kept on shutdown and resumed by the next start', async () => {
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, runningFor: '4s', rows: 60 }] });
    const config = configOf(service.url, temporaryFolder());
    const first = await runDaemon(scope, config);
    await vi.waitFor(async () => expect((await first.query('run')).status).toBe('RUNNING'), PATIENT);
    const before = await first.query('run');
    await first.stop(5_000);
    expect(service.simulator.runningQueries()).toHaveLength(1);
    expect(service.requests.filter(({ operation }) => operation.startsWith('Stop'))).toEqual([]);

    const second = await runDaemon(scope, config);
    const page = await second.metrics();
    expect(page.samples('aws_nfm_api_runs', { state: 'active' })).toMatchObject([{ value: 1 }]);
    expect(await second.query('run')).toMatchObject({ status: 'RUNNING', statusSince: before.statusSince });
    await vi.waitFor(async () => expect(await outcomeOf(second)).toBe('succeeded'), PATIENT);
    expect(starts(service)).toBe(1);
    const after = await second.metrics();
    expect(after.value('aws_nfm_query_contributors', { query: 'run' })).toBe(60);
    expect(after.value('aws_nfm_query_last_run_duration_seconds', { query: 'run' })).toBeGreaterThanOrEqual(4);
    expect(after.value('aws_nfm_api_runs', { state: 'active' })).toBe(0);
  });

  test('times out relative to its original start', async () => {
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, outcome: 'none' }] });
    const config = configOf(service.url, temporaryFolder());
    const first = await runDaemon(scope, config);
    await vi.waitFor(async () => expect((await first.query('run')).status).toBe('RUNNING'), PATIENT);
    await first.stop(5_000);
    const clock = adjustedClock(Date.now() + 11 * 60_000);
    const second = await runDaemon(scope, config, { clock });
    await vi.waitFor(async () => expect(await outcomeOf(second)).toBe('timed_out'), PATIENT);
    expect(service.requests.filter(({ operation }) => operation.startsWith('Stop'))).toHaveLength(1);
  });
});

describe('after a restart', () => {
  test('shows results, outcome, and status at once without the service, and does not repeat the window', async () => {
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, runningFor: 0, rows: 60 }] });
    const config = configOf(service.url, temporaryFolder());
    const first = await runDaemon(scope, config);
    await vi.waitFor(async () => expect(await outcomeOf(first)).toBe('succeeded'), PATIENT);
    const before = await first.metrics();
    const rows = await first.text('/api/v1/queries/run/contributors');
    const view = await first.query('run');
    await first.stop(5_000);
    await service.simulator.close();

    const second = await runDaemon(scope, config);
    const after = await second.metrics();
    for (const family of [
      'aws_nfm_query_status',
      'aws_nfm_query_up',
      'aws_nfm_query_status_since_timestamp_seconds',
      'aws_nfm_query_last_success_timestamp_seconds',
      'aws_nfm_query_last_run_outcome',
      'aws_nfm_query_last_run_duration_seconds',
      'aws_nfm_query_run_info',
      'aws_nfm_query_results_timestamp_seconds',
      'aws_nfm_query_results_window_seconds',
      'aws_nfm_query_contributors',
      'aws_nfm_query_contributors_dropped',
      'aws_nfm_query_results_truncated',
      'aws_nfm_contributor_retransmissions',
      'aws_nfm_exporter_storage_writable',
    ]) {
      expect(after.samples(family), family).toEqual(before.samples(family));
      expect(after.samples(family), family).not.toEqual([]);
    }
    expect(await second.text('/api/v1/queries/run/contributors')).toEqual(rows);
    expect(await second.query('run')).toEqual(view);
    expect(after.value('aws_nfm_query_runs_total', { outcome: 'succeeded' })).toBe(0);
    expect(starts(service)).toBe(1);
  });

  test('shows a terminal query without polling it, and a running one until it is stale', async () => {
    const life = { region: 'us-east-1', type: 'monitor-top-contributors', monitorName: 'checkout', queuedFor: 0 };
    const service = await runSimulator(scope, {
      queries: [
        { ...life, queryId: 'ended', runningFor: 0, outcome: 'FAILED' },
        { ...life, queryId: 'endless', outcome: 'none' },
      ],
    });
    const watched = ['ended', 'endless'].map((queryId) => ({ name: queryId, monitorName: 'checkout', queryId }));
    const config = configOf(service.url, temporaryFolder(), watched);
    const first = await runDaemon(scope, config);
    await vi.waitFor(async () => {
      expect(await first.query('ended')).toMatchObject({ status: 'FAILED' });
      expect(await first.query('endless')).toMatchObject({ status: 'RUNNING' });
    }, PATIENT);
    const [ended, endless] = [await first.query('ended'), await first.query('endless')];
    await first.stop(5_000);
    service.simulator.setFaults([{ kind: 'throttle', match: { operation: 'GetQueryStatus*' } }]);

    const polled = service.arrivals('ended').length;
    const second = await runDaemon(scope, config);
    expect(await second.query('ended')).toEqual({ ...ended, nextPoll: null });
    expect(await second.query('endless')).toMatchObject({ status: 'RUNNING', statusSince: endless.statusSince });
    await vi.waitFor(async () => expect((await second.text('/-/ready')).status).toBe(200), PATIENT);
    await second.stop(5_000);

    const clock = adjustedClock(Date.now() + 10 * 60_000);
    const third = await runDaemon(scope, config, { clock });
    const page = await third.metrics();
    expect(page.samples('aws_nfm_query_status', { query: 'endless' })).toEqual([]);
    expect(page.samples('aws_nfm_query_status', { query: 'ended', status: 'FAILED' })).toMatchObject([{ value: 1 }]);
    expect(service.arrivals('ended')).toHaveLength(polled);
  });

  test.each([
    ['another limit', { ...RUN, limit: 7 }, 2],
    ['other labels and contributor labels', { ...RUN, labels: { team: 'a' }, contributorLabels: ['local_az'] }, 1],
  ])('with %s', async (_, changed, expected) => {
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, runningFor: 0, rows: 60 }] });
    const path = temporaryFolder();
    const first = await runDaemon(scope, configOf(service.url, path));
    await vi.waitFor(async () => expect(await outcomeOf(first)).toBe('succeeded'), PATIENT);
    await first.stop(5_000);
    const second = await runDaemon(scope, configOf(service.url, path, [changed]));
    await vi.waitFor(async () => expect(await outcomeOf(second)).toBe('succeeded'), PATIENT);
    expect(starts(service)).toBe(expected);
  });

  test('keeps nothing of a query that was removed by a reload', async () => {
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, runningFor: 0, rows: 60 }] });
    const folder = temporaryFolder();
    const file = join(folder, 'config.json');
    const path = join(folder, 'storage');
    writeFileSync(file, JSON.stringify(configOf(service.url, path, [])));
    const daemon = await runDaemon(scope, configOf(service.url, path), { file });
    await vi.waitFor(async () => expect(await outcomeOf(daemon)).toBe('succeeded'), PATIENT);
    expect(readdirSync(join(path, 'runs'))).toHaveLength(1);
    expect(readdirSync(join(path, 'results'))).toHaveLength(1);
    await daemon.reload();
    await vi.waitFor(() => {
      expect(readdirSync(join(path, 'runs'))).toEqual([]);
      expect(readdirSync(join(path, 'results'))).toEqual([]);
    }, PATIENT);
  });
});

test('starts without the content of a damaged record', async () => {
  const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, runningFor: 0, rows: 60 }] });
  const path = temporaryFolder();
  const config = configOf(service.url, path);
  const first = await runDaemon(scope, config);
  await vi.waitFor(async () => expect(await outcomeOf(first)).toBe('succeeded'), PATIENT);
  await first.stop(5_000);
  for (const folder of ['runs', 'results']) {
    for (const name of readdirSync(join(path, folder))) {
      const file = join(path, folder, name);
      writeFileSync(file, readFileSync(file, 'utf8').slice(0, -10));
    }
  }
  const second = await runDaemon(scope, config);
  expect(second.log.events.filter(({ level }) => level === 'error')).toMatchObject([
    { msg: 'damaged record set aside' },
  ]);
  await vi.waitFor(async () => expect(await outcomeOf(second)).toBe('succeeded'), PATIENT);
});

describe('as processes', () => {
  function configFile(url: string, folder: string): string {
    const file = join(folder, 'nfm-exporter.json');
    writeFileSync(file, JSON.stringify({ ...configOf(url, 'storage'), web: { listenAddresses: ['127.0.0.1:0'] } }));
    return file;
  }

  test('rejects a second daemon on the directory, and starts one at once after the first is killed', async () => {
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, outcome: 'none' }] });
    const file = configFile(service.url, temporaryFolder());
    const first = startCommand(scope, ['--config.file', file]);
    await first.url();
    const second = await startCommand(scope, ['--config.file', file]).ended;
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('another exporter uses it, on host');
    first.kill('SIGKILL');
    await first.ended;
    const third = startCommand(scope, ['--config.file', file]);
    await third.url();
    third.kill('SIGTERM');
    expect((await third.ended).code).toBe(0);
    expect(readdirSync(join(file, '..', 'storage')).filter((name) => /^(?:lock|socket|writing)/.test(name))).toEqual(
      [],
    );
  });

  test('shuts down while waiting for a lock', async () => {
    const folder = temporaryFolder();
    const file = configFile('http://127.0.0.1:1', folder);
    mkdirSync(join(folder, 'storage'));
    writeFileSync(join(folder, 'storage', 'lock.1'), lockText({ host: 'elsewhere', id: '0', socket: false }, 1));
    const daemon = startCommand(scope, ['--config.file', file]);
    await daemon.event('waiting for storage lock');
    const asked = performance.now();
    daemon.kill('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);
  });

  test('exits if another daemon took over while it was suspended, and leaves its runs to it', async () => {
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, outcome: 'none' }] });
    const file = configFile(service.url, temporaryFolder());
    const daemon = startCommand(scope, ['--config.file', file]);
    await daemon.url();
    await vi.waitFor(() => expect(service.simulator.runningQueries()).toHaveLength(1), PATIENT);
    // As another one does that takes over.
    const folder = join(file, '..', 'storage');
    writeFileSync(join(folder, 'lock.2'), lockText({ host: 'elsewhere', id: '0', socket: false }, 1));
    rmSync(join(folder, 'lock.1'));
    const { code, stderr } = await daemon.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('another exporter uses it, on host elsewhere');
    expect(service.requests.filter(({ operation }) => operation.startsWith('Stop'))).toEqual([]);
    expect(readdirSync(folder).filter((name) => /^(?:lock|socket|writing)/.test(name))).toEqual(['lock.2']);
  });

  test.skipIf(!CAN_MOUNT)('continues runs on a full disk, and reports it', async () => {
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, runningFor: 0, rows: 60 }] });
    const path = smallDisk(64);
    fill(path);
    const daemon = await runDaemon(scope, configOf(service.url, path));
    await vi.waitFor(async () => expect(await outcomeOf(daemon)).toBe('succeeded'), PATIENT);
    expect((await daemon.metrics()).value('aws_nfm_exporter_storage_writable')).toBe(0);
    expect(daemon.log.messages()).toContain('storage not writable');
  });
});
