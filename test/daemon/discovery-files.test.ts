import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from '../support/daemon.ts';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
/** Less than the time from reading to reading. */
const WAIT = { timeout: 8_000, interval: 50 };

/** An entry whose query runs for ever at the service, where its id is that of its monitor. */
const watched = (name: string, monitorName = name) => ({ name, monitorName, queryId: monitorName, interval: '100ms' });

/** A daemon with a directory of discovery files. */
async function follow(
  scope: TestScope,
  { files = {}, config = {} }: { readonly files?: Readonly<Record<string, unknown>>; readonly config?: object },
) {
  const monitors = ['a', 'b', 'c', 'd'].map((name) => ({ name, status: 'ACTIVE', tags: {} }));
  const service = await runSimulator(scope, {
    accounts: [{ id: ACCOUNT, regions: { [REGION]: { monitors } } }],
    queries: monitors.map(({ name }) => endlessQueries(REGION, name, { monitorName: name })),
    startedQueries: [{ match: {}, queuedFor: '0s', runningFor: '100ms', rows: 5 }],
  });
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'queries.d'));
  const write = (name: string, content: unknown) =>
    writeFileSync(join(folder, 'queries.d', name), typeof content === 'string' ? content : JSON.stringify(content));
  for (const [name, content] of Object.entries(files)) {
    write(name, content);
  }
  const file = join(folder, 'nfm-exporter.json');
  const configure = (more: object) => {
    const whole = {
      aws: { region: REGION, endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 200 },
      discovery: { files: ['queries.d/*.yaml', 'queries.d/*.json'], monitorsEvery: '300ms' },
      ...more,
    };
    writeFileSync(file, JSON.stringify(whole));
    return whole;
  };
  const daemon = await runDaemon(scope, configure(config), { file });
  /** `name monitor source`, of all queries. */
  const queries = (page: ExpositionPage) =>
    page
      .samples('aws_nfm_query_info')
      .map(({ labels }) => `${labels['query']} ${labels['monitor']} ${labels['source']}`)
      .sort();
  return {
    service,
    daemon,
    configure,
    write,
    remove: (name: string) => rmSync(join(folder, 'queries.d', name)),
    queries: async () => queries(await daemon.metrics()),
    waitForQueries: (...expected: readonly string[]) =>
      vi.waitFor(async () => expect(queries(await daemon.metrics('queries'))).toEqual(expected), WAIT),
    waitForPolls: (query: string) =>
      vi.waitFor(async () => {
        const page = await daemon.metrics('exporter', 'queries');
        expect(page.value('aws_nfm_query_status', { query, status: 'RUNNING' })).toBe(1);
      }, WAIT),
    /** `a.yaml 1`, of all files. */
    files: async () =>
      (await daemon.metrics())
        .samples('aws_nfm_exporter_discovery_file_last_load_successful')
        .map(({ labels, value }) => `${basename(labels['file'] ?? '')} ${value}`),
  };
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('the queries of discovery files', () => {
  test('are added, changed, and removed with their files, without effect on others', async (scope) => {
    const { daemon, write, remove, waitForQueries, waitForPolls, files } = await follow(scope, {
      files: { 'a.yaml': [watched('a'), { ...watched('b'), labels: { team: 'x' } }] },
      config: { queries: [watched('c')] },
    });
    await waitForQueries('a a file', 'b b file', 'c c config');
    await waitForPolls('b');
    const before = await daemon.metrics();
    expect(before.value('aws_nfm_exporter_registered_queries', { source: 'file' })).toBe(2);

    write('b.json', [watched('d')]);
    await waitForQueries('a a file', 'b b file', 'c c config', 'd d file');
    await waitForPolls('d');
    expect(await files()).toEqual(['a.yaml 1', 'b.json 1']);

    write('a.yaml', [watched('a', 'd'), { ...watched('b'), labels: { team: 'y' } }]);
    await waitForQueries('a d file', 'b b file', 'c c config', 'd d file');
    remove('b.json');
    await waitForQueries('a d file', 'b b file', 'c c config');
    expect(await files()).toEqual(['a.yaml 1']);
    const page = await daemon.metrics();
    expect(page.samples('aws_nfm_query_polls_total', { query: 'd' })).toEqual([]);
    expect(page.samples('aws_nfm_query_info', { query: 'b' })[0]?.labels['team']).toBe('y');
    for (const query of ['b', 'c']) {
      const registered = 'aws_nfm_query_registered_timestamp_seconds';
      expect(page.value(registered, { query })).toBe(before.value(registered, { query }));
      const polls = 'aws_nfm_query_polls_total';
      expect(page.value(polls, { query })).toBeGreaterThan(before.value(polls, { query }) ?? 0);
    }
    expect(daemon.log.events.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });

  test('are kept while their file is invalid, which prevents neither a start nor a reload', async (scope) => {
    const { daemon, write, configure, queries, waitForQueries, files } = await follow(scope, {
      files: { 'a.yaml': [watched('a')], 'b.yaml': '- { name: b, monitorName: b }' },
    });
    expect(await queries()).toEqual(['a a file']);
    expect(await files()).toEqual(['a.yaml 1', 'b.yaml 0']);
    write('a.yaml', '- [');
    await vi.waitFor(async () => expect(await files()).toEqual(['a.yaml 0', 'b.yaml 0']), WAIT);
    configure({ queries: [watched('c')] });
    expect(await daemon.reload()).toEqual({ ok: true });
    expect(await queries()).toEqual(['a a file', 'c c config']);
    const logged = daemon.log.events.filter(({ msg }) => msg === 'discovery file rejected').map(({ fields }) => fields);
    expect(logged.map(({ file }) => basename(String(file)))).toEqual(['b.yaml', 'a.yaml']);
    expect(logged.map(({ error }) => error)).toEqual([
      expect.stringMatching(/b\.yaml\[0\] \(line 1\): got neither queryId nor schedule, /),
      expect.stringMatching(/a\.yaml \(line 1\): got invalid YAML /),
    ]);
    write('a.yaml', '# nothing to watch');
    write('b.yaml', [watched('b')]);
    await waitForQueries('b b file', 'c c config');
  });

  test('yield their names to the configuration file, and to files with an earlier path', async (scope) => {
    const { daemon, write, remove, configure, queries, waitForQueries } = await follow(scope, {
      files: { 'a.yaml': [watched('x', 'a'), watched('y', 'a')], 'b.yaml': [watched('y', 'b'), watched('z', 'b')] },
      config: { queries: [watched('x', 'c')] },
    });
    expect(await queries()).toEqual(['x c config', 'y a file', 'z b file']);
    expect(daemon.log.events.filter(({ level }) => level === 'warn')).not.toEqual([]);
    write('0.yaml', [watched('z', 'd')]);
    await waitForQueries('x c config', 'y a file', 'z d file');
    remove('a.yaml');
    remove('0.yaml');
    await waitForQueries('x c config', 'y b file', 'z b file');
    configure({});
    write('a.yaml', [watched('x', 'a')]);
    await daemon.reload();
    expect(await queries()).toEqual(['x a file', 'y b file', 'z b file']);
  });

  test('follow the selected monitors', async (scope) => {
    const selecting = {
      name: 'every',
      monitorSelector: { name: '?' },
      metricName: 'TIMEOUTS',
      destinationCategory: 'INTER_AZ',
      schedule: { every: '1h' },
    };
    const { service, write, waitForQueries } = await follow(scope, { files: { 'a.yaml': [watched('a')] } });
    write('b.yaml', [selecting]);
    await waitForQueries('a a file', ...['a', 'b', 'c', 'd'].map((name) => `every:${name} ${name} file`));
    service.simulator.setMonitors(ACCOUNT, REGION, [{ name: 'b', status: 'ACTIVE', tags: new Map() }]);
    await waitForQueries('a a file', 'every:b b file');
    write('b.yaml', '[]');
    await waitForQueries('a a file');
  });

  test('change with a reload to other files in another configuration', async (scope) => {
    const { daemon, configure, queries, files } = await follow(scope, {
      files: { 'a.yaml': [{ ...watched('a'), account: 'x' }], 'b.yaml': [{ ...watched('b'), account: 'y' }] },
      config: { accounts: [{ name: 'x' }, { name: 'y' }] },
    });
    expect(await queries()).toEqual(['a a file', 'b b file']);
    configure({ accounts: [{ name: 'x' }], queryDefaults: { labels: { team: 'z' } } });
    await daemon.reload();
    expect(await queries()).toEqual(['a a file']);
    expect(await files()).toEqual(['a.yaml 1', 'b.yaml 0']);
    expect((await daemon.metrics()).samples('aws_nfm_query_info')[0]?.labels['team']).toBe('z');
    configure({ accounts: [{ name: 'y' }, { name: 'x' }], discovery: { files: ['queries.d/b.yaml'] } });
    await daemon.reload();
    expect(await queries()).toEqual(['b b file']);
    expect(await files()).toEqual(['b.yaml 1']);
    configure({ discovery: {} });
    await daemon.reload();
    expect(await queries()).toEqual([]);
    expect(await files()).toEqual([]);
  });
});
