import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandHere } from '../support/command-here.ts';
import { runCommand } from '../support/process.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const QUERIES = [
  { name: 'w', monitorName: 'checkout', queryId: 'q-1' },
  {
    name: 's',
    monitorName: 'checkout',
    metricName: '*',
    destinationCategory: '*',
    schedule: { every: '15m' },
  },
];
const WATCHED = {
  region: 'us-east-1',
  type: 'monitor-top-contributors',
  monitorName: 'checkout',
  queryId: 'q-1',
  outcome: 'none',
  queuedFor: 0,
};

function write(config: object): string {
  const file = join(temporaryFolder(), 'nfm-exporter.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

async function check(url: string, config: object, flags: readonly string[] = [], runIt = runCommandHere) {
  const file = write({
    aws: { region: 'us-east-1', endpoint: url, stsEndpoint: url, requestsPerSecond: 50 },
    discovery: { monitorsEvery: '0s' },
    queries: QUERIES,
    ...config,
  });
  const { code, stdout, stderr } = await runIt(['check-config', '--online', ...flags, file]);
  return { code, stdout: stdout.split(/warnings: \d+\n/)[1] ?? '', stderr };
}

describe('check-config --online', () => {
  it('reports identity, existence, and permissions, and changes nothing', async (scope) => {
    const { url, requests, simulator } = await runSimulator(scope, { queries: [WATCHED] });
    const { code, stdout, stderr } = await check(url, {}, [], (args) => runCommand(scope, args));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'default: arn:aws:iam::123456789012:user/simulator in AWS account 123456789012, credentials from env_vars',
      'default us-east-1: monitor checkout: exists, ACTIVE',
      'default us-east-1: query w: RUNNING',
      'default us-east-1: monitor-top-contributors of monitor checkout: status and results can be read; start and stop are not tested, because they change something',
      '',
    ]);
    expect(requests.map(({ operation }) => operation)).toEqual([
      'GetCallerIdentity',
      'GetMonitor',
      'GetQueryStatusMonitorTopContributors',
      'GetQueryStatusMonitorTopContributors',
      'GetQueryResultsMonitorTopContributors',
    ]);
    expect(simulator.runningQueries()).toEqual([]);
  });

  it('prints account, region, error, and advice for each failed check', async (scope) => {
    const { url } = await runSimulator(scope, {});
    const { code, stderr } = await check(url, {
      queries: [
        { name: 'gone', monitorName: 'checkout', queryId: 'none' },
        { name: 'org', type: 'workload-insights-top-contributors', scopeId: 'no-scope', queryId: 'none' },
      ],
    });
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^default us-east-1: scope no-scope: GetScope: ResourceNotFoundException: .*: check the name/,
      ),
      expect.stringMatching(/^default us-east-1: query gone: GetQueryStatusMonitor\w+: ResourceNotFoundException: /),
      expect.stringMatching(/^default us-east-1: query org: GetQueryStatusWorkload\w+: ResourceNotFoundException: /),
    ]);
  });

  it('accepts a missing permission that the daemon does not need', async (scope) => {
    const { url } = await runSimulator(scope, {
      queries: [WATCHED],
      faults: [{ kind: 'error', name: 'AccessDeniedException', status: 403, match: { operation: 'GetMonitor' } }],
    });
    const { code, stdout } = await check(url, {});
    expect(code).toBe(0);
    expect(stdout).toContain(
      'monitor checkout: existence unknown: GetMonitor is not allowed, and only this check needs it',
    );
  });

  it.for(['GetQueryStatus*', 'GetQueryResults*'])('reports that %s is not allowed', async (operation, scope) => {
    const { url } = await runSimulator(scope, {
      faults: [{ kind: 'error', name: 'AccessDeniedException', status: 403, match: { operation } }],
    });
    const { code, stderr } = await check(url, { queries: QUERIES.slice(1) });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^default us-east-1: monitor-top-contributors of monitor checkout: GetQuery\w+: AccessDeniedException: .*: allow /,
    );
  });

  it('reports missing credentials of an account once, and continues with other accounts', async (scope) => {
    const { url } = await runSimulator(scope, {
      faults: [{ kind: 'error', name: 'AccessDenied', status: 403, match: { operation: 'AssumeRole' } }],
    });
    const { code, stdout, stderr } = await check(url, {
      accounts: [
        { name: 'sound', region: 'us-east-1' },
        { name: 'refused', regions: ['us-east-1', 'eu-west-1'], roleArn: 'arn:aws:iam::111122223333:role/none' },
      ],
      queries: QUERIES.slice(1).map((query) => ({ ...query, account: '*' })),
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^sound: arn:aws:iam::123456789012:user\/simulator .*\nsound us-east-1: monitor checkout: exists/,
    );
    expect(stderr).toMatch(
      /^refused: GetCallerIdentity: CredentialsError: role arn:aws:iam::111122223333:role\/none: .*\n$/,
    );
  });

  it('reports one failure for each target if the service does not respond', async (scope) => {
    const { url, simulator } = await runSimulator(scope, {});
    await simulator.close();
    const { code, stderr } = await check(url, {});
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^default: GetCallerIdentity: NetworkError: .*: check the endpoint and the port: nothing accepts connections there$/,
      ),
      expect.stringMatching(/^default us-east-1: monitor checkout: GetMonitor: NetworkError: /),
      'default us-east-1: skipped 2 remaining checks',
    ]);
  });

  it('checks the listings of selectors and inventory without named queries', async (scope) => {
    const { url } = await runSimulator(scope, {
      faults: [{ kind: 'error', name: 'AccessDeniedException', status: 403, match: { operation: 'ListScopes' } }],
    });
    const { code, stdout, stderr } = await check(url, {
      discovery: { monitorsEvery: '5m' },
      queries: [{ ...QUERIES[1], monitorName: undefined, monitorSelector: { name: '*' } }],
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^default us-east-1: monitors: \d+ found$/m);
    expect(stderr).toMatch(/^default us-east-1: scopes: ListScopes: AccessDeniedException: .*: allow /);
  });

  describe('selectors', () => {
    const SELECTING = {
      name: 's',
      metricName: 'TIMEOUTS',
      destinationCategory: 'INTER_AZ',
      schedule: { every: '15m' },
    };
    const selecting = (monitorSelector: object, more: object = {}) => ({
      discovery: { monitorsEvery: '5m' },
      queries: [{ ...SELECTING, monitorSelector }],
      ...more,
    });
    const monitors = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        name: `prod-${i}`,
        status: 'ACTIVE',
        tags: { env: i % 2 ? 'x' : 'y' },
      }));
    const inventory = (count: number) => ({
      worlds: { pageSize: 5 },
      accounts: [{ id: '123456789012', regions: { 'us-east-1': { monitors: monitors(count) } } }],
    });

    it('lists matching monitors of a selector, and checks the permissions of its queries', async (scope) => {
      const { url, requests, simulator } = await runSimulator(scope, {});
      const { code, stdout, stderr } = await check(url, selecting({ name: 'prod-*', tags: { env: 'prod' } }));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n').slice(1)).toEqual([
        'default us-east-1: monitors: 8 found',
        'default us-east-1: scopes: 1 found',
        'default us-east-1: selector queries[0] (s): 2 of 8 monitors match name "prod-*", status ACTIVE, tags env: prod-orders, prod-search',
        'default us-east-1: monitor-top-contributors of monitor prod-orders: status and results can be read; start and stop are not tested, because they change something',
        '',
      ]);
      expect(requests.map(({ operation }) => operation).filter((operation) => /Query/.test(operation))).toEqual([
        'GetQueryStatusMonitorTopContributors',
        'GetQueryResultsMonitorTopContributors',
      ]);
      expect(simulator.runningQueries()).toEqual([]);
    });

    it.for(['GetQueryStatus*', 'GetQueryResults*', 'ListTagsForResource'])(
      'reports that %s is not allowed',
      async (operation, scope) => {
        const { url } = await runSimulator(scope, {
          faults: [{ kind: 'error', name: 'AccessDeniedException', status: 403, match: { operation } }],
        });
        const { code, stderr } = await check(url, selecting({ tags: { env: 'prod' } }));
        expect(code).toBe(1);
        expect(stderr).toMatch(/^default us-east-1: .*: (GetQuery\w+|ListTags\w+): AccessDeniedException: .*: allow /);
      },
    );

    it('shortens the list of matching monitors over all pages without --verbose', async (scope) => {
      const { url } = await runSimulator(scope, inventory(23));
      const { stdout } = await check(url, selecting({ name: 'prod-*' }));
      expect(stdout).toMatch(
        /: 23 of 23 monitors match name "prod-\*", status ACTIVE: (prod-\d+, ){9}prod-\d+ and 13 more\n/,
      );
      const verbose = await check(url, selecting({ name: 'prod-*' }), ['--verbose']);
      expect(verbose.stdout).toMatch(
        /: 23 of 23 monitors match name "prod-\*", status ACTIVE: (prod-\d+, ){22}prod-\d+\n/,
      );
    });

    it.for([{ name: 'prd-*' }, { status: ['INACTIVE'] }, { name: 'prod-?', tags: { env: 'z' } }])(
      'warns of a selector without matches, and still checks permissions: %j',
      async (selector, scope) => {
        const { url, requests } = await runSimulator(scope, inventory(3));
        const { code, stdout, stderr } = await check(url, selecting(selector));
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(stdout).toMatch(
          /^default us-east-1: warning: selector queries\[0\] \(s\): 0 of 3 monitors match name .*: it creates no queries; check the selector$/m,
        );
        expect(requests.map(({ operation }) => operation)).toContain('GetQueryResultsMonitorTopContributors');
        expect((await check(url, selecting(selector), ['--strict'])).code).toBe(1);
      },
    );

    it('reports equal findings of several targets once', async (scope) => {
      const { url } = await runSimulator(scope, {});
      const names = Array.from({ length: 13 }, (_, i) => `a${i}`);
      const more = { accounts: names.map((name) => ({ name })) };
      const config = {
        ...selecting({ name: 'prd-*' }, more),
        queries: [{ ...SELECTING, account: '*', monitorSelector: { name: 'prd-*' } }],
      };
      const { stdout } = await check(url, config);
      expect(stdout.split('\n').filter((line) => /match/.test(line))).toEqual([
        expect.stringMatching(
          /^a0 us-east-1, a1 us-east-1, .*, a9 us-east-1 and 3 more: warning: selector queries\[0\] \(s\): 0 of 8 monitors match/,
        ),
      ]);
      expect(stdout.split('\n')).toHaveLength(6);
      const verbose = await check(url, config, ['--verbose']);
      expect(verbose.stdout.match(/: warning: selector /g)).toHaveLength(13);
    });
  });

  describe('of cloudwatch', () => {
    const METRICS = { discovery: { monitorsEvery: '5m' }, queries: [] };
    const cloudwatch = (url: string, more: object = {}) => ({ ...METRICS, cloudwatch: { endpoint: url, ...more } });

    it('reads one metric once per account and region, without queries', async (scope) => {
      const { url, requests, simulator } = await runSimulator(scope, {});
      const accounts = [{ name: 'a', regions: ['us-east-1', 'eu-west-1'] }, { name: 'b' }];
      const { code, stdout, stderr } = await check(url, { ...cloudwatch(url), accounts });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(
        /^a us-east-1, a eu-west-1, b us-east-1: CloudWatch: HealthIndicator of monitor checkout has \d\d points in the last 1h; \d+ monitors?, \$\d\.\d\d per month$/m,
      );
      expect(requests.filter(({ operation }) => operation === 'GetMetricData')).toHaveLength(3);
      expect(simulator.metricsRequested()).toBe(3);
    });

    it('reports a missing permission, and continues with the checks of queries', async (scope) => {
      const { url } = await runSimulator(scope, {
        queries: [WATCHED],
        faults: [{ kind: 'error', name: 'AccessDenied', status: 403, match: { operation: 'GetMetricData' } }],
      });
      const { code, stdout, stderr } = await check(url, { ...cloudwatch(url), queries: QUERIES });
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^default us-east-1: CloudWatch: GetMetricData: AccessDeniedException: .*: allow the operation .*\n$/,
      );
      expect(stdout).toContain('query w: RUNNING');
    });

    it.for([
      [{ name: 'prod-*', tags: { env: 'prod' } }, {}, /prod-orders has \d\d points/],
      [{ name: 'nope' }, {}, /: warning: CloudWatch: 0 of 8 monitors match name "nope", status ACTIVE/],
      [{}, { incidents: [{ kind: 'metricsMissing' }] }, /: warning: CloudWatch: HealthIndicator .* has no points/],
    ] as const)('reads a metric of a matching monitor: %j', async ([monitors, scenario, line], scope) => {
      const { url } = await runSimulator(scope, scenario);
      const { code, stdout, stderr } = await check(url, cloudwatch(url, { monitors }));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(line);
    });
  });

  it('ends if a response never completes', async (scope) => {
    const { url } = await runSimulator(scope, { faults: [{ kind: 'hang' }] });
    const aws = { region: 'us-east-1', endpoint: url, stsEndpoint: url, requestTimeout: '300ms' };
    const { code, stderr } = await check(url, { aws });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^default: GetCallerIdentity: TimeoutError: .*\ndefault us-east-1: .*: TimeoutError: /);
  });

  it('does not call AWS for an invalid file or without --online', async (scope) => {
    const { url, requests } = await runSimulator(scope, {});
    expect((await check(url, { pollng: {} })).code).toBe(1);
    const file = write({ aws: { region: 'us-east-1', endpoint: url, stsEndpoint: url }, queries: QUERIES });
    expect((await runCommandHere(['check-config', file])).code).toBe(0);
    expect(requests).toEqual([]);
  });
});
