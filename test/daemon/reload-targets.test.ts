import { beforeAll, describe, expect, test, vi } from 'vitest';
import { setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { type ReloadedDaemon, runReloadedDaemon } from '../support/reloaded-daemon.ts';
import { endlessQueries, runSimulator, type SimulatedService } from '../support/simulated-service.ts';

const REGION = 'us-east-1';
const WAIT = { timeout: 10_000, interval: 50 };
const ROLE = 'arn:aws:iam::111122223333:role/reader';

/** Watched queries that run for ever; a role to assume; a monitor for each of `monitors`. */
function scenario(monitors: readonly string[] = []): Readonly<Record<string, unknown>> {
  const inventory = { monitors: monitors.map((name) => ({ name })), scopes: [] };
  return {
    accounts: [{ id: '111122223333', roles: [{ name: 'reader' }], regions: { [REGION]: inventory } }],
    queries: [endlessQueries(REGION, 'w{n}', { count: 9 })],
    startedQueries: [{ match: {}, outcome: 'none' }],
  };
}

function configOf({ url }: SimulatedService, queries: readonly object[], more: object = {}, aws: object = {}) {
  return {
    aws: { region: REGION, endpoint: url, stsEndpoint: url, requestsPerSecond: 50, maxAttempts: 1, ...aws },
    polling: { interval: '1h' },
    discovery: { monitorsEvery: '0s' },
    accounts: [{ name: 'a' }, { name: 'b' }],
    queries,
    ...more,
  };
}

function watched(name: string, account: string, more: object = {}): object {
  return { name, account, monitorName: 'checkout', queryId: name, ...more };
}

async function waitForPolls(daemon: ReloadedDaemon, names: readonly string[]): Promise<void> {
  await vi.waitFor(async () => {
    const page = await daemon.metrics('queries');
    for (const query of names) {
      expect(page.value('aws_nfm_query_up', { query }), query).toBe(1);
    }
  }, WAIT);
}

async function linesWith(daemon: ReloadedDaemon, text: string): Promise<readonly string[]> {
  const { body } = await daemon.text('/metrics');
  return body.split('\n').filter((line) => line.includes(text));
}

async function requestsIn(daemon: ReloadedDaemon, account: string): Promise<number | undefined> {
  const operation = 'GetQueryStatusMonitorTopContributors';
  return (await daemon.metrics('api')).value('aws_nfm_api_requests_total', { account, operation });
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('a target', () => {
  test('is added with its first query and removed with its last, including all of its series', async (scope) => {
    const service = await runSimulator(scope, scenario(['m']));
    const listed = { discovery: { monitorsEvery: '200ms' } };
    const one = configOf(service, [watched('w1', 'a')], listed);
    const daemon = await runReloadedDaemon(scope, one);
    await waitForPolls(daemon, ['w1']);
    expect(await linesWith(daemon, 'account="b"')).toEqual([]);

    await daemon.reloadWith(configOf(service, [watched('w1', 'a'), watched('w2', 'b')], listed));
    await waitForPolls(daemon, ['w1', 'w2']);
    await vi.waitFor(async () => {
      const page = await daemon.metrics('api', 'inventory');
      expect(page.samples('aws_nfm_monitor_status', { account: 'b' })).not.toEqual([]);
      expect(page.samples('aws_nfm_account_info', { account: 'b' })).toHaveLength(1);
    }, WAIT);
    expect(await requestsIn(daemon, 'a')).toBe(1);

    await daemon.reloadWith(one);
    expect(await linesWith(daemon, 'account="b"')).toEqual([]);
    const listings = await linesWith(daemon, 'account="a"');
    await vi.waitFor(async () => expect(await linesWith(daemon, 'account="a"')).not.toEqual(listings), WAIT);
    expect(await linesWith(daemon, 'account="b"')).toEqual([]);
    expect(await requestsIn(daemon, 'a')).toBe(1);
    expect(daemon.log.events.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('has its last run stopped on removal', async (scope) => {
    const service = await runSimulator(scope, scenario(['m']));
    const schedule = { metricName: 'TIMEOUTS', destinationCategory: 'INTER_AZ', schedule: { every: '1h' } };
    const daemon = await runReloadedDaemon(
      scope,
      configOf(service, [{ name: 's', account: 'a', monitorName: 'm', ...schedule }]),
    );
    await vi.waitFor(() => expect(service.simulator.runningQueries()).toHaveLength(1), WAIT);
    await daemon.reloadWith(configOf(service, []));
    await vi.waitFor(() => expect(service.simulator.runningQueries()).toEqual([]), WAIT);
    expect(await linesWith(daemon, 'account="a"')).toEqual([]);
  });

  test('gets new limits without a reset of its counters', async (scope) => {
    const service = await runSimulator(scope, scenario(['m']));
    const schedule = { metricName: 'TIMEOUTS', destinationCategory: 'INTER_AZ', schedule: { every: '1h' } };
    const queries = [watched('w1', 'a'), { name: 's', account: 'a', monitorName: 'm', ...schedule }];
    const daemon = await runReloadedDaemon(scope, configOf(service, queries));
    await waitForPolls(daemon, ['w1', 's']);
    const attempts = await requestsIn(daemon, 'a');
    await daemon.reloadWith(configOf(service, queries, {}, { requestsPerSecond: 7, maxConcurrentRuns: 2 }));
    const page = await daemon.metrics();
    expect(page.value('aws_nfm_api_budget_limit_requests_per_second')).toBe(7);
    expect(page.value('aws_nfm_api_budget_requests_per_second')).toBe(7);
    expect(page.value('aws_nfm_api_runs_limit')).toBe(2);
    expect(await requestsIn(daemon, 'a')).toBeGreaterThanOrEqual(attempts ?? Number.POSITIVE_INFINITY);
    expect(reloadsOf(daemon)).toEqual([{ file: daemon.file, added: 0, changed: 0, removed: 0 }]);
  });

  test('keeps a budget lowered by throttling over reloads', async (scope) => {
    const service = await runSimulator(scope, scenario());
    service.simulator.setFaults([{ kind: 'throttle', match: {} }]);
    const daemon = await runReloadedDaemon(scope, configOf(service, [watched('w1', 'a', { interval: '1s' })]));
    const rate = async () => (await daemon.metrics('api')).value('aws_nfm_api_budget_requests_per_second') ?? 0;
    await vi.waitFor(async () => expect(await rate()).toBeLessThan(30), WAIT);
    await daemon.reloadWith(configOf(service, [watched('w1', 'a', { interval: '1s' }), watched('w2', 'a')]));
    expect(await rate()).toBeLessThan(35);
    await daemon.reloadWith(configOf(service, [watched('w1', 'a', { interval: '1s' })], {}, { requestsPerSecond: 60 }));
    expect(await rate()).toBeLessThan(35);
    expect((await daemon.metrics()).value('aws_nfm_api_budget_limit_requests_per_second')).toBe(60);
  });
});

describe('an account', () => {
  test('with another endpoint gets new queries, without effect on other accounts', async (scope) => {
    const here = await runSimulator(scope, scenario());
    const there = await runSimulator(scope, scenario());
    const queries = [watched('w1', 'a', { interval: '200ms' }), watched('w2', 'b', { interval: '200ms' })];
    const daemon = await runReloadedDaemon(scope, configOf(here, queries));
    await waitForPolls(daemon, ['w1', 'w2']);
    const accounts = [{ name: 'a', endpoint: there.url }, { name: 'b' }];
    const registered = await linesWith(daemon, 'aws_nfm_query_registered_timestamp_seconds{query="w2"}');
    await daemon.reloadWith(configOf(here, queries, { accounts }));
    expect(reloadsOf(daemon)).toMatchObject([{ added: 0, changed: 1, removed: 0, changed_queries: 'w1' }]);
    await vi.waitFor(() => expect(there.arrivals('w1').length).toBeGreaterThan(2), WAIT);
    expect(there.arrivals('w2')).toEqual([]);
    const before = here.arrivals('w1').length;
    const polled = here.arrivals('w2').length;
    await vi.waitFor(() => expect(here.arrivals('w2').length).toBeGreaterThan(polled + 3), WAIT);
    expect(here.arrivals('w1')).toHaveLength(before);
    expect(await linesWith(daemon, 'aws_nfm_query_registered_timestamp_seconds{query="w2"}')).toEqual(registered);
  });

  test('with other credentials of the same role keeps its counters', async (scope) => {
    const service = await runSimulator(scope, scenario());
    const role = (roleSessionName: string) => ({
      accounts: [{ name: 'a', roleArn: ROLE, roleSessionName }, { name: 'b' }],
    });
    const queries = [watched('w1', 'a', { interval: '200ms' })];
    const daemon = await runReloadedDaemon(scope, configOf(service, queries, role('first')));
    await waitForPolls(daemon, ['w1']);
    const sessions = () => service.requests.filter(({ operation }) => operation === 'AssumeRole').length;
    expect(sessions()).toBe(1);
    const attempts = (await requestsIn(daemon, 'a')) ?? Number.POSITIVE_INFINITY;
    await daemon.reloadWith(configOf(service, queries, role('second')));
    expect(reloadsOf(daemon)).toEqual([{ file: daemon.file, added: 0, changed: 0, removed: 0 }]);
    await vi.waitFor(async () => {
      expect(sessions()).toBe(2);
      expect(await requestsIn(daemon, 'a')).toBeGreaterThan(attempts + 1);
    }, WAIT);
  });
});

describe('entries that follow monitors', () => {
  const follows = (name: string, more: object = {}) => ({
    name,
    account: 'a',
    monitorSelector: {},
    metricName: 'TIMEOUTS',
    destinationCategory: 'INTER_AZ',
    schedule: { every: '1h' },
    ...more,
  });
  const names = async (daemon: ReloadedDaemon) =>
    (await daemon.metrics('queries'))
      .samples('aws_nfm_query_info')
      .map(({ labels }) => labels['query'])
      .sort();

  test('are added, changed, and removed by reloads, at once with their queries', async (scope) => {
    const service = await runSimulator(scope, scenario(['m1', 'm2']));
    const listed = { discovery: { monitorsEvery: '1h' } };
    const daemon = await runReloadedDaemon(scope, configOf(service, [follows('e')], listed));
    await vi.waitFor(async () => expect(await names(daemon)).toEqual(['e:m1', 'e:m2']), WAIT);
    await vi.waitFor(() => expect(service.simulator.runningQueries()).toHaveLength(2), WAIT);
    const runs = service.simulator.runningQueries().map(({ queryId }) => queryId);

    await daemon.reloadWith(configOf(service, [follows('f'), follows('e', { labels: { team: 'x' } })], listed));
    expect(await names(daemon)).toEqual(['e:m1', 'e:m2', 'f:m1', 'f:m2']);
    expect(reloadsOf(daemon).at(-1)).toMatchObject({ added: 2, changed: 2, removed: 0 });
    const [info] = (await daemon.metrics()).samples('aws_nfm_query_info', { query: 'e:m1' });
    expect(info?.labels).toMatchObject({ team: 'x' });
    expect(service.simulator.runningQueries().map(({ queryId }) => queryId)).toEqual(expect.arrayContaining(runs));

    const one = follows('f', { monitorSelector: { name: '*1' } });
    await daemon.reloadWith(
      configOf(service, [one, follows('g', { name: 'f', monitorSelector: { name: 'm1' } })], listed),
    );
    expect(await names(daemon)).toEqual(['f:m1']);
    const logged = daemon.log.events.filter(({ msg }) => msg.startsWith('queries with taken names excluded'));
    expect(logged.map(({ fields }) => fields)).toMatchObject([
      { query: 'f:m1', entry: 'queries[1]', holder: 'queries[0]' },
    ]);
    expect(service.requests.filter(({ operation }) => operation === 'ListMonitors')).toHaveLength(1);

    await daemon.reloadWith(configOf(service, [{ ...one, monitorSelector: undefined, monitorName: ['m1'] }]));
    expect(await names(daemon)).toEqual(['f:m1']);
    expect(reloadsOf(daemon).at(-1)).toMatchObject({ added: 0, changed: 0, removed: 0 });
    expect(await linesWith(daemon, 'aws_nfm_monitor_status{')).toEqual([]);
  });
});

function reloadsOf(daemon: ReloadedDaemon) {
  return daemon.log.events.filter(({ msg }) => msg === 'configuration reloaded').map(({ fields }) => fields);
}
