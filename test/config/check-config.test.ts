import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../src/cli/check/check-config.ts';
import { WHOLE } from '../../src/model/shard.ts';
import { temporaryFolderOfFile } from '../support/temporary-folder.ts';
import { FIXTURE_ENV, FIXTURES, readFixture } from './fixtures.ts';

const folder = temporaryFolderOfFile();

async function check(file: string, strict = false, region?: string, verbose = false) {
  const output = { stdout: '', stderr: '' };
  const code = await checkConfig({
    file,
    shard: WHOLE,
    online: undefined,
    strict,
    verbose,
    env: FIXTURE_ENV,
    fallbackRegion: async () => region,
    stdout: {
      write: (text) => {
        output.stdout += text;
      },
    },
    stderr: {
      write: (text) => {
        output.stderr += text;
      },
    },
  });
  return { code, ...output };
}

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const WARNED = `
aws: { region: eu-west-1, requestsPerSecond: 0.5 }
accounts: [{ name: payments, regions: [us-east-1], requestsPerSecond: 0.05 }, { name: shop }]
queries:
  - { name: a, monitorName: m, queryId: q, account: payments, labels: { env: live } }
  - { name: b, monitorName: m, queryId: q, account: "*" }
  - { name: c, type: workload-insights-top-contributors, scopeId: s, queryId: r, account: shop, interval: 1s }
`;
const WARNINGS = [
  'accounts[0].requestsPerSecond (line 3): got 0.05, expected at least 0.0667, what the queries of account "payments" in us-east-1 need',
  'queries[0].labels.env (line 5): got the label "env", expected a name that scrape targets rarely have: Prometheus may rename it to exported_env',
  'queries[1].queryId (line 6): got "q", expected a different query: queries[0] (line 5) polls the same one',
];
const AWS_WARNING =
  'aws.requestsPerSecond (line 2): got 0.5, expected at least 1.04, what the queries of account "shop" in eu-west-1 need';

describe('check-config', () => {
  it('prints a summary of a valid file and exits with 0', async () => {
    const file = `${FIXTURES}everything.ok.yml`;
    expect(await check(file)).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        `${file}: valid`,
        'queries: 3',
        '  monitor-top-contributors: 1 watched, 1 scheduled',
        '  workload-insights-top-contributors-data: 1 watched',
        'targets: 2',
        '  default us-east-1: 2 queries, 0.0712 of 2.5 requests per second, 0.00556 of 3 concurrent runs',
        '  payments eu-isoe-west-1: 1 query, 0.2 of 0.5 requests per second',
        'contributor series: at most 60 of 3000',
        'warnings: 0',
        '',
      ].join('\n'),
    });
  });

  it('prints the price of metrics from CloudWatch per month', async () => {
    const config = {
      aws: { region: 'us-east-1' },
      cloudwatch: {},
      accounts: [
        { name: 'a' },
        { name: 'b', regions: ['us-east-1', 'us-west-2'], cloudwatch: { metrics: '*', sumsInterval: '1m' } },
        { name: 'c', cloudwatch: { metrics: '*', maxMetricsPerDay: 50_000 } },
        { name: 'd', cloudwatch: { metrics: '*', monitors: { name: 'prod-*' }, maxMetricsPerDay: 3_000 } },
      ],
      queries: ['prod-1', 'prod-2', 'dev'].map((monitorName) => ({
        name: monitorName,
        account: ['a', 'd'],
        monitorName,
        queryId: 'q',
      })),
    };
    const { code, stdout } = await check(write('priced.json', JSON.stringify(config)));
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    const from = lines.findIndex((line) => line.startsWith('CloudWatch'));
    expect(lines.slice(from, -2)).toEqual([
      'CloudWatch: 5 targets, $1.84 per month for the 5 monitors that queries name',
      '  a us-east-1: HealthIndicator every 1m: $0.43 per month for each monitor',
      '  b us-east-1, b us-west-2: HealthIndicator every 1m, 4 other metrics every 1m: $2.16 per month for each monitor',
      '  c us-east-1: HealthIndicator every 1m, 4 other metrics every 5m: $0.78 per month for each monitor; at most 50000 metrics per day ($15.00 per month) are enough for 19 monitors; with more, intervals are stretched',
      '  d us-east-1: HealthIndicator every 1m, 4 other metrics every 5m: $0.78 per month for each monitor; at most 3000 metrics per day ($0.90 per month) stretch interval to 2m and sumsInterval to 30m for the 2 monitors that queries name',
    ]);
  });

  it('prints nothing about CloudWatch without its section', async () => {
    expect((await check(`${FIXTURES}everything.ok.yml`)).stdout).not.toContain('CloudWatch');
  });

  it('prints all errors on stderr and exits with 1', async () => {
    expect(await check(`${FIXTURES}accounts.bad.yml`)).toEqual({
      code: 1,
      stdout: '',
      stderr: readFixture('accounts.bad.txt'),
    });
  });

  it('prints warnings with the summary', async () => {
    const { code, stdout, stderr } = await check(write('warned.yml', WARNED));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(-6, -1)).toEqual(
      ['warnings: 4', AWS_WARNING, ...WARNINGS].map((line, index) => (index === 0 ? line : `  ${line}`)),
    );
  });

  it('treats warnings as errors with --strict', async () => {
    const file = write('strict.yml', WARNED);
    expect(await check(file, true)).toEqual({
      code: 1,
      stdout: '',
      stderr: `${[AWS_WARNING, ...WARNINGS].join('\n')}\n`,
    });
  });

  it('warns of a default budget that is too low', async () => {
    const queries = Array.from({ length: 6 }, (_, i) => ({
      name: `q${i}`,
      monitorName: 'm',
      queryId: `q${i}`,
      interval: '1s',
    }));
    const { stdout } = await check(write('busy.json', JSON.stringify({ queries })), false, 'eu-west-1');
    expect(stdout).toContain(
      '\n  queries (line 1): got queries that need 6 requests per second of account "default" in eu-west-1, expected at most 5, its requestsPerSecond\n',
    );
  });

  it('does not warn if the budget is exactly sufficient', async () => {
    const queries = Array.from({ length: 9 }, (_, i) => ({
      name: `q${i}`,
      monitorName: 'm',
      queryId: `q${i}`,
      interval: '3s',
    }));
    const file = write('full.json', JSON.stringify({ aws: { requestsPerSecond: 3, region: 'eu-west-1' }, queries }));
    expect((await check(file, true)).stderr).toBe('');
  });

  it('warns of schedules that exceed the limits of runs, requests, and series', async () => {
    const entry = {
      monitorName: 'm',
      destinationCategory: '*',
      metricName: '*',
      schedule: { every: '1m' },
      limit: 500,
    };
    const queries = [{ name: 'a', ...entry }];
    const config = {
      aws: { region: 'eu-west-1', requestsPerSecond: 4 },
      queries,
      contributors: { maxSeriesPerQuery: 2000 },
    };
    const given = { ...config, contributors: { maxSeries: 10_000 }, accounts: [{ name: 'x', maxConcurrentRuns: 4 }] };
    const warningsOf = async (name: string, content: object) => {
      const { code, stdout } = await check(write(name, JSON.stringify(content)));
      expect(code).toBe(0);
      return stdout.slice(stdout.indexOf('targets: ')).trim().split('\n  ');
    };
    // 28 queries: 28 × 8 requests and 28 runs of 10 s per minute, 28 × 500 series.
    expect(await warningsOf('by-default.json', { ...config, contributors: { maxSeries: 14_000 } })).toEqual([
      'targets: 1',
      'default eu-west-1: 28 queries, 3.74 of 4 requests per second, 4.67 of 5 concurrent runs\ncontributor series: at most 14000 of 14000\nwarnings: 0',
    ]);
    expect(await warningsOf('given.json', given)).toEqual([
      'targets: 1',
      'x eu-west-1: 28 queries, 3.74 of 4 requests per second, 4.67 of 4 concurrent runs\ncontributor series: at most 14000 of 10000\nwarnings: 2',
      'accounts[0].maxConcurrentRuns (line 1): got 4, expected at least 5, what the schedules of account "x" in eu-west-1 need if a run takes 10s',
      'contributors.maxSeries (line 1): got 10000, expected at least 14000, the most series that the queries can have',
    ]);
    const many = Array.from({ length: 4 }, (_, i) => ({ name: `q${i}`, ...entry, monitorName: `m${i}` }));
    expect((await warningsOf('many.json', { aws: { region: 'eu-west-1' }, queries: many })).slice(2)).toEqual([
      'queries (line 1): got queries that need 15 requests per second of account "default" in eu-west-1, expected at most 5, its requestsPerSecond',
      'queries (line 1): got schedules that need 19 concurrent runs of account "default" in eu-west-1 if a run takes 10s, expected at most 5, its maxConcurrentRuns',
      'queries (line 1): got queries that can have 56000 contributor series, expected at most 50000, contributors.maxSeries',
    ]);
  });

  it('rejects unreadable files', async () => {
    const missing = join(folder, 'missing.yml');
    expect(await check(missing)).toEqual({
      code: 1,
      stdout: '',
      stderr: `cannot read ${missing}: no such file or directory\n`,
    });
    expect((await check(folder)).stderr).toBe(`cannot read ${folder}: it is a directory\n`);
    const loop = join(folder, 'loop.yml');
    symlinkSync(loop, loop);
    expect((await check(loop)).stderr).toBe(`cannot read ${loop}: too many symbolic links encountered\n`);
    const below = join(write('file.yml', '{}'), 'nfm.yml');
    expect((await check(below)).stderr).toBe(`cannot read ${below}: not a directory\n`);
    const latin1 = write('latin1.yml', Buffer.from('x-name: caf\xe9\n', 'latin1'));
    expect((await check(latin1)).stderr).toBe(
      `${latin1}: got bytes that are not valid UTF-8, expected YAML in UTF-8\n`,
    );
  });

  it('lists entries with selectors, and counts the targets that only they use', async () => {
    const { code, stdout } = await check(`${FIXTURES}selectors.ok.yml`);
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(1, 7)).toEqual([
      'queries: 2',
      '  monitor-top-contributors: 1 scheduled',
      '  workload-insights-top-contributors-data: 1 scheduled',
      'and those of queries[0], queries[1], queries[3], for each discovered monitor or scope',
      'targets: 1',
      '  default eu-west-1: 2 queries, 0.0178 of 5 requests per second, 0.0223 of 5 concurrent runs',
    ]);
    const alone = write(
      'alone.yml',
      'queries: [{ name: a, monitorSelector: {}, metricName: TIMEOUTS, destinationCategory: INTER_AZ, schedule: { every: 1h } }]',
    );
    expect((await check(alone, true, 'eu-west-1')).stdout).toContain(
      'targets: 1\n  default eu-west-1: only queries of selectors, at most 5 requests per second, 5 concurrent runs\n',
    );
  });

  it('shows the load of each discovered monitor, and groups equal targets', async () => {
    const accounts = Array.from({ length: 120 }, (_, i) => ({ name: `acc${i}`, profile: `p${i}` }));
    const entry = {
      account: '*',
      monitorSelector: { name: 'prd-*' },
      metricName: ['TIMEOUTS', 'RETRANSMISSIONS'],
      destinationCategory: 'INTER_AZ',
      limit: 200,
      schedule: { every: '15m' },
    };
    const config = { accounts, queries: [{ name: 's', ...entry }] };
    const file = write('many.json', JSON.stringify(config));
    const { code, stdout } = await check(file, true, 'eu-west-1');
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        `${file}: valid`,
        'queries: those of queries[0], for each discovered monitor or scope',
        'targets: 120',
        '  120 targets, each only queries of selectors, at most 5 requests per second, 5 concurrent runs: acc0, acc1, acc2 and 117 more in eu-west-1',
        'selectors: 1',
        '  queries[0] (s): 2 queries per matching monitor, up to 200 series each, 0.0178 requests per second for each monitor, in each of 120 targets',
        'warnings: 0',
        '',
      ].join('\n'),
    );
    const verbose = await check(file, true, 'eu-west-1', true);
    expect(verbose.stdout.match(/^ {2}acc\d+ eu-west-1: only queries of selectors, /gm)).toHaveLength(120);
    // Targets with other limits or other queries have their own lines.
    const [first = {}, second = {}] = accounts;
    const others = {
      accounts: [{ ...first, requestsPerSecond: 7, regions: ['eu-west-1', 'us-east-1'] }, second],
      queries: [
        { name: 's', ...entry, limit: 500, metricName: '*' },
        { name: 'w', account: 'acc1', monitorName: 'm', queryId: 'q' },
        {
          name: 'o',
          account: 'acc1',
          type: 'workload-insights-top-contributors',
          metricName: 'TIMEOUTS',
          destinationCategory: '*',
          schedule: { every: '1h' },
        },
      ],
      contributors: { maxSeriesPerQuery: 300 },
    };
    expect(
      (await check(write('two.json', JSON.stringify(others)), true, 'eu-west-1')).stdout.split('\n').slice(1, 10),
    ).toEqual([
      'queries: 1',
      '  monitor-top-contributors: 1 watched',
      'and those of queries[0], queries[2], for each discovered monitor or scope',
      'targets: 3',
      '  acc1 eu-west-1: 1 query, 0.0334 of 5 requests per second',
      '  2 targets, each only queries of selectors, at most 7 requests per second, 5 concurrent runs: acc0 eu-west-1, acc0 us-east-1',
      'selectors: 2',
      '  queries[0] (s): 4 queries per matching monitor, up to 300 series each, 0.0356 requests per second for each monitor, in each of 3 targets',
      '  queries[2] (o): 7 queries per scope, up to 100 series each, 0.0156 requests per second for each scope, in 1 target',
    ]);
  });

  it('shortens long lists without --verbose', async () => {
    mkdirSync(join(folder, 'long.d'));
    for (let i = 10; i < 35; i++) {
      write(`long.d/${i}.yml`, `- { name: q${i}, monitorName: m, queryId: q${i}, account: a${i} }\n`);
    }
    const accounts = Array.from({ length: 25 }, (_, i) => ({ name: `a${i + 10}`, requestsPerSecond: i + 1 }));
    const file = write(
      'long.json',
      JSON.stringify({ aws: { region: 'eu-west-1' }, accounts, discovery: { files: ['long.d/*.yml'] } }),
    );
    const { stdout } = await check(file, true);
    expect(stdout.match(/^ {2}… and 15 more \(--verbose shows all\)$/gm)).toHaveLength(2);
    expect(stdout.split('\n')).toHaveLength(29);
    const verbose = await check(file, true, undefined, true);
    expect(verbose.stdout).not.toContain('more');
    expect(verbose.stdout.split('\n')).toHaveLength(57);
  });

  it('includes discovery files in the summary', async () => {
    mkdirSync(join(folder, 'queries.d'));
    const file = write(
      'with-files.yml',
      `{ aws: { region: eu-west-1, requestsPerSecond: 0.1 }, discovery: { files: ["queries.d/*.yaml", "${folder}/none/*.json"] }, queries: [{ name: a, monitorName: m, queryId: q }] }`,
    );
    expect((await check(file, true)).stdout).toContain('valid\ndiscovery files: 0\nqueries: 1\n');
    const [b, c] = [join(folder, 'queries.d/b.yaml'), join(folder, 'queries.d/c.yaml')];
    const selecting =
      'monitorSelector: {}, metricName: TIMEOUTS, destinationCategory: INTER_AZ, schedule: { every: 1h }';
    write('queries.d/c.yaml', '- { name: b, monitorName: m, queryId: r }\n- { name: d, monitorName: m, queryId: d }');
    write(
      'queries.d/b.yaml',
      `- { name: a, monitorName: m, queryId: s }\n- { name: b, monitorName: m, queryId: q }\n- { name: c, ${selecting} }`,
    );
    const { code, stdout, stderr } = await check(file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(1, -1)).toEqual([
      'discovery files: 2',
      `  ${b}`,
      `  ${c}`,
      'queries: 3',
      '  monitor-top-contributors: 3 watched',
      `and those of ${b}[2], for each discovered monitor or scope`,
      'targets: 1',
      '  default eu-west-1: 3 queries, 0.1 of 0.1 requests per second',
      'selectors: 1',
      expect.stringContaining(`  ${b}[2] (c): 1 query per matching monitor, up to 100 series each, `),
      'warnings: 2',
      `  ${b}: got a query "a", expected a name that is not in the config file: the query is excluded`,
      `  ${c}: got a query "b", expected a name that is not in ${b}: the query is excluded`,
    ]);
    write('queries.d/d.yaml', '- { name: e, monitorName: m, queryId: e, labels: { env: x } }');
    expect((await check(file, true)).stderr.split('\n').slice(0, 2)).toEqual([
      'aws.requestsPerSecond (line 1): got 0.1, expected at least 0.134, what the queries of account "default" in eu-west-1 need',
      expect.stringMatching(/d\.yaml\[0\]\.labels\.env \(line 1\): got the label "env", /),
    ]);
  });

  it('warns of empty discovery files and of accounts that no file uses', async () => {
    expect((await check(write('empty.yml', '# nothing\n'), true)).stderr).toMatch(
      /empty\.yml \(line 1\): got an empty file/,
    );
    mkdirSync(join(folder, 'empty.d'));
    const files = write('empty.d/none.yml', '---\n# later\n');
    write('empty.d/some.yml', '- { name: a, monitorName: m, queryId: q, account: x }\n');
    const file = write(
      'with-empty-file.yml',
      'aws: { region: eu-west-1 }\naccounts: [{ name: x }, { name: y }]\ndiscovery: { files: ["empty.d/*.yml"] }\n',
    );
    const { code, stdout } = await check(file);
    expect(code).toBe(0);
    expect(stdout.split('warnings: ')[1]?.split('\n')).toEqual([
      '2',
      '  accounts[1].name (line 2): got "y", expected an account that a query uses',
      `  ${files} (line 1): got an empty file, expected a list of entries; [] for none`,
      '',
    ]);
  });

  it('reports all errors of all discovery files', async () => {
    mkdirSync(join(folder, 'bad.d'));
    const file = write('with-bad-files.yml', '{ aws: { region: eu-west-1 }, discovery: { files: ["bad.d/*"] } }');
    expect((await check(file)).stderr).toContain(
      'discovery.files[0] (line 1): got "bad.d/*", expected a glob that ends in',
    );
    write('with-bad-files.yml', '{ aws: { region: eu-west-1 }, discovery: { files: ["bad.d/*.json"] } }');
    write('bad.d/a.json', '[{ "name": "a", "monitorName": "m" }, 7]');
    write('bad.d/b.json', '{ "queries": [] }');
    const { code, stderr } = await check(file);
    expect(code).toBe(1);
    expect(stderr.replaceAll(`${folder}/bad.d/`, '').split('\n')).toEqual([
      'a.json[1] (line 1): got 7, expected a mapping with name and queryId or schedule',
      'a.json[0] (line 1): got neither queryId nor schedule, expected either queryId, to watch a query, or schedule, to run queries',
      'b.json (line 1): got {"queries": []}, expected a list, each element a mapping with name and queryId or schedule',
      '',
    ]);
  });
});
