import { expect, test } from 'vitest';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { ACCOUNT_ID, HOUR, type MetricDaemon, MINUTE, runMetricService } from '../support/metric-service.ts';
import { addSums, type MonitorSums, sumsOf, trueSums } from '../support/monitor-sums.ts';
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

/** Adds up what the counters of a process have shown. */
function addPage(into: Map<string, MonitorSums>, page: ExpositionPage, sign: 1 | -1 = 1): void {
  for (const monitor of MONITORS) {
    into.set(monitor, addSums(into.get(monitor), sumsOf(page, monitor), sign));
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
  const shown = new Map<string, MonitorSums>();
  const unshown = new Map<string, MonitorSums>();
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
    expect(shown.get(monitorName), monitorName).toEqual(addSums(trueSums(truth), unshown.get(monitorName), -1));
    expect(truth.degradedMinutes).toBeGreaterThan(20);
  }
});
