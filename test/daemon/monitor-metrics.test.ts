import { expect, test } from 'vitest';
import { ACCOUNT_ID, HOUR, MINUTE, runMetricService } from '../support/metric-service.ts';

const CHECKOUT = { account: 'default', aws_region: 'us-east-1', monitor: 'checkout' };
const PLACE = { account: ACCOUNT_ID, region: 'us-east-1', monitorName: 'checkout' };

test('exports the metrics of monitors without queries', async (scope) => {
  const { clock, simulator, start } = await runMetricService(scope);
  const daemon = await start();
  await clock.advance(HOUR);
  const page = await daemon.metrics();
  const value = (family: string) => page.value(family, CHECKOUT);
  expect(value('aws_nfm_monitor_health_degraded')).toBe(0);
  expect(value('aws_nfm_monitor_degraded_seconds_total')).toBe(0);
  const observed = value('aws_nfm_monitor_observed_seconds_total') ?? 0;
  expect(observed / 60).toBe(60);
  const end = (value('aws_nfm_monitor_metrics_timestamp_seconds') ?? 0) * 1_000;
  expect(clock.now() - end).toBeLessThanOrEqual(4 * MINUTE);
  const { retransmissions } = simulator.monitorTotals(PLACE, end - 55 * MINUTE, end);
  expect(value('aws_nfm_monitor_retransmissions_total')).toBeGreaterThan(retransmissions * 0.9);
  expect(page.value('aws_nfm_cloudwatch_metrics_requested_total', { account: 'default' })).toBe(
    simulator.metricsRequested(),
  );
});
