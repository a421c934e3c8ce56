import { expect, test } from 'vitest';
import { ACCOUNT_ID, HOUR, MINUTE, runMetricService } from '../support/metric-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TARGET = { account: 'default', aws_region: 'us-east-1' };
const CHECKOUT = { ...TARGET, monitor: 'checkout' };
const PLACE = { account: ACCOUNT_ID, region: 'us-east-1', monitorName: 'checkout' };
const LISTED_OFTEN = { discovery: { monitorsEvery: '1m' } };

test('exports the metrics of monitors without queries', async (scope) => {
  const { clock, simulator, start } = await runMetricService(scope);
  const daemon = await start();
  await clock.advance(HOUR);
  const page = await daemon.metrics();
  const value = (family: string) => page.value(family, CHECKOUT);
  expect(value('aws_nfm_monitor_health_degraded')).toBe(0);
  expect(value('aws_nfm_monitor_degraded_seconds_total')).toBe(0);
  expect(value('aws_nfm_monitor_observed_seconds_total')).toBeGreaterThan(50 * 60);
  const end = (value('aws_nfm_monitor_metrics_timestamp_seconds') ?? 0) * 1_000;
  expect(clock.now() - end).toBeLessThanOrEqual(4 * MINUTE);
  expect(value('aws_nfm_monitor_round_trip_time_seconds')).toBeGreaterThan(0);
  expect(value('aws_nfm_monitor_round_trip_time_seconds')).toBeLessThan(1);
  const between = (from: number, to: number) => simulator.monitorTotals(PLACE, from, to).retransmissions;
  expect(value('aws_nfm_monitor_retransmissions_total')).toBeGreaterThan(between(end - 40 * MINUTE, end - 5 * MINUTE));
  expect(value('aws_nfm_monitor_retransmissions_total')).toBeLessThanOrEqual(between(end - HOUR, end));
  const requested = simulator.metricsRequested();
  // At most: on a busy machine, the clock may advance during the first read.
  expect(requested).toBeLessThanOrEqual(60 + 4 * 12);
  expect(requested).toBeGreaterThan(70);
  expect(page.value('aws_nfm_cloudwatch_metrics_requested_total', TARGET)).toBe(requested);
  expect(page.value('aws_nfm_api_requests_total', { ...TARGET, operation: 'GetMetricData' })).toBeLessThanOrEqual(60);
  expect(page.value('aws_nfm_cloudwatch_limited', TARGET)).toBe(0);
});

test.each([1, 100])('shows a degraded network within 5 minutes, with a value of %d', async (degradedValue) => {
  const ends: (() => Promise<void> | void)[] = [];
  const scope = { onTestFinished: (end: () => Promise<void> | void) => ends.push(end) };
  const { clock, start } = await runMetricService(scope, {
    scenario: {
      cloudwatch: { degradedValue },
      incidents: [{ kind: 'awsNetwork', from: '30m', until: '40m' }],
    },
  });
  const begin = clock.now();
  const daemon = await start({ cloudwatch: { metrics: 'HealthIndicator' } });
  const delays: number[] = [];
  for (const degraded of [1, 0]) {
    const from = begin + (degraded === 1 ? 30 : 40) * MINUTE;
    await clock.advance(from - clock.now());
    while ((await daemon.metrics('monitors')).value('aws_nfm_monitor_health_degraded', CHECKOUT) !== degraded) {
      await clock.advance(15_000);
    }
    delays.push(clock.now() - from);
  }
  // Delay, period, interval, and scrape; the end is visible after two more periods.
  expect(delays[0]).toBeLessThanOrEqual(4 * MINUTE + 15_000);
  expect(delays[1]).toBeLessThanOrEqual(7 * MINUTE + 15_000);
  const page = await daemon.metrics();
  expect(page.value('aws_nfm_monitor_degraded_seconds_total', CHECKOUT)).toBe(600);
  const { body } = await daemon.text('/');
  expect(body).toMatch(
    /checkout[\s\S]*<td data-label="AWS network"><span class="badge good">healthy<\/span> since <time/,
  );
  expect(body).toContain(`datetime="${new Date(begin + 40 * MINUTE).toISOString()}"`);
  for (const end of ends.reverse()) {
    await end();
  }
});

test('reports a denied account once, and reads the others', async (scope) => {
  const { clock, simulator, start } = await runMetricService(scope);
  simulator.setFaults([
    { kind: 'error', name: 'AccessDenied', status: 403, match: { region: 'us-west-2', operation: 'GetMetricData' } },
  ]);
  const daemon = await start({ accounts: [{ name: 'good' }, { name: 'denied', region: 'us-west-2' }] });
  await clock.advance(20 * MINUTE);
  const page = await daemon.metrics();
  const good = { account: 'good', aws_region: 'us-east-1' };
  const denied = { account: 'denied', aws_region: 'us-west-2' };
  expect(page.value('aws_nfm_monitor_observed_seconds_total', { ...good, monitor: 'checkout' })).toBeGreaterThan(900);
  const error = { ...denied, operation: 'GetMetricData', error: 'AccessDeniedException' };
  expect(page.value('aws_nfm_api_errors_total', error)).toBeGreaterThan(10);
  expect(page.value('aws_nfm_cloudwatch_metrics_requested_total', denied)).toBe(0);
  expect(page.value('aws_nfm_api_up', denied)).toBe(1);
  const failures = () => daemon.log.events.filter(({ msg }) => msg.startsWith('monitor metrics'));
  expect(failures().map(({ msg, fields }) => [msg, fields['account'], fields['error']])).toEqual([
    ['monitor metrics not read', 'denied', 'AccessDeniedException'],
  ]);
  simulator.setFaults([]);
  await clock.advance(2 * MINUTE);
  expect(failures().at(-1)).toMatchObject({ msg: 'monitor metrics read again', fields: { account: 'denied' } });
});

test('reads each monitor once for two names of one AWS account, and exports it for both', async (scope) => {
  const { clock, simulator, start } = await runMetricService(scope);
  const daemon = await start({ accounts: [{ name: 'one' }, { name: 'two' }], cloudwatch: { metrics: '*' } });
  await clock.advance(30 * MINUTE);
  const page = await daemon.metrics();
  expect(simulator.metricsRequested()).toBeLessThanOrEqual(30 + 4 * 6);
  const values = ['one', 'two'].map((account) =>
    ['observed_seconds_total', 'data_transferred_bytes_total', 'health_degraded'].map((name) =>
      page.value(`aws_nfm_monitor_${name}`, { ...CHECKOUT, account }),
    ),
  );
  expect(values[0]).toEqual(values[1]);
  expect(values[0]?.[0]).toBeGreaterThan(1_500);
});

test('follows reloads of the section', async (scope) => {
  const { clock, simulator, startReloaded } = await runMetricService(scope);
  const daemon = await startReloaded(LISTED_OFTEN);
  const series = async () =>
    (await daemon.metrics('monitors')).samples('aws_nfm_monitor_observed_seconds_total').length;
  await clock.advance(5 * MINUTE);
  expect([await series(), simulator.metricsRequested()]).toEqual([0, 0]);
  await daemon.reloadWith({ ...LISTED_OFTEN, cloudwatch: { metrics: 'HealthIndicator' } });
  await clock.advance(5 * MINUTE);
  expect(await series()).toBe(1);
  const requested = simulator.metricsRequested();
  expect(requested).toBeGreaterThan(0);
  expect(requested).toBeLessThanOrEqual(5);
  await daemon.reloadWith({ ...LISTED_OFTEN, cloudwatch: { metrics: 'HealthIndicator', monitors: { name: 'x*' } } });
  await clock.advance(5 * MINUTE);
  expect([await series(), simulator.metricsRequested()]).toEqual([0, requested]);
  await daemon.reloadWith(LISTED_OFTEN);
  await clock.advance(5 * MINUTE);
  expect([await series(), simulator.metricsRequested()]).toEqual([0, requested]);
});

test('stretches the intervals to the cost limit', async (scope) => {
  const { clock, simulator, start } = await runMetricService(scope);
  const daemon = await start({ cloudwatch: { maxMetricsPerDay: 1_440 + 400 } });
  await clock.advance(HOUR);
  const page = await daemon.metrics();
  expect(page.value('aws_nfm_cloudwatch_limited', TARGET)).toBe(1);
  // 4 metrics every 15 minutes.
  expect(simulator.metricsRequested()).toBeLessThanOrEqual(60 + 4 * 4);
  expect(simulator.metricsRequested()).toBeGreaterThan(50);
});

test("exports CloudWatch's bytes in exactly the window of a query's results", async (scope) => {
  const { clock, simulator, start } = await runMetricService(scope);
  const schedule = { every: '1h', lookback: '30m', delay: '2m' };
  const query = { name: 'q', monitorName: 'checkout', metricName: 'DATA_TRANSFERRED', destinationCategory: 'INTER_AZ' };
  const daemon = await start({ queries: [{ ...query, schedule }] });
  const seen: { readonly age: number; readonly end: number; readonly value: number }[] = [];
  const until = clock.now() + 2 * HOUR;
  while (clock.now() < until) {
    await clock.advance(MINUTE);
    // One page: the next window may have results between two of them.
    const page = await daemon.metrics('queries');
    const value = page.value('aws_nfm_query_monitor_data_transferred_bytes', { query: 'q' });
    const end = page.value('aws_nfm_query_results_timestamp_seconds', { query: 'q' }) ?? 0;
    if (value !== undefined) {
      seen.push({ age: clock.now() - end * 1_000, end: end * 1_000, value });
    }
  }
  expect(seen.length).toBeGreaterThan(20);
  for (const { age, end, value } of seen) {
    expect(age).toBeGreaterThan(15 * MINUTE);
    expect(value).toBe(simulator.monitorTotals(PLACE, end - 30 * MINUTE, end).dataTransferred);
  }
});

test('counts nothing again for a monitor of the same name, or after a restart', async (scope) => {
  const { clock, simulator, start } = await runMetricService(scope);
  const config = { ...LISTED_OFTEN, cloudwatch: { metrics: 'HealthIndicator' }, storage: { path: temporaryFolder() } };
  let daemon = await start(config);
  const observed = async () =>
    ((await daemon.metrics('monitors')).value('aws_nfm_monitor_observed_seconds_total', CHECKOUT) ?? 0) / 60;
  const begin = clock.now();
  await clock.advance(30 * MINUTE);
  simulator.setMonitors(ACCOUNT_ID, 'us-east-1', []);
  await clock.advance(5 * MINUTE);
  expect((await daemon.metrics()).samples('aws_nfm_monitor_observed_seconds_total')).toEqual([]);
  simulator.setMonitors(ACCOUNT_ID, 'us-east-1', [{ name: 'checkout', status: 'ACTIVE', tags: new Map() }]);
  await clock.advance(10 * MINUTE);
  const before = await observed();
  await daemon.end();
  daemon = await start(config);
  await clock.advance(15 * MINUTE);
  const total = before + (await observed());
  const elapsed = (clock.now() - begin) / MINUTE;
  expect(total).toBeGreaterThan(elapsed - 12);
  expect(total).toBeLessThanOrEqual(elapsed);
});
