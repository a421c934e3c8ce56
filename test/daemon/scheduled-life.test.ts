import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readPages, send } from '../../packages/simulator/test/raw-client.ts';
import { METRIC_NAMES, type MetricName } from '../../src/model/vocabulary.ts';
import { readPage } from '../metrics/page-grammar.ts';
import { adjustedClock } from '../support/adjusted-clock.ts';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { patientClock } from '../support/patient-clock.ts';
import { runSimulator, type SimulatedService } from '../support/simulated-service.ts';
import { MILLIONTHS, seriesOf, type Wire } from '../support/wire-results.ts';

const REGION = 'us-east-1';
const SCOPE = 'scope-1';
const NOON = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const LIMIT = 60;
/** Duration of a query at the service, in seconds. */
const QUEUED = 1.2;
const RUNNING = 1.5;

const ROW_LABELS = {
  local_az: 'localAz',
  remote_ip: 'remoteIp',
  target_port: 'targetPort',
  remote_identifier: 'remoteIdentifier',
};

interface Case {
  readonly name: string;
  readonly type: string;
  readonly metricName: MetricName;
  /** The service's path of its queries. */
  readonly parent: string;
  /** The end of its operations' names. */
  readonly family: string;
  /** Labels that its series carry besides `query` and those of the row. */
  readonly labels: Readonly<Record<string, string>>;
}

const PLACE = { account: 'default', aws_region: REGION, destination_category: 'INTER_AZ' };
const WORKLOAD_METRICS = METRIC_NAMES.filter((each) => each !== 'ROUND_TRIP_TIME');
const ROW_CASES: readonly Case[] = [
  ...METRIC_NAMES.map((metricName) => ({
    name: `monitor:${metricName}`,
    type: 'monitor-top-contributors',
    metricName,
    parent: '/monitors/checkout/topContributorsQueries',
    family: 'MonitorTopContributors',
    labels: { ...PLACE, monitor: 'checkout' },
  })),
  ...WORKLOAD_METRICS.map((metricName) => ({
    name: `scope:${metricName}`,
    type: 'workload-insights-top-contributors',
    metricName,
    parent: `/workloadInsights/${SCOPE}/topContributorsQueries`,
    family: 'WorkloadInsightsTopContributors',
    labels: { ...PLACE, scope_id: SCOPE },
  })),
];
const DATA_CASES: readonly Case[] = WORKLOAD_METRICS.map((metricName) => ({
  name: `points:${metricName}`,
  type: 'workload-insights-top-contributors-data',
  metricName,
  parent: `/workloadInsights/${SCOPE}/topContributorsDataQueries`,
  family: 'WorkloadInsightsTopContributorsData',
  labels: { ...PLACE, scope_id: SCOPE },
}));
const CASES = [...ROW_CASES, ...DATA_CASES];

const GAUGES: Readonly<Record<MetricName, string>> = {
  ROUND_TRIP_TIME: 'round_trip_time_seconds',
  TIMEOUTS: 'timeouts',
  RETRANSMISSIONS: 'retransmissions',
  DATA_TRANSFERRED: 'data_transferred_bytes',
};
const ASSUMED: Readonly<Record<MetricName, string>> = {
  ROUND_TRIP_TIME: 'Microseconds',
  TIMEOUTS: 'Count',
  RETRANSMISSIONS: 'Count',
  DATA_TRANSFERRED: 'Bytes',
};

let service: SimulatedService;
let daemon: RunningDaemon;
let page: ExpositionPage;
/** The statuses that were seen of each query. */
const seen = new Map<string, Set<string>>();
const ends: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const scope = { onTestFinished: (end: () => Promise<void> | void) => ends.unshift(end) };
  const clock = adjustedClock(NOON + HOUR / 6, patientClock);
  service = await runSimulator(
    scope,
    {
      accounts: [{ id: '123456789012', regions: { [REGION]: { scopes: [{ scopeId: SCOPE }] } } }],
      startedQueries: [{ queuedFor: `${QUEUED * 1_000}ms`, runningFor: `${RUNNING * 1_000}ms` }],
    },
    { clock },
  );
  const common = { metricName: '*', destinationCategory: 'INTER_AZ', schedule: { every: '1h', delay: '0s' } };
  const contributorLabels = Object.keys(ROW_LABELS);
  daemon = await runDaemon(
    scope,
    {
      aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 50, maxConcurrentRuns: 20 },
      queries: [
        { name: 'monitor', monitorName: 'checkout', limit: LIMIT, contributorLabels, ...common },
        {
          name: 'scope',
          type: 'workload-insights-top-contributors',
          scopeId: SCOPE,
          limit: LIMIT,
          contributorLabels,
          ...common,
        },
        { name: 'points', type: 'workload-insights-top-contributors-data', scopeId: SCOPE, ...common },
      ],
    },
    { clock },
  );
  await vi.waitFor(
    async () => {
      page = await daemon.metrics();
      for (const { name } of CASES) {
        const status = page.status(name);
        seen.set(name, (seen.get(name) ?? new Set()).add(status ?? 'none'));
      }
      for (const { name } of CASES) {
        expect(page.value('aws_nfm_query_runs_total', { query: name, outcome: 'succeeded' })).toBe(1);
      }
    },
    { timeout: 60_000, interval: 50 },
  );
  // A long page is rendered in turns: the counters of the last one may be newer than its contributors.
  page = await daemon.metrics();
});

afterAll(async () => {
  for (const end of ends) {
    await end();
  }
});

/** Those with the SDK's header: this test's own have none. */
function daemonsRequests() {
  return service.requests.filter(({ attempt }) => attempt !== undefined);
}

/** The service's id of the one run of a query. */
function idOf(query: string): string {
  const [info, ...more] = page.samples('aws_nfm_query_run_info', { query });
  expect(more).toEqual([]);
  expect(info?.value).toBe(1);
  return info?.labels['query_id'] ?? '';
}

/** What the service serves of that run: its items, and the unit that they are in. */
async function wireOf(each: Case, list: string): Promise<{ items: readonly Wire[]; unit: unknown; meant: string }> {
  const path = `${each.parent}/${idOf(each.name)}/results`;
  const items = (await readPages(service.simulator, path, list)).flat();
  const { json } = await send(service.simulator, 'GET', path);
  const named = typeof json['unit'] === 'string' && !['', 'none'].includes(json['unit'].toLowerCase());
  return { items, unit: json['unit'] ?? null, meant: named ? String(json['unit']) : ASSUMED[each.metricName] };
}

/** A query's series by the labels that are its own, as JSON. */
function exported(family: string, { name, labels }: Case): [string, number][] {
  const own = page.samples(family, { query: name, ...labels }).map((sample): [string, number] => {
    const rest = Object.entries(sample.labels).filter(([label]) => label !== 'query' && !(label in labels));
    return [JSON.stringify(Object.fromEntries(rest)), sample.value];
  });
  expect(own, 'no series with other labels').toHaveLength(page.samples(family, { query: name }).length);
  return own.sort(([a], [b]) => (a < b ? -1 : 1));
}

describe.each(CASES)('a run of $name', ({ name, type, metricName, family, labels }) => {
  test('passes through its statuses to its end, and reports them', async () => {
    expect([...(seen.get(name) ?? [])].filter((status) => status !== 'none')).toEqual([
      'QUEUED',
      'RUNNING',
      'SUCCEEDED',
    ]);
    expect(page.samples('aws_nfm_query_info', { query: name })[0]?.labels).toEqual({
      query: name,
      query_type: type,
      ...labels,
      metric_name: metricName,
      source: 'config',
      query_group: name.split(':')[0],
    });
    expect(page.value('aws_nfm_query_up', { query: name })).toBe(1);
    expect(page.samples('aws_nfm_query_last_error', { query: name })).toEqual([]);
    expect(page.value('aws_nfm_query_interval_seconds', { query: name })).toBe(3_600);
    expect(page.value('aws_nfm_query_poll_errors_total', { query: name })).toBe(0);
    const outcomes = page.samples('aws_nfm_query_last_run_outcome', { query: name });
    expect(outcomes).toHaveLength(7);
    expect(outcomes.filter(({ value }) => value === 1).map((sample) => sample.labels['outcome'])).toEqual([
      'succeeded',
    ]);
    const counts = page.samples('aws_nfm_query_runs_total', { query: name });
    expect(counts.reduce((sum, { value }) => sum + value, 0)).toBe(1);
    const took = page.value('aws_nfm_query_last_run_duration_seconds', { query: name }) ?? 0;
    expect(took).toBeGreaterThan(QUEUED + RUNNING);
    expect(took).toBeLessThan(QUEUED + RUNNING + 4);

    const answer = JSON.parse((await daemon.text(`/api/v1/queries/${name}`)).body);
    expect(answer).toMatchObject({ type, metricName, queryId: idOf(name), status: 'SUCCEEDED', up: true });
    const next = Date.parse(answer.nextPoll);
    expect(next, 'the next window, and the query’s own offset of at most 5 minutes').toBeGreaterThanOrEqual(
      NOON + HOUR,
    );
    expect(next).toBeLessThan(NOON + HOUR + 300_000);
  });

  test('makes only the necessary calls, with quick polls at first', () => {
    const calls = daemonsRequests().filter(
      ({ operation, queryId }) => operation.endsWith(family) && queryId === idOf(name),
    );
    const of = (verb: string) => calls.filter(({ operation }) => operation === verb + family).map(({ at }) => at);
    const polls = of('GetQueryStatus');
    expect(page.value('aws_nfm_query_polls_total', { query: name })).toBe(polls.length);
    expect(polls.length).toBeLessThanOrEqual(4);
    expect(of('GetQueryResults').length, 'pages').toBe(3);
    expect(of('StopQuery')).toEqual([]);
  });
});

describe.each(ROW_CASES)('the contributors of $name', (each) => {
  test('equal the rows of the service one by one', async () => {
    const { items, meant } = await wireOf(each, 'topContributors');
    const { name, metricName } = each;
    const expected = [...seriesOf(items, ROW_LABELS, metricName, meant)].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(expected.length).toBeGreaterThan(10);
    expect(exported(`aws_nfm_contributor_${GAUGES[metricName]}`, each)).toEqual(expected);
    for (const other of METRIC_NAMES.filter((metric) => metric !== metricName)) {
      expect(page.samples(`aws_nfm_contributor_${GAUGES[other]}`, { query: name })).toEqual([]);
    }
    expect(page.value('aws_nfm_query_contributors', { query: name })).toBe(items.length);
    expect(page.value('aws_nfm_query_contributors_dropped', { query: name })).toBe(0);
    expect(page.value('aws_nfm_query_results_timestamp_seconds', { query: name })).toBe(NOON / 1_000);
    expect(page.value('aws_nfm_query_results_window_seconds', { query: name })).toBe(3_600);
  });

  test('add up to the total without mirror rows', async () => {
    const { items, meant } = await wireOf(each, 'topContributors');
    const counted = items.filter((row) => row['targetPort'] !== 0);
    for (const metricName of WORKLOAD_METRICS) {
      const total = page.value(`aws_nfm_query_${GAUGES[metricName]}_total`, { query: each.name });
      expect(total).toBe(
        metricName === each.metricName ? seriesOf(counted, {}, metricName, meant).get('{}') : undefined,
      );
    }
  });

  test('are complete over HTTP, with all fields', async () => {
    const { items, unit, meant } = await wireOf(each, 'topContributors');
    const { status, body } = await daemon.text(`/api/v1/queries/${each.name}/contributors`);
    expect(status).toBe(200);
    const json = JSON.parse(body);
    expect(json).toMatchObject({
      name: each.name,
      queryId: idOf(each.name),
      windowStart: '2026-06-01T11:00:00.000Z',
      windowEnd: '2026-06-01T12:00:00.000Z',
      unit: unit === '' ? null : unit,
    });
    const factor = Number(MILLIONTHS[meant]) / 1e6;
    expect(json.rows).toHaveLength(items.length);
    for (const [i, { baseValue, ...row }] of json.rows.entries()) {
      expect(row).toEqual(items[i]);
      if (row.value === null || row.value === undefined) {
        expect(baseValue).toBeNull();
      } else {
        expect(baseValue).toBeCloseTo(row.value * factor, 9);
      }
    }
  });
});

test.each(DATA_CASES)('exports the newest points of $name as returned by the service', async (each) => {
  const { items, meant } = await wireOf(each, 'datapoints');
  const factor = Number(MILLIONTHS[meant]) / 1e6;
  const byTime = new Map<string, Map<string, number>>();
  for (const { label, timestamps, values } of items) {
    for (const [i, at] of (Array.isArray(timestamps) ? timestamps : []).entries()) {
      const points = byTime.get(at) ?? new Map<string, number>();
      byTime.set(at, points);
      const value = Array.isArray(values) ? Number(values[i]) * factor : Number.NaN;
      points.set(String(label), (points.get(String(label)) ?? 0) + value);
    }
  }
  const newest = [...byTime.keys()].sort().at(-1) ?? '';
  const expected = [...(byTime.get(newest) ?? [])].map(([label, value]) => [JSON.stringify({ series: label }), value]);
  expect(expected.length).toBeGreaterThan(1);
  expect(exported(`aws_nfm_datapoint_${GAUGES[each.metricName]}`, each)).toEqual(expected.sort());
  expect(page.value('aws_nfm_query_results_timestamp_seconds', { query: each.name })).toBe(Date.parse(newest) / 1_000);
  expect(page.value('aws_nfm_query_results_window_seconds', { query: each.name })).toBe(300);
  expect(page.value('aws_nfm_query_contributors', { query: each.name })).toBe(items.length);
  const { body } = await daemon.text(`/api/v1/queries/${each.name}/contributors`);
  expect(JSON.parse(body).datapoints).toHaveLength(items.length);
});

describe('the metrics page', () => {
  test('counts the runs and calls of the target', () => {
    expect(page.value('aws_nfm_api_runs', { state: 'active' })).toBe(0);
    expect(page.value('aws_nfm_api_runs', { state: 'waiting' })).toBe(0);
    expect(page.value('aws_nfm_api_runs_limit')).toBe(20);
    const sampleOf = (family: string, suffix: string, labels = {}) =>
      page.samples(family, labels).find(({ name }) => name === family + suffix)?.value;
    expect(sampleOf('aws_nfm_run_wait_seconds', '_count')).toBe(CASES.length);
    expect(sampleOf('aws_nfm_run_duration_seconds', '_count', { query_type: 'monitor-top-contributors' })).toBe(4);
    for (const { labels, value } of page.samples('aws_nfm_api_requests_total')) {
      const { operation } = labels;
      expect([operation, value]).toEqual([
        operation,
        daemonsRequests().filter((request) => request.operation === operation).length,
      ]);
    }
    const series = CASES.map(({ name, metricName, type }) => {
      const kind = type.endsWith('-data') ? 'datapoint' : 'contributor';
      return page.samples(`aws_nfm_${kind}_${GAUGES[metricName]}`, { query: name }).length;
    });
    expect(page.value('aws_nfm_exporter_contributor_series')).toBe(series.reduce((sum, count) => sum + count));
  });

  test('is valid for promtool and OpenMetrics', async () => {
    const { body } = await daemon.text('/metrics');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    const response = await fetch(`${daemon.url}/metrics`, {
      headers: { accept: 'application/openmetrics-text; version=1.0.0' },
    });
    const families = readPage(Buffer.from(await response.arrayBuffer()), 'openmetrics');
    const counter = families.find(({ name }) => name === 'aws_nfm_query_retransmissions');
    expect(counter?.samples.map(({ name }) => name)).toEqual(Array(2).fill('aws_nfm_query_retransmissions_total'));
  });
});
