import { expect, test } from 'vitest';
import { HOUR, type MetricDaemon, runMetricService } from '../support/metric-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NAMES = ['strict', 'lax', 'none'];
const LIMITS = { lax: '1h', 's*': '1ms', '?ax': '1ms' };
const labels = (monitor: string) => ({ account: 'default', aws_region: 'us-east-1', monitor });

async function limitOf(daemon: MetricDaemon, monitor: string): Promise<number | undefined> {
  return (await daemon.metrics()).value('aws_nfm_monitor_round_trip_time_limit_seconds', labels(monitor));
}

/** Counted minutes; undefined without a limit. */
async function minutes(daemon: MetricDaemon, family: 'observed' | 'above_limit', monitor: string) {
  const name = `aws_nfm_monitor_round_trip_time_${family}_seconds_total`;
  const seconds = (await daemon.metrics()).value(name, labels(monitor));
  return seconds === undefined ? undefined : seconds / 60;
}

test('counts minutes with a round-trip time above the limit of the first fitting pattern', async (scope) => {
  const { clock, start } = await runMetricService(scope, { names: NAMES });
  const daemon = await start({ cloudwatch: { roundTripTimeLimits: LIMITS } });
  await clock.advance(HOUR);
  expect(await Promise.all(NAMES.map((name) => limitOf(daemon, name)))).toEqual([0.001, 3_600, undefined]);
  const observed = await minutes(daemon, 'observed', 'strict');
  // Agents measure round-trip times in some minutes only.
  expect(observed).toBeGreaterThan(10);
  expect(observed).toBeLessThan(50);
  expect(await minutes(daemon, 'above_limit', 'strict')).toBe(observed);
  expect(await minutes(daemon, 'observed', 'lax')).toBeGreaterThan(10);
  expect(await minutes(daemon, 'above_limit', 'lax')).toBe(0);
  expect(await minutes(daemon, 'observed', 'none')).toBeUndefined();
});

test('counts each minute once over a restart', async (scope) => {
  const { clock, start } = await runMetricService(scope, { names: ['strict'] });
  const cloudwatch = { roundTripTimeLimits: LIMITS };
  const config = { cloudwatch, storage: { path: temporaryFolder(scope) } };
  const lasting = await start({ cloudwatch });
  const first = await start(config);
  await clock.advance(HOUR);
  const before = (await minutes(first, 'above_limit', 'strict')) ?? 0;
  await first.end();
  const second = await start(config);
  await clock.advance(HOUR);
  const after = (await minutes(second, 'above_limit', 'strict')) ?? 0;
  expect(after).toBeGreaterThan(10);
  // Daemons do not start at the same instant, so that the first minute of one can be missing.
  expect(Math.abs(before + after - ((await minutes(lasting, 'above_limit', 'strict')) ?? 0))).toBeLessThanOrEqual(1);
});
