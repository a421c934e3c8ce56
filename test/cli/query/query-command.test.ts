import { describe, expect, it, type TestContext } from 'vitest';
import { runCommandHere } from '../../support/command-here.ts';
import { CLEAN_ENVIRONMENT, runCommand, startCommand } from '../../support/process.ts';
import { runSimulator } from '../../support/simulated-service.ts';

const RUN = ['--region=us-east-1', '--monitor-name=checkout'];
const ASKED = [...RUN, '--metric-name=RETRANSMISSIONS', '--destination-category=INTER_AZ'];
const QUICK = { queuedFor: 0, runningFor: '100ms' };

/** Returns a simulator whose started queries follow `life`, with the flag for its endpoint. */
async function simulator(scope: TestContext, life: Readonly<Record<string, unknown>>) {
  const service = await runSimulator(scope, { startedQueries: [{ match: {}, ...QUICK, ...life }] });
  return { ...service, endpoint: `--endpoint=${service.url}` };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.concurrent('query run', () => {
  it('prints contributors, the largest first, and progress on stderr', async (scope) => {
    const { endpoint } = await simulator(scope, { rows: 40 });
    const { code, stdout, stderr } = await runCommand(scope, ['query', 'run', ...ASKED, '--limit=30', endpoint]);
    expect(code).toBe(0);
    const [metric, query, window, , same, common, , titles, ...rows] = stdout.trimEnd().split('\n');
    expect(metric).toBe('Metric: RETRANSMISSIONS (count)');
    expect(query).toBe('Query:  monitor checkout, us-east-1, INTER_AZ');
    expect(window).toMatch(/^Window: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d to (\S+ )?\d\d:\d\d:\d\d UTC$/);
    expect(same).toBe('Same for all rows:');
    expect(common).toMatch(/^ {2}.*local_region=us-east-1/);
    expect(titles).toMatch(/^ *value {2}local_ip .*target_port/);
    const values = rows.map((row) => Number(row.trim().split(' ')[0]?.replaceAll(',', '')));
    expect(values).toHaveLength(30);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(stderr).toMatch(
      /^starting a query of monitor checkout in us-east-1: RETRANSMISSIONS, INTER_AZ, \S+Z to \S+Z\n/,
    );
    expect(stderr).toMatch(/\nquery [0-9a-f-]{36}\n[\s\S]*\nSUCCEEDED \(\d+s\)\nreading results, page 1 /);
    expect(stderr).toMatch(/\n30 contributors, limited by --limit: there may be more\n$/);
  });

  it('prints one JSON document with all fields of all pages', async (scope) => {
    const { endpoint, requests } = await simulator(scope, { rows: 60, unit: 'Count' });
    const window = ['--start=2026-01-01T00:00:00Z', '--end=2026-01-01T00:30:00Z'];
    const { code, stdout } = await runCommandHere(['query', 'run', ...ASKED, ...window, '--output=json', endpoint]);
    expect(code).toBe(0);
    const { rows, queryId, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({
      status: 'SUCCEEDED',
      type: 'monitor-top-contributors',
      region: 'us-east-1',
      monitorName: 'checkout',
      scopeId: null,
      metricName: 'RETRANSMISSIONS',
      destinationCategory: 'INTER_AZ',
      limit: 100,
      windowStart: '2026-01-01T00:00:00.000Z',
      windowEnd: '2026-01-01T00:30:00.000Z',
      unit: 'Count',
      assumedUnit: null,
      baseUnit: 'count',
    });
    expect(rows).toHaveLength(60);
    expect(rows[0]).toMatchObject({ localIp: expect.any(String), value: rows[0].baseValue });
    const pages = requests.filter(({ operation }) => operation === 'GetQueryResultsMonitorTopContributors');
    expect(pages.map((page) => page.queryId)).toEqual([queryId, queryId, queryId]);
  });

  it('prints CSV and TSV with plain numbers in base units, and omits mirror rows', async (scope) => {
    const { endpoint } = await simulator(scope, { rows: 40, unit: 'Kilobytes' });
    const query = [...RUN, '--metric-name=DATA_TRANSFERRED', '--destination-category=INTER_AZ', endpoint];
    const [csv, tsv] = await Promise.all(
      [
        ['--output=csv', '--no-mirror'],
        ['--output=tsv', '--limit=7'],
      ].map((flags) => runCommandHere(['query', 'run', ...query, ...flags])),
    );
    const [titles, ...rows] = (csv?.stdout ?? '')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    expect(titles?.slice(0, 6)).toEqual(['value', 'unit', 'metric_name', 'window_start', 'window_end', 'local_ip']);
    const port = titles?.indexOf('target_port') ?? -1;
    for (const row of rows) {
      expect(row).toHaveLength(titles?.length ?? 0);
      expect(row[0]).toMatch(/^\d*$/);
      expect(row.slice(1, 3)).toEqual(['bytes', 'DATA_TRANSFERRED']);
      expect(row[port]).toMatch(/^[1-9]\d*$/);
    }
    const values = rows.map(([value]) => Number(value));
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    const [, contributors = 0, omitted = 0] =
      /\n(\d+) contributors, (\d+) mirror rows omitted\n$/.exec(csv?.stderr ?? '') ?? [];
    expect(Number(contributors)).toBe(rows.length);
    expect(Number(contributors) + Number(omitted)).toBe(40);
    const lines = (tsv?.stdout ?? '').trimEnd().split('\n');
    expect(lines).toHaveLength(8);
    expect(lines[0]).toBe(titles?.join('\t'));
  });

  it('reports the assumed unit if the response has none', async (scope) => {
    const { endpoint } = await simulator(scope, { unit: null });
    const asked = [...RUN, '--metric-name=ROUND_TRIP_TIME', '--destination-category=INTER_AZ'];
    const { code, stdout, stderr } = await runCommandHere(['query', 'run', ...asked, '--limit=2', endpoint]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n *\S+ (µs|ms|s) /);
    expect(stderr).toMatch(/\nthe response has no unit: microseconds are assumed\n$/);
  });

  it.for([
    ['FAILED', /\nnfm-exporter: FAILED: the service gives no reason; try a shorter window/],
    ['CANCELED', /\nnfm-exporter: CANCELED: the query was stopped by another client/],
  ] as const)('exits with 1 and prints no results if the query is %s', async ([outcome, message], scope) => {
    const { endpoint } = await simulator(scope, { outcome });
    const { code, stdout, stderr } = await runCommandHere(['query', 'run', ...ASKED, endpoint]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('stops the query at the service after --timeout, and exits with 1', async (scope) => {
    const { endpoint, simulator: service } = await simulator(scope, { outcome: 'none' });
    const command = startCommand(scope, ['query', 'run', ...ASKED, '--timeout=1s', endpoint]);
    await until(() => service.runningQueries().length === 1);
    const { code, stdout, stderr } = await command.ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/\nstopped at the service\nnfm-exporter: no result after 1s; set a longer --timeout\n$/);
    expect(service.runningQueries()).toEqual([]);
  });

  it.for([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stops the query at the service at %s, and exits with %d', async ([signal, exitCode], scope) => {
    const { endpoint, simulator: service } = await simulator(scope, { outcome: 'none' });
    const command = startCommand(scope, ['query', 'run', ...ASKED, endpoint]);
    await until(() => command.stderr().includes('RUNNING'));
    expect(service.runningQueries()).toHaveLength(1);
    command.kill(signal);
    const { code, stdout, stderr } = await command.ended;
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toContain(`\nstopped at the service\nnfm-exporter: interrupted by ${signal}\n`);
    expect(service.runningQueries()).toEqual([]);
  });

  it('waits for the id of a starting query at SIGINT, to stop it', async (scope) => {
    const service = await runSimulator(scope, {
      startedQueries: [{ match: {}, outcome: 'none' }],
      faults: [{ kind: 'latency', delay: '1500ms', match: { operation: 'StartQuery*' } }],
    });
    const command = startCommand(scope, ['query', 'run', ...ASKED, `--endpoint=${service.url}`]);
    await until(() => command.stderr().includes('starting'));
    command.kill('SIGINT');
    const { code, stderr } = await command.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/\nwaiting for the query id, to stop the query; repeat to exit now/);
    expect(stderr).toMatch(/\nquery \S+\n[\s\S]*\nstopped at the service\n/);
    expect(service.simulator.runningQueries()).toEqual([]);
  });

  it('exits immediately at the second signal', async (scope) => {
    const service = await runSimulator(scope, { faults: [{ kind: 'hang', match: { operation: 'StartQuery*' } }] });
    const command = startCommand(scope, ['query', 'run', ...ASKED, `--endpoint=${service.url}`]);
    await until(() => command.stderr().includes('starting'));
    command.kill('SIGINT');
    await until(() => command.stderr().includes('waiting for the query id'));
    command.kill('SIGINT');
    expect(await command.ended).toMatchObject({ code: 130, stdout: '' });
  });

  it('reports why a start fails, with advice', async (scope) => {
    const { url } = await runSimulator(scope, {});
    const { code, stdout, stderr } = await runCommandHere([
      'query',
      'run',
      '--region=us-east-1',
      '--monitor-name=nowhere',
      ...ASKED.slice(2),
      `--endpoint=${url}`,
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/\nnfm-exporter: StartQueryMonitorTopContributors: \w+Exception: .*: (check|correct) /);
  });

  it('exits with 1 without credentials, and with 2 without a region', async (scope) => {
    const { AWS_ACCESS_KEY_ID: _, ...env } = CLEAN_ENVIRONMENT;
    const { code, stderr } = await runCommand(scope, ['query', 'run', ...ASKED], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/: CredentialsError: .*: provide credentials: set AWS_PROFILE/);
    const withoutRegion = await runCommandHere(['query', 'run', ...ASKED.slice(1)]);
    expect(withoutRegion).toMatchObject({ code: 2, stdout: '' });
    expect(withoutRegion.stderr).toMatch(/^nfm-exporter: --region is required: neither AWS_REGION nor the profile/);
  });

  it('uses the region of the environment', async (scope) => {
    const { endpoint } = await simulator(scope, {});
    const env = { ...CLEAN_ENVIRONMENT, AWS_REGION: 'eu-west-1' };
    const { code, stderr } = await runCommand(scope, ['query', 'run', ...ASKED.slice(1), endpoint], env);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^starting a query of monitor checkout in eu-west-1: /);
  });

  it('continues after a poll fails with all its attempts, and reports the failure', async (scope) => {
    const service = await runSimulator(scope, {
      startedQueries: [{ match: {}, ...QUICK }],
      faults: [{ kind: 'reset', match: { operation: 'GetQueryStatus*' }, times: 3 }],
    });
    const { code, stderr } = await runCommandHere(['query', 'run', ...ASKED, `--endpoint=${service.url}`]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/\nGetQueryStatusMonitorTopContributors: NetworkError: .*; trying again\n/);
  });

  it('repeats a failed page of results', async (scope) => {
    const service = await runSimulator(scope, {
      startedQueries: [{ match: {}, ...QUICK }],
      faults: [{ kind: 'body', body: 'garbage', match: { operation: 'GetQueryResults*' }, times: 2 }],
    });
    const { code, stdout, stderr } = await runCommandHere(['query', 'run', ...ASKED, `--endpoint=${service.url}`]);
    expect(code).toBe(0);
    expect(stdout).toContain('local_vpc_id');
    expect(stderr).toMatch(/\nGetQueryResultsMonitorTopContributors: InvalidResponse: .*; trying again\n/);
  });

  it('starts a query only once if the response is lost, and reports that it may run', async (scope) => {
    const service = await runSimulator(scope, {
      startedQueries: [{ match: {}, ...QUICK }],
      faults: [{ kind: 'reset', after: 'headers', match: { operation: 'StartQuery*' } }],
    });
    const { code, stderr } = await runCommandHere(['query', 'run', ...ASKED, `--endpoint=${service.url}`]);
    expect(code).toBe(1);
    expect(stderr).toContain('the service may have started the query');
    expect(service.requests.filter(({ operation }) => operation.startsWith('StartQuery'))).toHaveLength(1);
  });

  it('stops the query if polls fail permanently', async (scope) => {
    const service = await runSimulator(scope, {
      startedQueries: [{ match: {}, outcome: 'none' }],
      faults: [{ kind: 'error', name: 'AccessDeniedException', status: 403, match: { operation: 'GetQueryStatus*' } }],
    });
    const { code, stderr } = await runCommandHere(['query', 'run', ...ASKED, `--endpoint=${service.url}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /\nstopped at the service\nnfm-exporter: GetQueryStatus\w+: AccessDeniedException: .*: allow /,
    );
    expect(service.simulator.runningQueries()).toEqual([]);
  });
});

describe.concurrent('query watch', () => {
  const fixed = (more: Readonly<Record<string, unknown>>) => ({
    queries: [
      {
        region: 'us-east-1',
        type: 'monitor-top-contributors',
        monitorName: 'checkout',
        queryId: 'q',
        ...QUICK,
        ...more,
      },
    ],
  });

  it('follows a query until it succeeds, and uses the unit of the response', async (scope) => {
    const { url } = await runSimulator(scope, fixed({ metricName: 'DATA_TRANSFERRED', unit: 'Kilobytes', limit: 3 }));
    const { code, stdout, stderr } = await runCommandHere([
      'query',
      'watch',
      ...RUN,
      '--query-id=q',
      `--endpoint=${url}`,
    ]);
    expect(code).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .slice(7)
        .every((row) => /^ *[\d.,]+ [kMGTP]?B {2}/.test(row)),
    ).toBe(true);
    expect(stderr).toMatch(/^following query q of monitor checkout in us-east-1\n/);
    expect(stderr).toMatch(/\n3 contributors\n$/);
  });

  it('shows values without conversion if their unit is unknown', async (scope) => {
    const { url } = await runSimulator(scope, fixed({ unit: null, limit: 3 }));
    const watch = ['query', 'watch', ...RUN, '--query-id=q', `--endpoint=${url}`];
    const { stdout, stderr } = await runCommandHere([...watch, '--output=json']);
    const { rows, ...rest } = JSON.parse(stdout);
    expect(rest).toMatchObject({ queryId: 'q', metricName: null, windowStart: null, unit: null, baseUnit: null });
    expect(rows[0]).toMatchObject({ value: expect.any(Number), baseValue: null });
    expect(stderr).toMatch(/\nthe response has no unit: values are shown without conversion; set --metric-name=METRIC/);
    const withMetric = await runCommandHere([...watch, '--output=json', '--metric-name=DATA_TRANSFERRED']);
    expect(JSON.parse(withMetric.stdout)).toMatchObject({ assumedUnit: 'bytes', baseUnit: 'bytes' });
  });

  it('does not stop a watched query at SIGINT', async (scope) => {
    const { url, requests } = await runSimulator(scope, fixed({ outcome: 'none' }));
    const command = startCommand(scope, ['query', 'watch', ...RUN, '--query-id=q', `--endpoint=${url}`]);
    await until(() => command.stderr().includes('RUNNING'));
    command.kill('SIGINT');
    expect(await command.ended).toMatchObject({ code: 130, stdout: '' });
    expect(new Set(requests.map(({ operation }) => operation))).toEqual(
      new Set(['GetQueryStatusMonitorTopContributors']),
    );
  });

  it('exits with 1 for a query that does not exist', async (scope) => {
    const { url } = await runSimulator(scope, {});
    const { code, stderr } = await runCommandHere(['query', 'watch', ...RUN, '--query-id=q', `--endpoint=${url}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/: ResourceNotFoundException: .*: check the name or ID, the account, and the Region\n$/);
  });
});
