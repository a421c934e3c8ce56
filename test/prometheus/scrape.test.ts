import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseScenario, startSimulator } from 'network-flow-monitor-simulator';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { PROMQL_EXAMPLES } from '../docs/promql-examples.ts';
import { fileScope } from '../support/file-scope.ts';
import { heldClock } from '../support/held-clock.ts';
import { startCommand } from '../support/process.ts';
import { PROJECT, run } from '../support/project.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { type RecordingProxy, startRecordingProxy } from '../support/recording-proxy.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const REGION = 'us-east-1';
/** Where the budget does not suffice for the one query of it. */
const OTHER_REGION = 'eu-west-1';
const QUEUED_MS = 2_000;
const RUNNING_MS = 3_000;

const monitorQuery = { type: 'monitor-top-contributors', region: REGION, monitorName: 'checkout' };
const scopeQuery = { region: REGION, scopeId: 'scope' };
const life = { queuedFor: QUEUED_MS / 1_000, runningFor: RUNNING_MS / 1_000 };
const endless = { queuedFor: QUEUED_MS / 1_000, outcome: 'none' };

/** One query of each type and end, and those that do not end. */
const SCENARIO = {
  queries: [
    { ...monitorQuery, queryId: 'succeeds', ...life, outcome: 'SUCCEEDED' },
    { ...scopeQuery, type: 'workload-insights-top-contributors', queryId: 'fails', ...life, outcome: 'FAILED' },
    {
      ...scopeQuery,
      type: 'workload-insights-top-contributors-data',
      queryId: 'stopped',
      ...life,
      outcome: 'CANCELED',
    },
    { ...monitorQuery, queryId: 'runs', ...endless },
    { ...monitorQuery, queryId: 'runs', region: OTHER_REGION, ...endless },
    { ...monitorQuery, queryId: 'hangs', ...endless },
    { ...monitorQuery, queryId: 'denied', ...endless },
  ],
  faults: [{ kind: 'error', name: 'AccessDeniedException', status: 403, match: { queryId: 'denied' } }],
};
const HANG = { kind: 'hang', match: { queryId: 'hangs' } };

/** Excludes scheduled queries, whose windows start and end by the clock. */
const WATCHED = '{query!~"flows:.*"}';

const TERMINAL = { succeeds: 'SUCCEEDED', fails: 'FAILED', stopped: 'CANCELED' };

function config(endpoint: string) {
  const query = { monitorName: 'checkout', labels: { team: 'payments' } };
  return {
    web: { listenAddresses: ['127.0.0.1:0'] },
    aws: {
      region: REGION,
      endpoint,
      stsEndpoint: endpoint,
      requestTimeout: '1s',
      maxAttempts: 1,
      requestsPerSecond: 50,
    },
    accounts: [{ name: 'wide' }, { name: 'narrow', region: OTHER_REGION, requestsPerSecond: 0.5 }],
    polling: { interval: '1s', staleAfter: '3s' },
    queryDefaults: { account: 'wide' },
    queries: [
      { name: 'succeeds', ...query, queryId: 'succeeds' },
      {
        name: 'fails',
        type: 'workload-insights-top-contributors',
        scopeId: 'scope',
        queryId: 'fails',
        labels: { team: 'payments' },
      },
      { name: 'stopped', type: 'workload-insights-top-contributors-data', scopeId: 'scope', queryId: 'stopped' },
      { name: 'runs', ...query, queryId: 'runs' },
      { name: 'hangs', ...query, queryId: 'hangs' },
      { name: 'denied', ...query, queryId: 'denied' },
      { name: 'unknown', ...query, queryId: 'nobody-started-this-one' },
      { name: 'late', ...query, queryId: 'runs', account: 'narrow' },
      {
        name: 'flows',
        monitorName: 'checkout',
        metricName: ['RETRANSMISSIONS', 'ROUND_TRIP_TIME'],
        destinationCategory: 'INTER_AZ',
        schedule: { every: '1m', delay: '0s' },
      },
    ],
  };
}

const PATIENT = { timeout: 30_000, interval: 200 };
const scope = fileScope();

let prometheus: Prometheus;
let proxy: RecordingProxy;
let exporterUrl: string;
/** Seconds since the epoch, when Prometheus was started. */
let start: number;

/** The statuses that Prometheus saw of a query, one after the other. */
async function history(query: string): Promise<string[]> {
  const current = `aws_nfm_query_status{query="${query}"} == 1`;
  // A second more: the steps of a range count from its start, and the last step would miss the newest sample.
  const series = await prometheus.queryRange(current, start, Date.now() / 1_000 + 1);
  const seen = series.flatMap(({ labels, points }) => points.map(({ at }) => ({ at, status: labels['status'] ?? '' })));
  return seen
    .sort((a, b) => a.at - b.at)
    .map(({ status }) => status)
    .filter((status, i, all) => status !== all[i - 1]);
}

/** What `expression` gives for each query. */
async function byQuery(expression: string): Promise<Record<string, number>> {
  const samples = await prometheus.query(expression);
  return Object.fromEntries(samples.map(({ labels, value }) => [labels['query'] ?? '', value]));
}

beforeAll(async () => {
  const clock = heldClock();
  const simulator = await startSimulator({ scenario: parseScenario(JSON.stringify(SCENARIO)), clock });
  scope.onTestFinished(() => simulator.close());
  const file = join(temporaryFolder(scope), 'nfm-exporter.json');
  writeFileSync(file, JSON.stringify(config(simulator.url)));
  exporterUrl = await startCommand(scope, [`--config.file=${file}`]).url();
  proxy = await startRecordingProxy(scope);
  const targets = [new URL(exporterUrl).host];
  start = Date.now() / 1_000;
  prometheus = await startPrometheus(
    scope,
    [{ job_name: 'network-flow-monitor', proxy_url: proxy.url, static_configs: [{ targets }] }],
    [`${PROJECT}config/rules/*.yml`],
  );

  await vi.waitFor(async () => {
    const queued = await byQuery('aws_nfm_query_status{status="QUEUED"} == 1');
    expect(Object.keys(queued)).toEqual(expect.arrayContaining([...Object.keys(TERMINAL), 'runs', 'hangs']));
  }, PATIENT);
  clock.letGo();
  await vi.waitFor(async () => {
    expect(await byQuery('aws_nfm_query_status{query="hangs", status="RUNNING"}')).toEqual({ hangs: 1 });
  }, PATIENT);
  simulator.setFaults(parseScenario(JSON.stringify({ faults: [...SCENARIO.faults, HANG] })).faults);
  await vi.waitFor(async () => {
    const statuses = await prometheus.query(`aws_nfm_query_status${WATCHED} == 1`);
    const current = Object.fromEntries(statuses.map(({ labels }) => [labels['query'], labels['status']]));
    expect(current).toEqual({ ...TERMINAL, runs: 'RUNNING', late: 'RUNNING' });
  }, PATIENT);
  await vi.waitFor(async () => {
    const contributors = await byQuery('count by (query) ({__name__=~"aws_nfm_contributor_.*"})');
    expect(Object.keys(contributors)).toHaveLength(2);
  }, PATIENT);
}, 90_000);

describe('Prometheus', () => {
  it('succeeds in each scrape, requests OpenMetrics and gzip, and receives both', async () => {
    expect(await prometheus.query('min_over_time(up[5m])')).toMatchObject([{ value: 1 }]);
    expect(await prometheus.api('targets')).toMatchObject({
      activeTargets: [{ health: 'up', lastError: '', labels: { job: 'network-flow-monitor' } }],
    });
    expect(proxy.exchanges.length).toBeGreaterThan(3);
    for (const { request, status, response } of proxy.exchanges) {
      expect(request.accept).toMatch(/^application\/openmetrics-text;version=1\.0\.0,/);
      expect(request['accept-encoding']).toBe('gzip');
      expect(status).toBe(200);
      expect(response['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
      expect(response['content-encoding']).toBe('gzip');
    }
  });

  it('takes every sample: none is a duplicate, out of order or out of bounds', async () => {
    const [{ value: scraped } = { value: 0 }] = await prometheus.query('scrape_samples_scraped');
    expect(scraped).toBeGreaterThan(100);
    expect(await prometheus.query('scrape_samples_post_metric_relabeling')).toMatchObject([{ value: scraped }]);
    const own = await (await fetch(`${prometheus.url}/metrics`)).text();
    const refused = own.match(/^prometheus_target_scrapes_(?:sample_|exceeded_)\w+ .*$/gm) ?? [];
    expect(refused.length).toBeGreaterThan(3);
    expect(refused.filter((line) => !line.endsWith(' 0'))).toEqual([]);
  });

  it.each(Object.entries(TERMINAL))('sees %s through its life, to %s', async (query, end) => {
    expect(await history(query)).toEqual(['QUEUED', 'RUNNING', end]);
  });

  it('has series of queries that run, and none of queries without a response', async () => {
    expect(await history('runs')).toEqual(['QUEUED', 'RUNNING']);
    expect(await history('denied')).toEqual([]);
    expect(await history('unknown')).toEqual([]);
  });

  it('sees a status go when it is stale, and that of no other query', async () => {
    expect(await history('hangs')).toEqual(['QUEUED', 'RUNNING']);
    expect(await byQuery(`count by (query) (aws_nfm_query_status${WATCHED})`)).toEqual({
      succeeds: 5,
      fails: 5,
      stopped: 5,
      runs: 5,
      late: 5,
    });
    expect(await byQuery('aws_nfm_query_status_since_timestamp_seconds{query="hangs"}')).toEqual({});
  });

  it('sees exactly one status at any time', async () => {
    const sums = await prometheus.queryRange('sum by (query) (aws_nfm_query_status)', start, Date.now() / 1_000);
    expect(sums.length).toBeGreaterThan(5);
    expect(sums.flatMap(({ points }) => points).filter(({ value }) => value !== 1)).toEqual([]);
  });

  it('knows which queries cannot be polled, and why', async () => {
    expect(await byQuery(`aws_nfm_query_up${WATCHED}`)).toEqual({
      succeeds: 1,
      fails: 1,
      stopped: 1,
      runs: 1,
      late: 1,
      hangs: 0,
      denied: 0,
      unknown: 0,
    });
    const errors = await prometheus.query('aws_nfm_query_last_error');
    expect(Object.fromEntries(errors.map(({ labels }) => [labels['query'], labels['error']]))).toEqual({
      hangs: 'TimeoutError',
      denied: 'AccessDeniedException',
      unknown: 'ResourceNotFoundException',
    });
  });

  it('joins the identity of a query to its series on (job, instance, query)', async () => {
    const joined = await prometheus.query(
      `aws_nfm_query_status${WATCHED} * on (job, instance, query) group_left (query_type, account, aws_region, monitor, scope_id, team) aws_nfm_query_info == 1`,
    );
    const place = { job: 'network-flow-monitor', instance: new URL(exporterUrl).host, aws_region: REGION };
    expect(joined.map(({ labels }) => labels)).toEqual(
      expect.arrayContaining([
        {
          ...place,
          query: 'succeeds',
          status: 'SUCCEEDED',
          query_type: 'monitor-top-contributors',
          account: 'wide',
          monitor: 'checkout',
          team: 'payments',
        },
        {
          ...place,
          query: 'stopped',
          status: 'CANCELED',
          query_type: 'workload-insights-top-contributors-data',
          account: 'wide',
          scope_id: 'scope',
        },
      ]),
    );
    expect(joined).toHaveLength(5);
  });

  it('counts polls: those of queries that go on, and none of those that have ended', async () => {
    expect((await byQuery('increase(aws_nfm_query_polls_total{query="runs"}[6s])'))['runs']).toBeGreaterThan(2);
    const failed = await byQuery('increase(aws_nfm_query_poll_errors_total[1m])');
    expect(failed).toMatchObject({ succeeds: 0, fails: 0, stopped: 0, runs: 0, late: 0 });
    expect(failed['denied']).toBeGreaterThan(0);
    const polls = 'aws_nfm_query_polls_total{query=~"succeeds|fails|stopped"}';
    const before = await byQuery(polls);
    const scrapes = proxy.exchanges.length;
    await vi.waitFor(() => expect(proxy.exchanges.length).toBeGreaterThan(scrapes + 2), PATIENT);
    expect(await byQuery(polls)).toEqual(before);
  });

  it('knows type and help of every family of ours', async () => {
    const page = await (await fetch(`${exporterUrl}/metrics`)).text();
    const types = [...page.matchAll(/^# TYPE (aws_nfm_\w+) (\w+)$/gm)];
    expect(types.length).toBeGreaterThan(20);
    const metadata = await prometheus.api('metadata');
    for (const [, name = '', type] of types) {
      // OpenMetrics names the family of a counter without its suffix.
      expect(metadata).toHaveProperty(type === 'counter' ? name.replace(/_total$/, '') : name, [
        { type, help: expect.stringMatching(/.\.$/), unit: '' },
      ]);
    }
  });

  it.each(PROMQL_EXAMPLES)('has a result for the example of the metrics reference: $purpose', async ({ query }) => {
    expect(await prometheus.query(query)).not.toEqual([]);
  });

  it.each(readmeExamples())('has a result for the example of the README: %s', async (query) => {
    expect(await prometheus.query(query)).not.toEqual([]);
  });

  it('evaluates every rule of config/rules on what it scraped, without an error', async () => {
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(40);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  it('records contributors per second, with their labels', async () => {
    const recorded = await prometheus.query('query:aws_nfm_contributor_retransmissions:per_second');
    const scraped = await prometheus.query('aws_nfm_contributor_retransmissions / 60');
    expect(recorded.length).toBeGreaterThan(10);
    const labelled = (samples: typeof recorded) =>
      samples.map(({ labels: { __name__: _, ...labels }, value }) => ({ labels, value }));
    expect(labelled(recorded)).toEqual(expect.arrayContaining(labelled(scraped)));
    expect(await prometheus.query('monitor_category:aws_nfm_contributor_retransmissions:per_second')).toMatchObject([
      { labels: { monitor: 'checkout', destination_category: 'INTER_AZ' } },
    ]);
  });

  it('has pending alerts before they fire', async () => {
    // On a busy machine, one may not be pending yet, and another one fire already.
    await vi.waitFor(async () => {
      const pending = await prometheus.query('last_over_time(ALERTS{alertstate="pending"}[1h])');
      const seen = pending.map(({ labels: { alertname, query, account } }) => ({ alertname, query, account }));
      expect(seen).toEqual(
        expect.arrayContaining([
          { alertname: 'NfmWatchedQueryFailed', query: 'fails', account: 'wide' },
          { alertname: 'NfmPermissionDenied', query: 'denied', account: 'wide' },
          { alertname: 'NfmBudgetTooSmall', query: undefined, account: 'narrow' },
        ]),
      );
    });
  });

  it('has nothing to say on the page in its own text format', async () => {
    const response = await fetch(`${exporterUrl}/metrics`, { headers: { accept: 'text/plain;version=0.0.4' } });
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const input = await response.text();
    expect(run('promtool', ['check', 'metrics'], { input })).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

/** The expressions of the README's blocks of PromQL, without their comments. */
function readmeExamples(): string[] {
  const blocks = readFileSync(`${PROJECT}README.md`, 'utf8').matchAll(/^```promql\n(.*?)^```$/gms);
  return [...blocks].flatMap(([, block = '']) =>
    block
      .split('\n')
      .map((line) => line.replace(/\s*#.*$/, ''))
      .filter((line) => line !== ''),
  );
}
