import { readdirSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PATIENT = { timeout: 15_000, interval: 50 };
const scope = { onTestFinished };
const FOLDERS = ['runs', 'results', 'statuses', 'queries'];

const RUN = {
  name: 'run',
  monitorName: 'checkout',
  metricName: 'RETRANSMISSIONS',
  destinationCategory: 'INTER_AZ',
  schedule: { every: '1d', lookback: '1h', delay: '0s', timeout: '10m' },
};
const WATCHED = {
  name: 'watched',
  monitorName: 'checkout',
  queryId: 'retransmissions',
};
const REGISTERED = { ...RUN, name: undefined };

function configOf(url: string, path: string, queries: readonly object[] = [RUN]) {
  return {
    aws: { region: 'us-east-1', endpoint: url, requestsPerSecond: 100 },
    discovery: { monitorsEvery: '0s' },
    storage: { path },
    queries,
  };
}

/** Replaces a directory by a link to itself. Returns a function that reverts it. */
function makeUnreadable(folder: string): () => void {
  renameSync(folder, `${folder}-away`);
  symlinkSync(folder, folder);
  return () => {
    unlinkSync(folder);
    renameSync(`${folder}-away`, folder);
  };
}

async function writable(daemon: RunningDaemon): Promise<number | undefined> {
  return (await daemon.metrics()).samples('aws_nfm_exporter_storage_writable')[0]?.value;
}

function unreadable(daemon: RunningDaemon): unknown[] {
  return daemon.log.events
    .filter(({ level, msg }) => level === 'error' && msg === 'storage directory unreadable')
    .map(({ fields }) => fields['directory']);
}

/** A directory with records of each kind. */
async function filled(url: string): Promise<string> {
  const path = temporaryFolder();
  const daemon = await runDaemon(scope, configOf(url, path, [RUN, WATCHED]), { adminApi: true });
  const response = await fetch(`${daemon.url}/api/v1/queries/registered`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(REGISTERED),
  });
  expect(response.status).toBe(201);
  await vi.waitFor(() => expect(readdirSync(join(path, 'results'))).toHaveLength(2), PATIENT);
  await vi.waitFor(async () => expect((await daemon.query('watched')).up).not.toBeNull(), PATIENT);
  await daemon.stop(5_000);
  return path;
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('an unreadable directory of the storage', () => {
  test.each(FOLDERS)('%s: does not prevent a start, is logged and shown, and keeps all data', async (name) => {
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, runningFor: 0, rows: 10 }] });
    const path = await filled(service.url);
    const before = FOLDERS.map((each) => readdirSync(join(path, each)).sort());
    makeUnreadable(join(path, name));
    const clock = new FakeClock();
    const daemon = await runDaemon(scope, configOf(service.url, path, []), { clock, adminApi: true });
    expect(unreadable(daemon)).toEqual([join(path, name)]);
    expect(await writable(daemon)).toBe(0);
    // What is stored of queries that are not there is removed by the first cleanup after a day, if all can be read.
    clock.jump(Date.now() - clock.now() + 30 * 3_600_000);
    await clock.advance(3_600_000);
    await pause(100);
    expect(unreadable(daemon)).toHaveLength(1);
    expect(await writable(daemon)).toBe(0);
    const kept = FOLDERS.map((each) => readdirSync(join(path, each === name ? `${each}-away` : each)).sort());
    if (name !== 'statuses') {
      expect(kept).toEqual(before);
    }
    expect(kept.every((files) => files.length > 0)).toBe(true);
  });

  test('is checked by the hourly cleanup, which skips it silently', async () => {
    const path = temporaryFolder();
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, runningFor: 0, rows: 10 }] });
    const clock = new FakeClock();
    const daemon = await runDaemon(scope, configOf(service.url, path, []), { clock });
    symlinkSync(join(path, 'results'), join(path, 'results'));
    await clock.advance(3_600_000);
    await vi.waitFor(() => expect(unreadable(daemon)).toEqual([join(path, 'results')]), PATIENT);
    expect(await writable(daemon)).toBe(0);
    unlinkSync(join(path, 'results'));
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      expect(await writable(daemon)).toBe(1);
    }, PATIENT);
  });

  test('of queries registered over HTTP is read later, without a restart', async () => {
    const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, runningFor: 0, rows: 10 }] });
    const path = await filled(service.url);
    const repair = makeUnreadable(join(path, 'queries'));
    const clock = new FakeClock();
    const daemon = await runDaemon(scope, configOf(service.url, path, []), { clock, adminApi: true });
    expect((await daemon.text('/api/v1/queries/registered')).status).toBe(404);
    const refused = await fetch(`${daemon.url}/api/v1/queries/another`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(REGISTERED),
    });
    expect(refused.status).toBe(507);
    repair();
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      expect((await daemon.text('/api/v1/queries/registered')).status).toBe(200);
      // The directory is probed on its own: after the queries were read, or before.
      expect(await writable(daemon)).toBe(1);
    }, PATIENT);
    expect((await daemon.text('/api/v1/queries/another')).status).toBe(404);
  });
});
