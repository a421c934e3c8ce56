import { expect, test } from 'vitest';
import { HOUR, type MetricDaemon, runMetricService } from '../support/metric-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NAMES = ['strict', 'lax', 'none'];
const LIMITS = { lax: '1h', 's*': '1ms', '?ax': '1ms' };
const labels = (monitor: string) => ({ account: 'default', aws_region: 'us-east-1', monitor });

async function limitOf(daemon: MetricDaemon, monitor: string): Promise<number | undefined> {
  return (await daemon.metrics('monitors')).value('aws_nfm_monitor_round_trip_time_limit_seconds', labels(monitor));
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

test('counts a monitor that two accounts list by the limit of each account, and follows a reload', async (scope) => {
  const { clock, simulator, startReloaded } = await runMetricService(scope, { names: ['checkout'] });
  const accounts = (limits: Readonly<Record<string, string>>) => ({
    cloudwatch: {},
    accounts: Object.entries(limits).map(([name, limit]) => ({
      name,
      cloudwatch: { roundTripTimeLimits: limit === 'none' ? {} : { '*': limit } },
    })),
  });
  const daemon = await startReloaded(accounts({ strict: '1ms', lax: '1h', same: '1ms', none: 'none' }));
  await clock.advance(HOUR);
  const valuesOf = async (family: string) => {
    const page = await daemon.metrics();
    return ['strict', 'lax', 'same', 'none'].map((account) =>
      page.value(`aws_nfm_monitor_round_trip_time_${family}`, { account, monitor: 'checkout' }),
    );
  };
  expect(await valuesOf('limit_seconds')).toEqual([0.001, 3_600, 0.001, undefined]);
  const [observed = 0] = await valuesOf('observed_seconds_total');
  expect(observed).toBeGreaterThan(10 * 60);
  expect(await valuesOf('observed_seconds_total')).toEqual([observed, observed, observed, undefined]);
  expect(await valuesOf('above_limit_seconds_total')).toEqual([observed, 0, observed, undefined]);
  // One account reads the monitor for all.
  const billed = simulator.metricsRequested();
  await daemon.reloadWith(accounts({ strict: '1ms', lax: '1ms', same: '1h', none: 'none' }));
  await clock.advance(HOUR);
  expect(simulator.metricsRequested() - billed).toBeLessThan(1.2 * billed);
  expect(await valuesOf('limit_seconds')).toEqual([0.001, 0.001, 3_600, undefined]);
  const [strict, lax, same] = await valuesOf('above_limit_seconds_total');
  expect(strict).toBeGreaterThan(observed);
  expect(lax).toBe(strict);
  expect(same).toBe(0);
});

test('counts each minute once for each account over a restart, also those without an exporter', async (scope) => {
  const { clock, start } = await runMetricService(scope, { names: ['checkout'] });
  const limits = { strict: '1ms', middle: '2ms' };
  const accounts = Object.entries(limits).map(([name, limit]) => ({
    name,
    cloudwatch: { roundTripTimeLimits: { '*': limit } },
  }));
  const config = { accounts, storage: { path: temporaryFolder(scope) } };
  const minutesOf = async (daemon: MetricDaemon) => {
    const page = await daemon.metrics('monitors');
    const name = 'aws_nfm_monitor_round_trip_time_above_limit_seconds_total';
    return Object.keys(limits).map((account) => (page.value(name, { account, monitor: 'checkout' }) ?? 0) / 60);
  };
  const lasting = await start({ accounts });
  const first = await start(config);
  await clock.advance(HOUR / 2);
  const before = await minutesOf(first);
  await first.end();
  await clock.advance(HOUR / 2);
  const second = await start(config);
  await clock.advance(HOUR / 4);
  const after = await minutesOf(second);
  const expected = await minutesOf(lasting);
  for (const [i, minutes] of expected.entries()) {
    expect(minutes).toBeGreaterThan(20);
    // Daemons do not start at the same instant, so that the first minute of one can be missing.
    expect(Math.abs((before[i] ?? 0) + (after[i] ?? 0) - minutes), `account ${i}`).toBeLessThanOrEqual(1);
  }
});
