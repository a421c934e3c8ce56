import { beforeAll, describe, expect, test, vi } from 'vitest';
import { setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { type ReloadedDaemon, runReloadedDaemon } from '../support/reloaded-daemon.ts';
import { endlessQueries, runSimulator, type SimulatedService } from '../support/simulated-service.ts';

const REGION = 'us-east-1';
const WAIT = { timeout: 10_000, interval: 50 };

const ACCOUNTS = [{ id: '111122223333', regions: { [REGION]: { monitors: [{ name: 's1' }, { name: 's2' }] } } }];

/** Watched queries that run for ever, and started ones that do so, too. */
const ENDLESS = {
  accounts: ACCOUNTS,
  queries: [endlessQueries(REGION, 'w{n}', { count: 9 })],
  startedQueries: [{ match: {}, outcome: 'none' }],
};

function configOf({ url }: SimulatedService, queries: readonly object[], more: object = {}) {
  return {
    aws: { region: REGION, endpoint: url, stsEndpoint: url, requestsPerSecond: 100, maxAttempts: 1 },
    polling: { interval: '1h' },
    discovery: { monitorsEvery: '0s' },
    queries,
    ...more,
  };
}

function watched(name: string, more: object = {}): object {
  return { name, monitorName: 'checkout', queryId: name, ...more };
}

function scheduled(name: string, more: object = {}): object {
  const schedule = { every: '1h', delay: '0s', timeout: '50m' };
  return {
    name,
    monitorName: name,
    metricName: 'RETRANSMISSIONS',
    destinationCategory: 'INTER_AZ',
    schedule,
    ...more,
  };
}

/** All lines of the page that are about a query. */
async function linesOf(daemon: ReloadedDaemon, query: string): Promise<readonly string[]> {
  const { body } = await daemon.text('/metrics');
  return body.split('\n').filter((line) => line.includes(`query="${query}"`));
}

async function pollsOf(daemon: ReloadedDaemon, query: string): Promise<number | undefined> {
  return (await daemon.metrics('queries')).value('aws_nfm_query_polls_total', { query });
}

async function waitForPolls(daemon: ReloadedDaemon, names: readonly string[]): Promise<void> {
  await vi.waitFor(async () => {
    for (const name of names) {
      expect(await pollsOf(daemon, name), name).toBeGreaterThan(0);
    }
  }, WAIT);
}

function runningOf({ simulator }: SimulatedService, monitorName: string): readonly string[] {
  return simulator
    .runningQueries()
    .filter((each) => each.parent === monitorName)
    .map(({ queryId }) => queryId);
}

async function waitForRun(service: SimulatedService, monitorName: string): Promise<string | undefined> {
  await vi.waitFor(() => expect(runningOf(service, monitorName)).toHaveLength(1), WAIT);
  return runningOf(service, monitorName)[0];
}

function reloads(daemon: ReloadedDaemon) {
  return daemon.log.events.filter(({ msg }) => msg === 'configuration reloaded').map(({ fields }) => fields);
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('a reload', () => {
  test('adds, changes, and removes queries, without effect on others', async (scope) => {
    const service = await runSimulator(scope, ENDLESS);
    const daemon = await runReloadedDaemon(
      scope,
      configOf(service, [watched('w1'), watched('w2'), watched('w3'), scheduled('s1'), scheduled('s2')]),
    );
    await waitForPolls(daemon, ['w1', 'w2', 'w3', 's1', 's2']);
    const run = await waitForRun(service, 's1');
    await waitForRun(service, 's2');
    const before = { w1: await linesOf(daemon, 'w1'), next: (await daemon.query('w1')).nextPoll };
    const w2 = await linesOf(daemon, 'w2');

    const outcome = await daemon.reloadWith(
      configOf(service, [
        watched('w4'),
        watched('w2', { labels: { team: 'a' }, interval: '2h' }),
        scheduled('s1'),
        watched('w1'),
      ]),
    );
    expect(outcome).toEqual({ ok: true });
    expect(reloads(daemon)).toEqual([
      {
        file: daemon.file,
        added: 1,
        changed: 1,
        removed: 2,
        added_queries: 'w4',
        changed_queries: 'w2',
        removed_queries: 'w3, s2',
      },
    ]);

    expect(await linesOf(daemon, 'w1')).toEqual(before.w1);
    const moved = Date.parse((await daemon.query('w1')).nextPoll ?? '') - Date.parse(before.next ?? '');
    expect(Math.abs(moved)).toBeLessThan(1_000);
    expect(await linesOf(daemon, 'w2')).toEqual(
      w2.map((line) =>
        line
          .replace(/^(aws_nfm_query_info\{.*)\} 1$/, '$1,team="a"} 1')
          .replace(/^(aws_nfm_query_interval_seconds.*) 3600$/, '$1 7200'),
      ),
    );
    for (const gone of ['w3', 's2']) {
      expect(await linesOf(daemon, gone)).toEqual([]);
      expect((await daemon.text(`/api/v1/queries/${gone}`)).status).toBe(404);
    }
    await vi.waitFor(() => expect(runningOf(service, 's2')).toEqual([]), WAIT);
    await waitForPolls(daemon, ['w4']);
    expect(runningOf(service, 's1')).toEqual([run]);
    expect(service.requests.filter(({ operation }) => operation.startsWith('Start'))).toHaveLength(2);
    expect(daemon.log.events.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('of an unchanged file has no effect', async (scope) => {
    const service = await runSimulator(scope, ENDLESS);
    const config = configOf(service, [watched('w1'), scheduled('s1')]);
    const daemon = await runReloadedDaemon(scope, config);
    await waitForPolls(daemon, ['w1', 's1']);
    const run = await waitForRun(service, 's1');
    const before = await linesOf(daemon, 'w1');
    const [first] = (await daemon.metrics()).samples('aws_nfm_exporter_config_last_reload_success_timestamp_seconds');
    const explicit = { ...config, web: { telemetryPath: '/metrics' }, log: { format: 'logfmt' } };
    expect(await daemon.reloadWith(explicit)).toEqual({ ok: true });
    expect(reloads(daemon)).toEqual([{ file: daemon.file, added: 0, changed: 0, removed: 0 }]);
    expect(await linesOf(daemon, 'w1')).toEqual(before);
    expect(runningOf(service, 's1')).toEqual([run]);
    const [last] = (await daemon.metrics()).samples('aws_nfm_exporter_config_last_reload_success_timestamp_seconds');
    expect(last?.value).toBeGreaterThan(first?.value ?? Number.POSITIVE_INFINITY);
  });

  test('replaces a query whose calls change', async (scope) => {
    const service = await runSimulator(scope, ENDLESS);
    const daemon = await runReloadedDaemon(
      scope,
      configOf(service, [watched('w1', { interval: '200ms' }), scheduled('s1')]),
    );
    await vi.waitFor(async () => expect(await pollsOf(daemon, 'w1')).toBeGreaterThan(2), WAIT);
    const run = await waitForRun(service, 's1');
    await daemon.reloadWith(
      configOf(service, [watched('w1', { queryId: 'w2', interval: '1h' }), scheduled('s1', { limit: 7 })]),
    );
    expect(reloads(daemon)).toMatchObject([{ added: 0, changed: 2, removed: 0, changed_queries: 'w1, s1' }]);
    expect(await pollsOf(daemon, 'w1')).toBeLessThan(2);
    await vi.waitFor(() => {
      const now = runningOf(service, 's1');
      expect(now).toHaveLength(1);
      expect(now).not.toContain(run);
    }, WAIT);
    expect((await daemon.metrics()).value('aws_nfm_query_runs_total', { query: 's1', outcome: 'canceled' })).toBe(0);
    expect((await daemon.query('w1')) as object).toMatchObject({ queryId: 'w2' });
  });

  test('continues a run whose labels, times, and contributor labels change', async (scope) => {
    const started = { match: {}, queuedFor: '0s', runningFor: '1500ms', rows: 5 };
    const service = await runSimulator(scope, { accounts: ACCOUNTS, startedQueries: [started] });
    const daemon = await runReloadedDaemon(scope, configOf(service, [scheduled('s1')]));
    const run = await waitForRun(service, 's1');
    await daemon.reloadWith(
      configOf(service, [
        scheduled('s1', {
          labels: { team: 'a' },
          contributorLabels: ['remote_ip'],
          schedule: { every: '1h', delay: '1m', timeout: '20m' },
        }),
      ]),
    );
    await vi.waitFor(async () => {
      const page = await daemon.metrics('contributors', 'queries');
      expect(page.value('aws_nfm_query_runs_total', { query: 's1', outcome: 'succeeded' })).toBe(1);
      expect(page.samples('aws_nfm_query_run_info').map(({ labels }) => labels['query_id'])).toEqual([run]);
    }, WAIT);
    const [series] = (await daemon.metrics()).samples('aws_nfm_contributor_retransmissions');
    expect(Object.keys(series?.labels ?? {})).toContain('remote_ip');
    expect(Object.keys(series?.labels ?? {})).not.toContain('local_az');
    expect(service.requests.filter(({ operation }) => operation.startsWith('Start'))).toHaveLength(1);
  });

  test('applies a new polling interval from the last poll on', async (scope) => {
    const service = await runSimulator(scope, ENDLESS);
    const daemon = await runReloadedDaemon(scope, configOf(service, [watched('w1'), watched('w2')]));
    await waitForPolls(daemon, ['w1', 'w2']);
    await daemon.reloadWith(configOf(service, [watched('w1', { interval: '200ms' }), watched('w2')]));
    await vi.waitFor(async () => expect(await pollsOf(daemon, 'w1')).toBeGreaterThan(4), WAIT);
    expect(await pollsOf(daemon, 'w2')).toBe(1);
  });

  test('counts a call in flight for the changed query', async (scope) => {
    const service = await runSimulator(scope, {
      ...ENDLESS,
      faults: [{ kind: 'latency', delay: '700ms', match: { operation: 'GetQueryStatus*' } }],
    });
    const daemon = await runReloadedDaemon(scope, configOf(service, [watched('w1')]));
    await vi.waitFor(async () => expect((await daemon.query('w1')).nextPoll).toBeNull(), { ...WAIT, interval: 5 });
    await daemon.reloadWith(configOf(service, [watched('w1', { labels: { team: 'a' } })]));
    expect(await pollsOf(daemon, 'w1')).toBe(0);
    await vi.waitFor(async () => expect(await pollsOf(daemon, 'w1')).toBe(1), WAIT);
    expect((await daemon.query('w1')).status).toBe('RUNNING');
    expect((await daemon.query('w1')).nextPoll).not.toBeNull();
  });

  test('sets the log level', async (scope) => {
    const service = await runSimulator(scope, ENDLESS);
    const daemon = await runReloadedDaemon(scope, configOf(service, []));
    await daemon.reloadWith(configOf(service, [], { log: { level: 'debug' } }));
    expect(daemon.log.levels).toEqual(['debug']);
  });
});

describe('a rejected reload', () => {
  const GOOD = { queries: [watched('w1')] };

  test.for([
    ['is not YAML', '{ "queries": [', /^.*: got /],
    ['is half written', '{"queries":[{"name":"w1","monitorName":"checkout"', /line 1/],
    ['is empty', '\n', /got an empty file/],
    ['has an unknown key', JSON.stringify({ querys: [] }), /querys/],
    ['has an invalid value', JSON.stringify({ queries: [{ name: 'w1', monitorName: 'm', queryId: 12 }] }), /queryId/],
    [
      'has other addresses to listen on',
      JSON.stringify({ ...GOOD, web: { listenAddresses: [':1'] } }),
      /^web\.listenAddresses: .*restart/,
    ],
    ['has another path', JSON.stringify({ ...GOOD, web: { telemetryPath: '/m' } }), /^web\.telemetryPath: .*restart/],
    ['has a storage', JSON.stringify({ ...GOOD, storage: { path: 'kept' } }), /^storage\.path: .*restart/],
    [
      'has replicas',
      JSON.stringify({ ...GOOD, storage: { dynamodb: { table: 'nfm' } } }),
      /^storage\.dynamodb: .*restart.*\n^replicas: .*restart/m,
    ],
    [
      'has another database',
      JSON.stringify({ ...GOOD, storage: { postgresql: { url: 'postgresql://a:hunter2@db/a' } } }),
      /^storage\.postgresql: got a value different from the one at start, .*restart/,
    ],
    ['has another log format', JSON.stringify({ ...GOOD, log: { format: 'json' } }), /^log\.format: .*restart/],
  ] as const)('as the file %s changes nothing', async ([, content, error], scope) => {
    const service = await runSimulator(scope, ENDLESS);
    const daemon = await runReloadedDaemon(scope, configOf(service, [watched('w1')]));
    await waitForPolls(daemon, ['w1']);
    const before = await linesOf(daemon, 'w1');
    const at = (await daemon.metrics()).value('aws_nfm_exporter_config_last_reload_success_timestamp_seconds');

    const outcome = await daemon.reloadWith(content);
    expect(outcome.ok).toBe(false);
    const errors = outcome.ok ? [] : outcome.errors;
    expect(errors.join('\n')).toMatch(error);
    const logged = daemon.log.events.filter(({ level }) => level === 'error');
    expect(logged).toEqual(
      errors.map((each) => ({
        level: 'error',
        msg: 'configuration not reloaded',
        fields: { file: daemon.file, error: each },
      })),
    );
    const page = await daemon.metrics();
    expect(page.value('aws_nfm_exporter_config_last_reload_successful')).toBe(0);
    expect(page.value('aws_nfm_exporter_config_last_reload_success_timestamp_seconds')).toBe(at);
    expect(await linesOf(daemon, 'w1')).toEqual(before);

    expect(await daemon.reloadWith(configOf(service, [watched('w1')]))).toEqual({ ok: true });
    expect((await daemon.metrics()).value('aws_nfm_exporter_config_last_reload_successful')).toBe(1);
    expect(await linesOf(daemon, 'w1')).toEqual(before);
  });

  test('has no effect during a shutdown', async (scope) => {
    const service = await runSimulator(scope, ENDLESS);
    const daemon = await runReloadedDaemon(scope, configOf(service, [watched('w1')]));
    const asked = daemon.reloadWith(configOf(service, [watched('w2')]));
    const ended = daemon.stop(1_000);
    expect(await asked).toEqual({ ok: false, errors: ['The exporter is shutting down'] });
    expect(await daemon.reload()).toEqual({ ok: false, errors: ['The exporter is shutting down'] });
    await ended;
    expect(reloads(daemon)).toEqual([]);
  });
});

test('shares one reload among concurrent requests, with a read after all of them', async (scope) => {
  const service = await runSimulator(scope, ENDLESS);
  const daemon = await runReloadedDaemon(scope, configOf(service, []));
  const outcomes = Array.from({ length: 200 }, (_, i) =>
    daemon.reloadWith(configOf(service, [watched('w1', { labels: { n: String(i) } })])),
  );
  expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => ({ ok: true })));
  const [info] = (await daemon.metrics()).samples('aws_nfm_query_info');
  expect(info?.labels['n']).toBe('199');
  expect(reloads(daemon).length).toBeLessThan(5);
});
