import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type RunningDaemon,
  runDaemon,
  setAwsEnvironment,
  TEST_CREDENTIALS,
  type TestScope,
} from '../support/daemon.ts';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { type Asked, type PageOf, startPagedService } from '../support/paged-service.ts';

const PATIENT = { timeout: 15_000, interval: 100 };
const MIB = 1024 * 1024;
const QUERY = {
  name: 'q',
  monitorName: 'm',
  metricName: 'RETRANSMISSIONS',
  destinationCategory: 'INTER_AZ',
  schedule: { every: '15m', delay: '0s' },
  contributorLabels: ['local_ip', 'local_pod_name'],
};
const DATA = {
  ...QUERY,
  type: 'workload-insights-top-contributors-data',
  monitorName: undefined,
  scopeId: 's',
  contributorLabels: undefined,
};

beforeEach(() => setAwsEnvironment(TEST_CREDENTIALS));

async function runOnce(
  scope: TestScope,
  pages: Partial<Readonly<Record<Asked, PageOf>>>,
  { query = QUERY, outcome = 'succeeded' }: { readonly query?: object; readonly outcome?: string } = {},
): Promise<{ readonly daemon: RunningDaemon; readonly metrics: ExpositionPage }> {
  const service = await startPagedService(scope, pages);
  const daemon = await runDaemon(scope, {
    aws: { region: 'us-east-1', endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 500 },
    discovery: { monitorsEvery: '5m' },
    queries: [JSON.parse(JSON.stringify(query))],
  });
  await vi.waitFor(async () => {
    expect((await daemon.metrics('queries')).value('aws_nfm_query_runs_total', { query: 'q', outcome })).toBe(1);
  }, PATIENT);
  // A page is rendered in turns: the counters of the first one with the run can be newer than its contributors.
  return { daemon, metrics: await daemon.metrics() };
}

/** Rows of rising values, from 1 on. */
function rows(count: number, more: (i: number) => object = () => ({})) {
  return Array.from({ length: count }, (_, i) => ({
    localIp: `10.0.${Math.floor(i / 250)}.${i % 250}`,
    targetPort: 443,
    value: i + 1,
    ...more(i),
  }));
}

function warnings({ log }: RunningDaemon): readonly string[] {
  return log.events.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
}

const contributors = async (daemon: RunningDaemon) =>
  JSON.parse((await daemon.text('/api/v1/queries/q/contributors')).body);

describe('rows beyond the limit of a query', () => {
  it('are dropped and counted, except the largest, and included in the sum', async (scope) => {
    const { daemon, metrics } = await runOnce(scope, { results: () => ({ topContributors: rows(150) }) });
    const series = metrics.samples('aws_nfm_contributor_retransmissions').map(({ value }) => value);
    expect(series).toEqual(Array.from({ length: 100 }, (_, i) => 150 - i));
    expect(metrics.value('aws_nfm_query_contributors')).toBe(150);
    expect(metrics.value('aws_nfm_query_contributors_dropped')).toBe(50);
    expect(metrics.value('aws_nfm_query_retransmissions_total')).toBe((150 * 151) / 2);
    expect(warnings(daemon)).toEqual(['rows beyond limit dropped']);
    const json = await contributors(daemon);
    expect(json.rows).toHaveLength(100);
    expect(json.omitted).toBe(50);
  });

  it('end the run if there are more than 2,000, on one page or several', async (scope) => {
    const all = rows(2_001);
    const pages: PageOf[] = [
      () => ({ topContributors: all }),
      ({ searchParams }) =>
        searchParams.has('nextToken')
          ? { topContributors: all.slice(1_000) }
          : { topContributors: all.slice(0, 1_000), nextToken: 'more' },
    ];
    for (const results of pages) {
      const { metrics } = await runOnce(scope, { results }, { outcome: 'results_failed' });
      expect(metrics.samples('aws_nfm_contributor_retransmissions')).toEqual([]);
      expect(metrics.value('aws_nfm_query_retransmissions_total')).toBe(0);
    }
  });
});

describe('aws_nfm_query_results_truncated', () => {
  it.each([
    [0, 0],
    [99, 0],
    [100, 1],
    [150, 1],
  ])('for %i rows of a query with the limit 100 is %i', async (count, truncated) => {
    const { metrics } = await runOnce({ onTestFinished }, { results: () => ({ topContributors: rows(count) }) });
    expect(metrics.value('aws_nfm_query_results_truncated', { query: 'q' })).toBe(truncated);
  });

  it('is absent for data points, which have no limit', async (scope) => {
    const datapoints = [{ label: 'a', timestamps: [1_767_225_600], values: [1] }];
    const { metrics } = await runOnce(scope, { results: () => ({ datapoints }) }, { query: DATA });
    expect(metrics.value('aws_nfm_query_contributors')).toBe(1);
    expect(metrics.samples('aws_nfm_query_results_truncated')).toEqual([]);
  });
});

describe('a page repeated with another token', () => {
  it('is counted once', async (scope) => {
    const { daemon, metrics } = await runOnce(scope, {
      results: ({ searchParams }) => ({
        topContributors: rows(25),
        ...(searchParams.get('nextToken') === 'C' ? {} : { nextToken: searchParams.has('nextToken') ? 'C' : 'B' }),
      }),
    });
    expect(metrics.value('aws_nfm_query_retransmissions_total')).toBe((25 * 26) / 2);
    expect(metrics.value('aws_nfm_query_contributors')).toBe(25);
    expect(metrics.samples('aws_nfm_contributor_retransmissions')).toHaveLength(25);
    expect(warnings(daemon)).toEqual(['repeated rows ignored']);
  });
});

describe('long texts', () => {
  it('of rows are truncated in metrics and the API, and counted', async (scope) => {
    const pod = (i: number) => ({ kubernetesMetadata: { localPodName: `${'x'.repeat(MIB)}${i}` } });
    const { daemon, metrics } = await runOnce(scope, { results: () => ({ topContributors: rows(7, pod) }) });
    const names = metrics.samples('aws_nfm_contributor_retransmissions').map(({ labels }) => labels['local_pod_name']);
    expect(new Set(names).size).toBe(7);
    for (const name of names) {
      expect(name).toMatch(/^x{1013}…[0-9a-f]{8}$/);
    }
    expect(metrics.value('aws_nfm_query_label_values_truncated_total')).toBe(7);
    const { body } = await daemon.text('/api/v1/queries/q/contributors');
    expect(body.length).toBeLessThan(20_000);
    expect(JSON.parse(body).rows).toHaveLength(7);
  });

  it('of data points are truncated', async (scope) => {
    const timestamps = [1_767_225_600];
    const datapoints = ['1', '2'].map((end) => ({ label: `${'x'.repeat(MIB)}${end}`, timestamps, values: [1] }));
    const { daemon, metrics } = await runOnce(scope, { results: () => ({ datapoints }) }, { query: DATA });
    expect(metrics.value('aws_nfm_query_label_values_truncated_total')).toBe(2);
    const { body } = await daemon.text('/api/v1/queries/q/contributors');
    expect(body.length).toBeLessThan(20_000);
  });

  it('of IDs are truncated in metrics; identities, monitors, and scopes with such names are ignored', async (scope) => {
    const long = (length: number) => 'y'.repeat(length);
    const { daemon } = await runOnce(scope, {
      sts: () =>
        Buffer.from(
          `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${long(20_000)}</Arn><UserId>u</UserId><Account>${long(9_000)}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
        ),
      monitors: () => ({
        monitors: [{ monitorName: long(100_000) }, { monitorName: 'm', monitorStatus: long(50_000) }],
      }),
      scopes: () => ({ scopes: [{ scopeId: long(100_000) }, { scopeId: 's', status: 'SUCCEEDED' }] }),
      start: () => ({ queryId: `run-${'日'.repeat(1_000)}` }),
    });
    await vi.waitFor(async () => {
      const { body } = await daemon.text('/metrics');
      const values = [...body.matchAll(/="([^"]*)"/g)].map(([, value = '']) => Buffer.byteLength(value));
      expect(Math.max(...values)).toBeLessThanOrEqual(1_024);
      expect(body).toMatch(/aws_nfm_query_run_info\{[^}]*query_id="run-日+…[0-9a-f]{8}"\} 1/);
      expect(body).not.toMatch(/yyyy/);
      expect(body).toMatch(/aws_nfm_monitor_status\{[^}]*monitor="m"/);
      expect(body).toMatch(/aws_nfm_scope_status\{[^}]*scope_id="s"/);
    }, PATIENT);
    expect(Math.max(...daemon.log.events.map((event) => JSON.stringify(event).length))).toBeLessThan(5_000);
  });
});

describe('data points of time series', () => {
  it('end the run if there are more than 100,000', async (scope) => {
    const timestamps = Array.from({ length: 1_001 }, (_, i) => 1_767_225_600 + 60 * i);
    const datapoints = Array.from({ length: 100 }, (_, i) => ({
      label: `series ${i}`,
      timestamps,
      values: timestamps.map(() => 1),
    }));
    const { metrics } = await runOnce(
      scope,
      { results: () => ({ datapoints }) },
      { query: DATA, outcome: 'results_failed' },
    );
    expect(metrics.value('aws_nfm_api_errors_total', { error: 'InvalidResponse' })).toBe(1);
  });
});
