import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { runSimulator, type SimulatedService } from '../support/simulated-service.ts';

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
const WAIT = { timeout: 5_000, interval: 50 };

interface Monitor {
  readonly name: string;
  readonly status?: 'ACTIVE' | 'INACTIVE';
  readonly tags?: Readonly<Record<string, string>>;
}

/** An account with these monitors and scopes, whose queries live as `life` says. */
function scenario(
  inventory: { readonly monitors?: readonly Monitor[]; readonly scopes?: readonly { readonly scopeId: string }[] },
  life: Readonly<Record<string, unknown>> = { queuedFor: '0s', runningFor: '200ms', rows: 20 },
): Readonly<Record<string, unknown>> {
  const { monitors = [], scopes = [] } = inventory;
  return {
    accounts: [{ id: ACCOUNT, regions: { [REGION]: { monitors, scopes } } }],
    startedQueries: [{ match: {}, ...life }],
  };
}

function setMonitors({ simulator }: SimulatedService, monitors: readonly Monitor[]): void {
  simulator.setMonitors(
    ACCOUNT,
    REGION,
    monitors.map(({ name, status = 'ACTIVE', tags = {} }) => ({ name, status, tags: new Map(Object.entries(tags)) })),
  );
}

const EVERY_HOUR = { metricName: 'RETRANSMISSIONS', destinationCategory: 'INTER_AZ', schedule: { every: '1h' } };
const SCOPES = { ...EVERY_HOUR, type: 'workload-insights-top-contributors' };

function configOf(
  { url }: SimulatedService,
  queries: readonly object[],
  monitorsEvery = '500ms',
): Readonly<Record<string, unknown>> {
  return {
    aws: { region: REGION, endpoint: url, stsEndpoint: url, requestsPerSecond: 100, maxAttempts: 1 },
    discovery: { monitorsEvery },
    queries,
  };
}

function queryNames(page: ExpositionPage): readonly (string | undefined)[] {
  return page
    .samples('aws_nfm_query_info')
    .map(({ labels }) => labels['query'])
    .sort();
}

async function waitForQueries(daemon: RunningDaemon, names: readonly string[]): Promise<void> {
  await vi.waitFor(async () => expect(queryNames(await daemon.metrics('queries'))).toEqual([...names].sort()), WAIT);
}

async function waitForRuns(daemon: RunningDaemon, names: readonly string[]): Promise<void> {
  await vi.waitFor(async () => {
    const page = await daemon.metrics('queries');
    for (const query of names) {
      expect(page.value('aws_nfm_query_runs_total', { query, outcome: 'succeeded' }), query).toBe(1);
    }
  }, WAIT);
}

async function lines(daemon: RunningDaemon): Promise<readonly string[]> {
  const { body } = await daemon.text('/metrics?collect[]=queries&collect[]=contributors');
  return body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

function countOf(service: SimulatedService, operation: string): number {
  return service.requests.filter((each) => each.operation === operation).length;
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('queries of a selector', () => {
  test('are added and removed with monitors, including all of their series', async (scope) => {
    const a = { name: 'prod-a' };
    const b = { name: 'prod-b' };
    const service = await runSimulator(scope, scenario({ monitors: [a, { name: 'test-a' }] }));
    const daemon = await runDaemon(
      scope,
      configOf(service, [{ ...EVERY_HOUR, name: 'every', monitorSelector: { name: 'prod-*' } }]),
    );
    await waitForQueries(daemon, ['every:prod-a']);
    await waitForRuns(daemon, ['every:prod-a']);
    const before = await lines(daemon);
    expect(before.filter((line) => line.startsWith('aws_nfm_contributor_'))).not.toEqual([]);

    setMonitors(service, [a, b]);
    await waitForQueries(daemon, ['every:prod-a', 'every:prod-b']);
    await waitForRuns(daemon, ['every:prod-b']);
    const during = await lines(daemon);
    expect(during.length).toBeGreaterThan(before.length);
    expect((await daemon.metrics()).value('aws_nfm_exporter_registered_queries', { source: 'config' })).toBe(2);

    setMonitors(service, [a]);
    await waitForQueries(daemon, ['every:prod-a']);
    const after = await lines(daemon);
    expect(after.map((line) => line.replace(/ \S+$/, ''))).toEqual(before.map((line) => line.replace(/ \S+$/, '')));
    expect((await daemon.text('/api/v1/queries/every%3Aprod-b')).status).toBe(404);
    expect(daemon.log.events.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('cover all metrics and categories of their entry in each account and region, with the name of the monitor', async (scope) => {
    const service = await runSimulator(scope, scenario({ monitors: [{ name: 'm' }] }));
    const daemon = await runDaemon(scope, {
      ...configOf(service, [
        {
          ...EVERY_HOUR,
          name: 'e',
          account: '*',
          monitorSelector: {},
          metricName: ['TIMEOUTS', 'ROUND_TRIP_TIME'],
          destinationCategory: ['INTER_AZ'],
        },
      ]),
      accounts: [{ name: 'x', regions: [REGION] }],
    });
    await waitForQueries(daemon, [`e:x:${REGION}:m:TIMEOUTS:INTER_AZ`, `e:x:${REGION}:m:ROUND_TRIP_TIME:INTER_AZ`]);
    const [info] = (await daemon.metrics()).samples('aws_nfm_query_info');
    expect(info?.labels).toMatchObject({ monitor: 'm', query_group: 'e', source: 'config', account: 'x' });
  });

  test('have their run stopped at the service on removal, without counting it', async (scope) => {
    const service = await runSimulator(scope, scenario({ monitors: [{ name: 'm' }] }, { outcome: 'none' }));
    const daemon = await runDaemon(scope, configOf(service, [{ ...EVERY_HOUR, name: 'e', monitorSelector: {} }]));
    await vi.waitFor(() => expect(service.simulator.runningQueries()).toHaveLength(1), WAIT);
    setMonitors(service, []);
    await waitForQueries(daemon, []);
    await vi.waitFor(() => expect(countOf(service, 'StopQueryMonitorTopContributors')).toBe(1), WAIT);
    const page = await daemon.metrics();
    expect(page.samples('aws_nfm_query_runs_total')).toEqual([]);
    await vi.waitFor(async () => {
      expect((await daemon.metrics('api')).value('aws_nfm_api_runs', { state: 'active' })).toBe(0);
    }, WAIT);
  });

  test('are kept while listings fail, although the status of monitors becomes stale', async (scope) => {
    const service = await runSimulator(scope, scenario({ monitors: [{ name: 'm' }] }));
    const daemon = await runDaemon(
      scope,
      configOf(service, [{ ...EVERY_HOUR, name: 'e', monitorSelector: {} }], '300ms'),
    );
    await waitForQueries(daemon, ['e:m']);
    expect((await daemon.metrics()).samples('aws_nfm_monitor_status')).toHaveLength(5);
    service.simulator.setFaults([
      { kind: 'error', name: 'InternalServerException', status: 500, match: { operation: 'List*' } },
    ]);
    await vi.waitFor(
      async () => expect((await daemon.metrics('inventory')).samples('aws_nfm_monitor_status')).toEqual([]),
      WAIT,
    );
    const page = await daemon.metrics();
    expect(queryNames(page)).toEqual(['e:m']);
    expect(page.value('aws_nfm_inventory_last_success_timestamp_seconds', { kind: 'monitors' })).toBeGreaterThan(0);
    const failures = daemon.log.events.filter(({ msg }) => msg === 'listing failed');
    expect(failures.map(({ fields }) => fields?.['operation']).sort()).toEqual(['ListMonitors', 'ListScopes']);
    service.simulator.setFaults([]);
    await vi.waitFor(
      () => expect(daemon.log.events.filter(({ msg }) => msg === 'listing recovered')).toHaveLength(2),
      WAIT,
    );
    await vi.waitFor(async () => {
      expect((await daemon.metrics('inventory')).samples('aws_nfm_monitor_status')).toHaveLength(5);
    }, WAIT);
  });

  test('follow monitors on later pages', async (scope) => {
    const monitors = Array.from({ length: 60 }, (_, i) => ({ name: `m${i}` }));
    const service = await runSimulator(scope, scenario({ monitors }));
    const daemon = await runDaemon(scope, configOf(service, [{ ...EVERY_HOUR, name: 'e', monitorSelector: {} }], '1m'));
    await waitForQueries(
      daemon,
      monitors.map(({ name }) => `e:${name}`),
    );
    expect(countOf(service, 'ListMonitors')).toBe(3);
    expect((await daemon.metrics()).samples('aws_nfm_monitor_status')).toHaveLength(300);
  });

  test('follow tags, which are read only if needed, and kept', async (scope) => {
    const monitors = [
      { name: 'prod-a', tags: { env: 'prod', team: 'x' } },
      { name: 'prod-b', tags: { env: 'test' } },
      { name: 'prod-c', tags: {} },
      { name: 'other', tags: { env: 'prod' } },
      { name: 'prod-off', tags: { env: 'prod' }, status: 'INACTIVE' as const },
    ];
    const service = await runSimulator(scope, scenario({ monitors }));
    const selector = { name: 'prod-*', tags: { env: 'prod' } };
    const daemon = await runDaemon(scope, configOf(service, [{ ...EVERY_HOUR, name: 'e', monitorSelector: selector }]));
    await waitForQueries(daemon, ['e:prod-a']);
    const listings = countOf(service, 'ListMonitors');
    await vi.waitFor(() => expect(countOf(service, 'ListMonitors')).toBeGreaterThan(listings + 1), WAIT);
    expect(countOf(service, 'ListTagsForResource')).toBe(3);
  });

  test('are kept while reading the tags of their monitor fails', async (scope) => {
    const monitors = [{ name: 'm', tags: { env: 'prod' } }];
    const service = await runSimulator(scope, scenario({ monitors }));
    const daemon = await runDaemon(
      scope,
      configOf(service, [{ ...EVERY_HOUR, name: 'e', monitorSelector: { tags: { env: 'prod' } } }], '100ms'),
    );
    await waitForQueries(daemon, ['e:m']);
    service.simulator.setFaults([
      { kind: 'error', name: 'AccessDeniedException', status: 403, match: { operation: 'ListTags*' } },
    ]);
    await vi.waitFor(() => expect(countOf(service, 'ListTagsForResource')).toBeGreaterThan(2), WAIT);
    expect(queryNames(await daemon.metrics())).toEqual(['e:m']);
  });

  test('log failed reads of tags once, and their recovery once', async (scope) => {
    const monitors = ['m', 'n'].map((name) => ({ name, tags: { env: 'prod' } }));
    const service = await runSimulator(scope, scenario({ monitors }));
    service.simulator.setFaults([
      { kind: 'error', name: 'AccessDeniedException', status: 403, match: { operation: 'ListTags*' } },
    ]);
    const daemon = await runDaemon(
      scope,
      configOf(service, [{ ...EVERY_HOUR, name: 'e', monitorSelector: { tags: { env: 'prod' } } }], '100ms'),
    );
    const logged = () =>
      daemon.log.events.map(({ msg }) => msg).filter((msg) => msg === 'listing failed' || msg === 'listing recovered');
    await vi.waitFor(() => expect(countOf(service, 'ListTagsForResource')).toBeGreaterThan(6), WAIT);
    expect(logged()).toEqual(['listing failed']);
    service.simulator.setFaults([]);
    await waitForQueries(daemon, ['e:m', 'e:n']);
    await vi.waitFor(() => expect(logged()).toEqual(['listing failed', 'listing recovered']), WAIT);
  });

  test('need no tags if their selector has none', async (scope) => {
    const service = await runSimulator(scope, scenario({ monitors: [{ name: 'm', tags: { env: 'prod' } }] }));
    const selectors = [{}, { name: 'm' }].map((monitorSelector, n) => ({
      ...EVERY_HOUR,
      name: `e${n}`,
      monitorSelector,
    }));
    const daemon = await runDaemon(scope, configOf(service, selectors, '100ms'));
    await waitForQueries(daemon, ['e0:m', 'e1:m']);
    const listings = countOf(service, 'ListMonitors');
    await vi.waitFor(() => expect(countOf(service, 'ListMonitors')).toBeGreaterThan(listings + 1), WAIT);
    expect(countOf(service, 'ListTagsForResource')).toBe(0);
    const requests = (await daemon.metrics()).samples('aws_nfm_api_requests_total');
    expect(requests.filter(({ labels }) => labels['operation'] === 'ListTagsForResource')).toEqual([]);
  });

  test('follow monitors with the selected statuses', async (scope) => {
    const monitors = [{ name: 'on' }, { name: 'off', status: 'INACTIVE' as const }];
    const service = await runSimulator(scope, scenario({ monitors }));
    const selector = (status?: readonly string[]) => ({ monitorSelector: status === undefined ? {} : { status } });
    const daemon = await runDaemon(
      scope,
      configOf(service, [
        { ...EVERY_HOUR, name: 'usual', ...selector() },
        { ...EVERY_HOUR, name: 'off', ...selector(['INACTIVE']) },
        { ...EVERY_HOUR, name: 'both', ...selector(['INACTIVE', 'ACTIVE']) },
      ]),
    );
    await waitForQueries(daemon, ['usual:on', 'off:off', 'both:on', 'both:off']);
  });

  test('are excluded if another query has their name, which is logged once', async (scope) => {
    const service = await runSimulator(scope, scenario({ monitors: [{ name: 'a' }, { name: 'b' }] }));
    const daemon = await runDaemon(
      scope,
      configOf(service, [
        { ...EVERY_HOUR, name: 'e', monitorName: ['a'] },
        { ...EVERY_HOUR, name: 'e', monitorSelector: {} },
        { ...EVERY_HOUR, name: 'e', monitorSelector: { name: 'b' }, metricName: 'TIMEOUTS' },
      ]),
    );
    await waitForQueries(daemon, ['e:a', 'e:b']);
    await vi.waitFor(() => expect(countOf(service, 'ListMonitors')).toBeGreaterThan(2), WAIT);
    const page = await daemon.metrics();
    expect(page.samples('aws_nfm_query_info', { query: 'e:b' })[0]?.labels['metric_name']).toBe('RETRANSMISSIONS');
    const logged = daemon.log.events.filter(({ msg }) => msg.startsWith('queries with taken names excluded'));
    expect(logged.map(({ fields }) => fields)).toEqual([
      {
        account: 'default',
        aws_region: REGION,
        query: 'e:a',
        entry: 'queries[1]',
        holder: 'the config file',
        queries: 2,
      },
    ]);
  });
});

describe('queries of all scopes', () => {
  test('are created for each listed scope, with both types about scopes', async (scope) => {
    const scopes = [{ scopeId: 'scope-1' }, { scopeId: 'scope-2' }];
    const service = await runSimulator(scope, scenario({ scopes }));
    const daemon = await runDaemon(
      scope,
      configOf(service, [
        { ...SCOPES, name: 'rows' },
        { ...SCOPES, name: 'points', type: 'workload-insights-top-contributors-data' },
      ]),
    );
    const names = ['rows:scope-1', 'rows:scope-2', 'points:scope-1', 'points:scope-2'];
    await waitForQueries(daemon, names);
    await waitForRuns(daemon, names);
  });
});

describe('the inventory', () => {
  test('has only the targets in use', async (scope) => {
    const service = await runSimulator(scope, {
      ...scenario({ monitors: [{ name: 'on' }, { name: 'off', status: 'INACTIVE' }], scopes: [{ scopeId: 's' }] }),
    });
    const daemon = await runDaemon(scope, {
      ...configOf(service, [{ name: 'w', account: 'x', monitorName: 'on', queryId: 'q' }], '1m'),
      accounts: [
        { name: 'x', region: REGION },
        { name: 'idle', region: REGION },
      ],
    });
    await vi.waitFor(async () => {
      expect(
        (await daemon.metrics('inventory')).samples('aws_nfm_inventory_last_success_timestamp_seconds'),
      ).toHaveLength(2);
    }, WAIT);
    const page = await daemon.metrics();
    const states = (family: string) =>
      page
        .samples(family)
        .filter(({ value }) => value === 1)
        .map(({ labels }) => labels);
    expect(states('aws_nfm_monitor_status')).toEqual([
      { account: 'x', aws_region: REGION, monitor: 'on', status: 'ACTIVE' },
      { account: 'x', aws_region: REGION, monitor: 'off', status: 'INACTIVE' },
    ]);
    expect(states('aws_nfm_scope_status')).toEqual([
      { account: 'x', aws_region: REGION, scope_id: 's', status: 'SUCCEEDED' },
    ]);
    expect(page.samples('aws_nfm_monitor_status')).toHaveLength(10);
    expect(page.value('aws_nfm_api_errors_total', { operation: 'ListMonitors', error: 'AccessDeniedException' })).toBe(
      0,
    );
    const only = await daemon.text('/metrics?collect[]=inventory');
    expect(
      only.body.split('\n').filter((line) => /^aws_nfm_(?!monitor_|scope_|inventory_|selector_)/.test(line)),
    ).toEqual([]);
  });

  test('is not listed if the configuration disables it', async (scope) => {
    const service = await runSimulator(scope, scenario({ monitors: [{ name: 'm' }] }));
    const daemon = await runDaemon(scope, configOf(service, [{ ...EVERY_HOUR, name: 'e', monitorName: 'm' }], '0s'));
    await waitForRuns(daemon, ['e']);
    expect(service.requests.filter(({ operation }) => operation.startsWith('List'))).toEqual([]);
    const page = await daemon.metrics();
    expect(page.samples('aws_nfm_inventory_last_success_timestamp_seconds')).toEqual([]);
    expect(page.samples('aws_nfm_api_requests_total', { operation: 'ListMonitors' })).toEqual([]);
  });
});
