import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { runSimulator, type SimulatedService } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
const WAIT = { timeout: 8_000, interval: 50 };
const ENTRY = { metricName: 'RETRANSMISSIONS', destinationCategory: 'INTER_AZ', schedule: { every: '1h' } };
const SCOPES = { ...ENTRY, type: 'workload-insights-top-contributors' };

interface Monitor {
  readonly name: string;
  readonly status?: 'ACTIVE' | 'INACTIVE';
  readonly tags?: Readonly<Record<string, string>>;
}

function scenario(monitors: readonly Monitor[], scopes: readonly object[] = []) {
  return {
    accounts: [{ id: ACCOUNT, regions: { [REGION]: { monitors, scopes } } }],
    startedQueries: [{ match: {}, queuedFor: '0s', runningFor: '200ms', rows: 2 }],
  };
}

function setMonitors({ simulator }: SimulatedService, names: readonly string[]): void {
  simulator.setMonitors(
    ACCOUNT,
    REGION,
    names.map((name) => ({ name, status: 'ACTIVE', tags: new Map() })),
  );
}

function configOf({ url }: SimulatedService, queries: readonly object[], more: object = {}) {
  return {
    aws: { region: REGION, endpoint: url, stsEndpoint: url, requestsPerSecond: 200, maxAttempts: 1 },
    discovery: { monitorsEvery: '200ms' },
    queries,
    ...more,
  };
}

function fail(service: SimulatedService, operation: string, status = 500): void {
  const name = status === 403 ? 'AccessDeniedException' : 'InternalServerException';
  service.simulator.setFaults([{ kind: 'error', name, status, match: { operation } }]);
}

async function matches(daemon: RunningDaemon): Promise<Readonly<Record<string, number>>> {
  const page = await daemon.metrics('inventory');
  const samples = page.samples('aws_nfm_selector_matches');
  expect(samples.every(({ labels }) => labels['account'] === 'default' && labels['aws_region'] === REGION)).toBe(true);
  return Object.fromEntries(samples.map(({ labels, value }) => [labels['query_group'] ?? '', value]));
}

function waitForMatches(daemon: RunningDaemon, expected: Readonly<Record<string, number>>): Promise<void> {
  return vi.waitFor(async () => expect(await matches(daemon)).toEqual(expected), WAIT);
}

function logged(daemon: RunningDaemon, msg: string) {
  return daemon.log.events.filter((event) => event.msg === msg);
}

async function listings(service: SimulatedService, operation: string, more: number): Promise<void> {
  const count = () => service.requests.filter((each) => each.operation === operation).length;
  const before = count();
  await vi.waitFor(() => expect(count()).toBeGreaterThanOrEqual(before + more), WAIT);
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('matches of selectors', () => {
  test('are counted for each selector, with one warning for a selector without matches', async (scope) => {
    const service = await runSimulator(
      scope,
      scenario([{ name: 'prod-a' }, { name: 'prod-b' }, { name: 'prod-off', status: 'INACTIVE' }], [{ scopeId: 's' }]),
    );
    const daemon = await runDaemon(
      scope,
      configOf(service, [
        { ...ENTRY, name: 'good', monitorSelector: { name: 'prod-*' } },
        { ...ENTRY, name: 'typo', monitorSelector: { name: 'prd-*' } },
        { ...ENTRY, name: 'status', monitorSelector: { name: 'prod-a', status: ['ERROR'] } },
        { ...ENTRY, name: 'named', monitorName: 'prod-a' },
        { ...SCOPES, name: 'scopes' },
      ]),
    );
    await waitForMatches(daemon, { good: 2, typo: 0, status: 0, scopes: 1 });
    await listings(service, 'ListMonitors', 4);
    expect(logged(daemon, 'selector unmatched')).toMatchObject(
      ['typo', 'status'].map((query_group) => ({
        level: 'warn',
        fields: { account: 'default', aws_region: REGION, query_group, monitors: 3, hint: expect.any(String) },
      })),
    );
    setMonitors(service, ['prd-x']);
    await waitForMatches(daemon, { good: 0, typo: 1, status: 0, scopes: 1 });
    expect(logged(daemon, 'selector matched again')).toMatchObject([
      { level: 'info', fields: { query_group: 'typo', matches: 1, duration: expect.stringMatching(/^\d+s$/) } },
    ]);
    expect(logged(daemon, 'selector unmatched').map(({ fields }) => fields['query_group'])).toEqual([
      'typo',
      'status',
      'good',
    ]);
  });

  test('of selectors with the same name are the fewest of them', async (scope) => {
    const service = await runSimulator(scope, scenario([{ name: 'a' }, { name: 'b' }]));
    const daemon = await runDaemon(
      scope,
      configOf(service, [
        { ...ENTRY, name: 'e', monitorSelector: {} },
        { ...ENTRY, name: 'e', metricName: 'TIMEOUTS', monitorSelector: { name: 'typo' } },
      ]),
    );
    await waitForMatches(daemon, { e: 0 });
  });

  test.each([
    ['monitors', 'ListMonitors', { ...ENTRY, name: 'e', monitorSelector: { name: 'a*' } }],
    ['scopes', 'ListScopes', { ...SCOPES, name: 'e' }],
  ])('are unknown, not 0, before %s are listed', async (_, operation, entry) => {
    for (const status of [500, 403]) {
      const scope = { onTestFinished: (end: () => Promise<void> | void) => ends.push(end) };
      const ends: (() => Promise<void> | void)[] = [];
      const service = await runSimulator(scope, scenario([{ name: 'b' }]));
      fail(service, operation, status);
      const daemon = await runDaemon(scope, configOf(service, [entry]));
      await listings(service, operation, 2);
      expect(await matches(daemon)).toEqual({});
      expect(logged(daemon, 'selector unmatched')).toEqual([]);
      service.simulator.setFaults([]);
      await waitForMatches(daemon, { e: 0 });
      expect(logged(daemon, 'selector unmatched')).toHaveLength(1);
      for (const end of ends.reverse()) {
        await end();
      }
    }
  });

  test('are kept while listings fail, and absent once the last one is stale', async (scope) => {
    const service = await runSimulator(scope, scenario([{ name: 'a' }]));
    const daemon = await runDaemon(scope, configOf(service, [{ ...ENTRY, name: 'e', monitorSelector: {} }]));
    await waitForMatches(daemon, { e: 1 });
    fail(service, 'ListMonitors');
    setMonitors(service, []);
    await waitForMatches(daemon, {});
    await listings(service, 'ListMonitors', 2);
    expect(logged(daemon, 'selector unmatched')).toEqual([]);
    expect((await daemon.metrics()).samples('aws_nfm_query_info')).toHaveLength(1);
  });

  test('by tags are unknown while tags cannot be read', async (scope) => {
    const service = await runSimulator(scope, scenario([{ name: 'a', tags: { env: 'prod' } }, { name: 'b' }]));
    fail(service, 'ListTags*', 403);
    const selector = (env: string) => ({ monitorSelector: { tags: { env } } });
    const daemon = await runDaemon(
      scope,
      configOf(service, [
        { ...ENTRY, name: 'good', ...selector('prod') },
        { ...ENTRY, name: 'typo', ...selector('prd') },
        { ...ENTRY, name: 'name', monitorSelector: { name: 'c', tags: { env: 'prod' } } },
      ]),
    );
    await waitForMatches(daemon, { name: 0 });
    await listings(service, 'ListMonitors', 3);
    expect(await matches(daemon)).toEqual({ name: 0 });
    service.simulator.setFaults([]);
    await waitForMatches(daemon, { good: 1, typo: 0, name: 0 });
    expect(logged(daemon, 'selector unmatched').map(({ fields }) => fields['query_group'])).toEqual(['name', 'typo']);
  });

  test('follow a reload at once, and are removed with their selector', async (scope) => {
    const service = await runSimulator(scope, scenario([{ name: 'prod-a' }]));
    const file = join(temporaryFolder(), 'config.json');
    const configure = (...queries: readonly object[]) => {
      const config = configOf(service, queries, { discovery: { monitorsEvery: '1h' } });
      writeFileSync(file, JSON.stringify(config));
      return config;
    };
    const entry = (name: string) => ({ ...ENTRY, name: 'e', monitorSelector: { name } });
    const other = { ...ENTRY, name: 'other', monitorName: 'prod-a' };
    const daemon = await runDaemon(scope, configure(entry('prd-*'), other), { file });
    await waitForMatches(daemon, { e: 0 });
    configure(entry('prod-*'), other);
    expect(await daemon.reload()).toEqual({ ok: true });
    expect(await matches(daemon)).toEqual({ e: 1 });
    expect(logged(daemon, 'selector matched again')).toHaveLength(1);
    configure(other);
    expect(await daemon.reload()).toEqual({ ok: true });
    expect(await matches(daemon)).toEqual({});
    configure(entry('typo'), other);
    expect(await daemon.reload()).toEqual({ ok: true });
    expect(await matches(daemon)).toEqual({ e: 0 });
    expect(logged(daemon, 'selector unmatched')).toHaveLength(2);
  });
});

describe('queries of discovery files', () => {
  test('are counted, with one warning for a file that becomes empty', async (scope) => {
    const service = await runSimulator(scope, scenario([{ name: 'a' }]));
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'queries.d'));
    const write = (name: string, text: string) => writeFileSync(join(folder, 'queries.d', name), text);
    const watched = JSON.stringify([{ name: 'w', monitorName: 'a', queryId: 'q' }]);
    write('a.yaml', watched);
    write('b.yaml', JSON.stringify([{ ...ENTRY, name: 's', monitorSelector: { name: 'typo' } }]));
    write('bad.yaml', '- [');
    const discovery = { files: ['queries.d/*.yaml'], monitorsEvery: '200ms' };
    const file = join(folder, 'config.json');
    const daemon = await runDaemon(scope, configOf(service, [], { discovery }), { file });
    const counts = async () =>
      Object.fromEntries(
        (await daemon.metrics('exporter'))
          .samples('aws_nfm_exporter_discovery_file_queries')
          .map(({ labels, value }) => [labels['file']?.split('/').at(-1), value]),
      );
    const waitForCounts = (expected: object) => vi.waitFor(async () => expect(await counts()).toEqual(expected), WAIT);
    expect(await counts(), 'never good: absent').toEqual({ 'a.yaml': 1, 'b.yaml': 1 });
    write('a.yaml', '- [');
    await vi.waitFor(async () => {
      const good = (await daemon.metrics('exporter')).samples('aws_nfm_exporter_discovery_file_last_load_successful');
      expect(good.map(({ value }) => value)).toEqual([0, 1, 0]);
    }, WAIT);
    expect(await counts(), 'as when it was good').toEqual({ 'a.yaml': 1, 'b.yaml': 1 });
    expect(logged(daemon, 'empty discovery file found')).toEqual([]);
    for (const empty of ['[]', '', '# nothing\n']) {
      write('a.yaml', empty);
      await waitForCounts({ 'a.yaml': 0, 'b.yaml': 1 });
    }
    expect(logged(daemon, 'empty discovery file found')).toMatchObject([
      { level: 'warn', fields: { file: expect.stringMatching(/a\.yaml$/), hint: expect.any(String) } },
    ]);
    write('a.yaml', watched);
    await waitForCounts({ 'a.yaml': 1, 'b.yaml': 1 });
    expect(logged(daemon, 'empty discovery file filled')).toMatchObject([{ level: 'info', fields: { queries: 1 } }]);
    rmSync(join(folder, 'queries.d', 'a.yaml'));
    await waitForCounts({ 'b.yaml': 1 });
  });
});
