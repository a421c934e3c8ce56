import { expect, test } from 'vitest';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { ACCOUNT_ID, HOUR, type MetricDaemon, MINUTE, runMetricService } from '../support/metric-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MONITORS = ['checkout', 'search'];
/** Point faults of the service: a point in five is late by up to 9 minutes, one in ten is corrected upward, some are missing. */
const FAULTS = [
  { kind: 'missing', rate: 0.02 },
  { kind: 'late', by: '9m', rate: 0.1 },
  { kind: 'late', by: '4m', rate: 0.1 },
  { kind: 'corrected', factor: 0.5, after: '6m', rate: 0.1 },
  { kind: 'repeated', rate: 0.1 },
  { kind: 'idMissing', rate: 0.05 },
  { kind: 'idRepeated', rate: 0.05 },
  { kind: 'partial', rate: 0.05 },
];
/** Simulated hours: `npm run long:metrics` takes a day. */
const HOURS = Number(process.env['METRIC_HOURS'] ?? 6);
/** Points exist only from here to here after the start, so that all of them are counted, and none is late at the end. */
const FIRST = 10 * MINUTE;
const LAST = HOURS * HOUR - 30 * MINUTE;

/** AWS's network is degraded at times: once in one monitor only, and for a single minute. */
const INCIDENTS = [
  { kind: 'metricsMissing', until: `${FIRST / MINUTE}m` },
  { kind: 'metricsMissing', from: `${LAST / MINUTE}m` },
  { kind: 'awsNetwork', from: '1h', until: '1h20m' },
  { kind: 'awsNetwork', from: '2h', until: '2h1m', match: { monitorName: 'search' } },
  { kind: 'awsNetwork', from: `${HOURS * 40}m`, until: `${HOURS * 45}m` },
];

const COUNTERS = {
  observed: 'aws_nfm_monitor_observed_seconds_total',
  degraded: 'aws_nfm_monitor_degraded_seconds_total',
  retransmissions: 'aws_nfm_monitor_retransmissions_total',
  timeouts: 'aws_nfm_monitor_timeouts_total',
  bytes: 'aws_nfm_monitor_data_transferred_bytes_total',
};
type Sums = Record<keyof typeof COUNTERS, number>;

function sumsOf(page: ExpositionPage, monitor: string): Sums {
  const read = (family: string) => page.value(family, { account: 'default', aws_region: 'us-east-1', monitor }) ?? 0;
  return {
    observed: read(COUNTERS.observed),
    degraded: read(COUNTERS.degraded),
    retransmissions: read(COUNTERS.retransmissions),
    timeouts: read(COUNTERS.timeouts),
    bytes: read(COUNTERS.bytes),
  };
}

/** Adds up what the counters of a process have shown. */
function addPage(into: Map<string, Sums>, page: ExpositionPage, sign: 1 | -1 = 1): void {
  for (const monitor of MONITORS) {
    const before = into.get(monitor) ?? { observed: 0, degraded: 0, retransmissions: 0, timeouts: 0, bytes: 0 };
    const { observed, degraded, retransmissions, timeouts, bytes } = sumsOf(page, monitor);
    into.set(monitor, {
      observed: before.observed + sign * observed,
      degraded: before.degraded + sign * degraded,
      retransmissions: before.retransmissions + sign * retransmissions,
      timeouts: before.timeouts + sign * timeouts,
      bytes: before.bytes + sign * bytes,
    });
  }
}

const requestedIn = (page: ExpositionPage) => page.value('aws_nfm_cloudwatch_metrics_requested_total', DEFAULT) ?? 0;
const missedIn = (page: ExpositionPage) => page.value('aws_nfm_cloudwatch_periods_missed_total', DEFAULT) ?? 0;
const DEFAULT = { account: 'default', aws_region: 'us-east-1' };

test(`counts each period of ${HOURS} hours once, with late, missing, repeated, and corrected points and restarts`, {
  timeout: 60_000 + HOURS * 30_000,
}, async (scope) => {
  const storage = { path: temporaryFolder(scope) };
  const { clock, simulator, start } = await runMetricService(scope, {
    names: MONITORS,
    scenario: { cloudwatch: { faults: FAULTS }, incidents: INCIDENTS },
  });
  const begin = clock.now();
  const shown = new Map<string, Sums>();
  const unshown = new Map<string, Sums>();
  let requested = 0;
  let missed = 0;
  let daemon: MetricDaemon = await start({ storage });
  /** Share of the time until each restart, minutes without a process, and minutes after its last scrape. */
  for (const [part, pause, unscraped] of [
    [0.1, 0, 0],
    [0.2, 20, 7],
    [0.03, 41, 0],
    [0.3, 0, 3],
    [0.15, 1, 0],
  ] as const) {
    await clock.advance(part * HOURS * HOUR - unscraped * MINUTE);
    const scraped = await daemon.metrics();
    await clock.advance(unscraped * MINUTE);
    const last = await daemon.metrics();
    addPage(shown, scraped);
    addPage(unshown, last);
    addPage(unshown, scraped, -1);
    requested += requestedIn(last);
    missed += missedIn(last);
    await daemon.end();
    await clock.advance(pause * MINUTE);
    daemon = await start({ storage });
  }
  await clock.advance(HOURS * HOUR - (clock.now() - begin));
  const page = await daemon.metrics();
  addPage(shown, page);
  expect(missed + missedIn(page)).toBe(0);
  expect(requested + requestedIn(page)).toBe(simulator.metricsRequested());
  for (const monitorName of MONITORS) {
    const place = { account: ACCOUNT_ID, region: 'us-east-1', monitorName };
    const truth = simulator.monitorTotals(place, begin + FIRST, begin + LAST);
    const lost = unshown.get(monitorName);
    expect(shown.get(monitorName), monitorName).toEqual({
      observed: truth.observedMinutes * 60 - (lost?.observed ?? 0),
      degraded: truth.degradedMinutes * 60 - (lost?.degraded ?? 0),
      retransmissions: truth.retransmissions - (lost?.retransmissions ?? 0),
      timeouts: truth.timeouts - (lost?.timeouts ?? 0),
      bytes: truth.dataTransferred - (lost?.bytes ?? 0),
    });
    expect(truth.degradedMinutes).toBeGreaterThan(20);
  }
});
