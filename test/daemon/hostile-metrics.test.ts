import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { TestScope } from '../support/daemon.ts';
import { ACCOUNT_ID, MINUTE, runMetricService } from '../support/metric-service.ts';

const TARGET = { account: 'default', aws_region: 'us-east-1' };
const CHECKOUT = { ...TARGET, monitor: 'checkout' };
const METRICS = ['HealthIndicator', 'Retransmissions'];
/** Value of each sum in each minute. */
const PER_MINUTE = 7;

interface Asked {
  readonly StartTime: number;
  readonly EndTime: number;
  readonly MetricDataQueries: readonly {
    readonly Id: string;
    readonly MetricStat: { Metric: { MetricName: string } };
  }[];
}
interface Result {
  readonly Id: unknown;
  readonly StatusCode: unknown;
  readonly Timestamps: unknown;
  readonly Values: unknown;
}
/** Changes a valid response. A text is sent as it is. */
type Change = (results: readonly Result[], count: number) => object | string;

const VALID: Change = (results) => ({ MetricDataResults: results });

function resultsOf({ StartTime: start, EndTime: end, MetricDataQueries: queries }: Asked): Result[] {
  const times = Array.from({ length: (end - start) / 60 }, (_, i) => start + i * 60);
  return queries.map(({ Id, MetricStat }) => {
    const value = MetricStat.Metric.MetricName === 'HealthIndicator' ? 0 : PER_MINUTE;
    return { Id, StatusCode: 'Complete', Timestamps: times, Values: times.map(() => value) };
  });
}

/** Starts a CloudWatch with a point in each minute, whose responses `change` changes. */
async function serveMetrics(scope: TestScope) {
  const service = { change: VALID, requests: 0, url: '' };
  const server = createServer(async (request, response) => {
    service.requests += 1;
    const answer = service.change(resultsOf((await json(request)) as Asked), service.requests);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return service;
}

const withValue =
  (value: unknown): Change =>
  (results) => ({
    MetricDataResults: results.map((result) => ({ ...result, Values: (result.Values as unknown[]).map(() => value) })),
  });
const withMember =
  (member: object): Change =>
  (results) => ({
    MetricDataResults: results.map((result) => ({ ...result, ...member })),
  });

test.each<[string, Change, 'refused' | 'accepted']>([
  ['endless pages', (_, count) => ({ MetricDataResults: [], NextToken: `t${count}` }), 'refused'],
  ['a repeated token', () => ({ MetricDataResults: [], NextToken: 'again' }), 'refused'],
  ['a token that is a number', (results) => ({ MetricDataResults: results, NextToken: 5 }), 'accepted'],
  ['no results', () => ({}), 'refused'],
  ['results of another type', () => ({ MetricDataResults: { a: 1 } }), 'refused'],
  ['IDs that are numbers', withMember({ Id: 0 }), 'refused'],
  ['unknown IDs', withMember({ Id: 'm499' }), 'accepted'],
  ['timestamps that are texts', withMember({ Timestamps: ['x'], Values: [1] }), 'refused'],
  ['timestamps out of range', withMember({ Timestamps: [1e300], Values: [1] }), 'refused'],
  ['more values than timestamps', withMember({ Timestamps: [], Values: [1] }), 'refused'],
  ['values that are texts', withValue('7'), 'refused'],
  ['values that are not numbers', withValue('NaN'), 'refused'],
  ['infinite values', withValue('Infinity'), 'refused'],
  ['negative values', withValue(-1), 'refused'],
  ['huge values', withValue(1e308), 'refused'],
  ['repeated IDs', (results) => ({ MetricDataResults: [...results, ...results, ...results] }), 'accepted'],
  [
    '100,000 points',
    ([first, ...others]) => {
      const times = first?.Timestamps as number[];
      const Timestamps = Array.from({ length: 100_000 }, (_, i) => times[i % times.length]);
      return { MetricDataResults: [{ ...first, Timestamps, Values: Timestamps.map(() => 0) }, ...others] };
    },
    'accepted',
  ],
  ['a huge body', () => `{"MetricDataResults":[],"Messages":["${'x'.repeat(9 * 1024 * 1024)}"]}`, 'refused'],
  ['no JSON', () => '<html>', 'refused'],
])('counts nothing wrong with %s', { timeout: 60_000 }, async (_, change, expected) => {
  const ends: (() => Promise<void> | void)[] = [];
  const scope = { onTestFinished: (end: () => Promise<void> | void) => ends.push(end) };
  const { clock, start } = await runMetricService(scope);
  const service = await serveMetrics(scope);
  const daemon = await start({
    cloudwatch: { metrics: METRICS, endpoint: service.url, sumsInterval: '1m', requestsPerSecond: 100 },
  });
  const values = async () => {
    const page = await daemon.metrics('monitors');
    return {
      observed: (page.value('aws_nfm_monitor_observed_seconds_total', CHECKOUT) ?? 0) / 60,
      degraded: page.value('aws_nfm_monitor_degraded_seconds_total', CHECKOUT),
      sum: page.value('aws_nfm_monitor_retransmissions_total', CHECKOUT),
    };
  };
  const failures = () => daemon.log.events.filter(({ msg }) => msg.startsWith('monitor metrics'));
  await clock.advance(4 * MINUTE);
  service.change = change;
  const before = service.requests;
  await clock.advance(3 * MINUTE);
  expect(service.requests).toBeGreaterThan(before);
  expect(service.requests - before).toBeLessThanOrEqual(4 * 100 + 4);
  expect(failures().map(({ msg }) => msg)).toEqual(expected === 'refused' ? ['monitor metrics not read'] : []);
  service.change = VALID;
  await clock.advance(4 * MINUTE);
  const { observed, degraded, sum } = await values();
  expect(observed).toBeGreaterThanOrEqual(7);
  expect(observed).toBeLessThanOrEqual(12);
  expect([degraded, sum]).toEqual([0, observed * PER_MINUTE]);
  expect(failures()).toHaveLength(expected === 'refused' ? 2 : 0);
  for (const end of ends.reverse()) {
    await end();
  }
});

test('retries throttled reads within the budget, and reports the failure once', async (scope) => {
  const { clock, simulator, start } = await runMetricService(scope);
  const begin = clock.now();
  const aws = { region: 'us-east-1', endpoint: simulator.url, stsEndpoint: simulator.url, maxAttempts: 3 };
  const daemon = await start({ aws, cloudwatch: { metrics: METRICS } });
  const attempts = async () =>
    (await daemon.metrics('api')).value('aws_nfm_api_requests_total', { ...TARGET, operation: 'GetMetricData' }) ?? 0;
  await clock.advance(5 * MINUTE);
  const before = await attempts();
  simulator.setFaults([{ kind: 'throttle', match: { operation: 'GetMetricData' } }]);
  const billed = simulator.metricsRequested();
  await clock.advance(10 * MINUTE);
  // The rate is halved by each error, so fewer attempts than the three of each read.
  for (let waited = 0; waited < 10 && (await attempts()) - before <= 3; waited += 1) {
    await clock.advance(MINUTE);
  }
  expect((await attempts()) - before).toBeGreaterThan(3);
  expect((await attempts()) - before).toBeLessThanOrEqual(11 * 3);
  expect(simulator.metricsRequested()).toBe(billed);
  const failures = () => daemon.log.events.filter(({ msg }) => msg.startsWith('monitor metrics'));
  // Later reads exceed their time limit while a retry waits for the reduced budget.
  expect(failures()).toMatchObject([{ msg: 'monitor metrics not read', fields: { error: 'ThrottlingException' } }]);
  const throttled = { ...TARGET, operation: 'GetMetricData', error: 'ThrottlingException' };
  expect((await daemon.metrics()).value('aws_nfm_api_errors_total', throttled)).toBeGreaterThan(3);
  simulator.setFaults([]);
  const observed = async () =>
    ((await daemon.metrics('monitors')).value('aws_nfm_monitor_observed_seconds_total', CHECKOUT) ?? 0) / 60;
  for (let waited = 0; waited < 10 && failures().length < 2; waited += 1) {
    await clock.advance(MINUTE);
  }
  await clock.advance(2 * MINUTE);
  expect(failures().at(-1)?.msg).toBe('monitor metrics read again');
  expect(failures()).toHaveLength(2);
  const elapsed = (clock.now() - begin) / MINUTE;
  expect(await observed()).toBeGreaterThanOrEqual(elapsed - 6);
  expect(await observed()).toBeLessThanOrEqual(elapsed);
});

test('reads all pages of a response', async (scope) => {
  const { clock, simulator, start } = await runMetricService(scope, { scenario: { cloudwatch: { pageSize: 40 } } });
  const begin = clock.now();
  const daemon = await start({ cloudwatch: { metrics: METRICS } });
  await clock.advance(20 * MINUTE);
  const page = await daemon.metrics();
  expect(page.value('aws_nfm_api_requests_total', { ...TARGET, operation: 'GetMetricData' })).toBeGreaterThan(22);
  const minutes = (page.value('aws_nfm_monitor_observed_seconds_total', CHECKOUT) ?? 0) / 60;
  expect(minutes).toBeGreaterThanOrEqual(15);
  expect(minutes).toBeLessThanOrEqual((clock.now() - begin) / MINUTE);
  const sum = page.value('aws_nfm_monitor_retransmissions_total', CHECKOUT);
  const place = { account: ACCOUNT_ID, region: 'us-east-1', monitorName: 'checkout' };
  expect(sum).toBeGreaterThan(0);
  expect(sum).toBeLessThanOrEqual(simulator.monitorTotals(place, begin - 5 * MINUTE, clock.now()).retransmissions);
  expect(page.value('aws_nfm_cloudwatch_metrics_requested_total', TARGET)).toBe(simulator.metricsRequested());
});

test('reads more than 500 metrics with several calls, at AWS_ENDPOINT_URL_CLOUDWATCH', {
  timeout: 60_000,
}, async (scope) => {
  const names = Array.from({ length: 501 }, (_, i) => `m${i}`);
  const { clock, simulator, start } = await runMetricService(scope, { names });
  process.env['AWS_ENDPOINT_URL_CLOUDWATCH'] = simulator.url;
  scope.onTestFinished(() => {
    delete process.env['AWS_ENDPOINT_URL_CLOUDWATCH'];
  });
  const daemon = await start({ cloudwatch: { metrics: 'HealthIndicator', endpoint: undefined } });
  await clock.advance(3 * MINUTE);
  const page = await daemon.metrics();
  expect(page.samples('aws_nfm_monitor_observed_seconds_total')).toHaveLength(501);
  const requested = simulator.metricsRequested();
  expect(requested).toBeGreaterThan(0);
  expect(requested % 501).toBe(0);
  const calls = page.value('aws_nfm_api_requests_total', { ...TARGET, operation: 'GetMetricData' });
  expect(calls).toBe((requested / 501) * 2);
});
