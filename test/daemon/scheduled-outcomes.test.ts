import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type AdjustedClock, adjustedClock } from '../support/adjusted-clock.ts';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { patientClock } from '../support/patient-clock.ts';
import { runSimulator, type SimulatedService } from '../support/simulated-service.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Far beyond the few seconds that each step takes. */
const PATIENT = { timeout: 30_000, interval: 100 };

const MONITORS = ['good', 'fails', 'canceled', 'endless', 'odd-unit', 'second'];
const SCENARIO = {
  accounts: [{ id: '123456789012', regions: { 'us-east-1': { monitors: MONITORS.map((name) => ({ name })) } } }],
  startedQueries: [
    { match: { monitorName: 'fails' }, queuedFor: 0, runningFor: '100ms', outcome: 'FAILED' },
    { match: { monitorName: 'canceled' }, queuedFor: 0, runningFor: '100ms', outcome: 'CANCELED' },
    { match: { monitorName: 'endless' }, queuedFor: 0, outcome: 'none' },
    { match: { monitorName: 'second' }, queuedFor: 0, outcome: 'none' },
    { match: { monitorName: 'odd-unit' }, queuedFor: 0, runningFor: '100ms', unit: 'Percent' },
    { queuedFor: 0, runningFor: '100ms', unit: 'Count' },
  ],
};
const QUERY = { metricName: 'RETRANSMISSIONS', destinationCategory: 'INTER_AZ', limit: 30 };
const SCHEDULE = { every: '1h', delay: '0s', timeout: '4s' };

const ends: (() => Promise<void> | void)[] = [];
let clock: AdjustedClock;
let service: SimulatedService;
let daemon: RunningDaemon;

beforeAll(async () => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const scope = { onTestFinished: (end: () => Promise<void> | void) => ends.unshift(end) };
  clock = adjustedClock(NOON + 10 * MINUTE, patientClock);
  service = await runSimulator(scope, SCENARIO, { clock });
  daemon = await runDaemon(
    scope,
    {
      aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 100, maxAttempts: 1 },
      accounts: [
        { name: 'wide', region: 'us-east-1', maxConcurrentRuns: 20 },
        { name: 'narrow', region: 'us-east-1', maxConcurrentRuns: 1 },
      ],
      queryDefaults: QUERY,
      queries: [
        ...['good', 'fails', 'canceled', 'endless', 'odd-unit', 'absent'].map((monitorName) => ({
          name: monitorName,
          account: 'wide',
          monitorName,
          schedule: SCHEDULE,
        })),
        ...['endless', 'second'].map((monitorName) => ({
          name: `narrow-${monitorName}`,
          account: 'narrow',
          monitorName,
          metricName: 'TIMEOUTS',
          schedule: { ...SCHEDULE, timeout: '1h' },
        })),
      ],
    },
    { clock },
  );
});

afterAll(async () => {
  for (const end of ends) {
    await end();
  }
});

/** Runs so far, by outcome, zeros left out. */
function runsOf(page: ExpositionPage, query: string): Readonly<Record<string, number>> {
  const all = page.samples('aws_nfm_query_runs_total', { query });
  expect(all).toHaveLength(7);
  return Object.fromEntries(
    all.filter(({ value }) => value > 0).map(({ labels, value }) => [labels['outcome'] ?? '', value]),
  );
}

function lastOutcome(page: ExpositionPage, query: string): string | undefined {
  const set = page.samples('aws_nfm_query_last_run_outcome', { query });
  expect([0, 7]).toContain(set.length);
  const [last, ...more] = set.filter(({ value }) => value === 1).map(({ labels }) => labels['outcome']);
  expect(more).toEqual([]);
  return last;
}

function lastError(page: ExpositionPage, query: string): string | undefined {
  const [sample] = page.samples('aws_nfm_query_last_error', { query });
  return sample && `${sample.labels['operation']} ${sample.labels['error']}`;
}

/** The page after each of these queries has had these numbers of runs. */
async function after(runs: Readonly<Record<string, Readonly<Record<string, number>>>>): Promise<ExpositionPage> {
  return vi.waitFor(async () => {
    const page = await daemon.metrics();
    const counted = Object.keys(runs).map((query) => [query, runsOf(page, query)]);
    expect(Object.fromEntries(counted)).toEqual(runs);
    return page;
  }, PATIENT);
}

describe('runs end', () => {
  let page: ExpositionPage;
  beforeAll(async () => {
    page = await after({
      good: { succeeded: 1 },
      fails: { failed: 1 },
      canceled: { canceled: 1 },
      endless: { timed_out: 1 },
      'odd-unit': { results_failed: 1 },
      absent: { start_failed: 1 },
    });
  });

  test.each([
    { query: 'good', outcome: 'succeeded', status: 'SUCCEEDED', up: 1, error: undefined },
    { query: 'fails', outcome: 'failed', status: 'FAILED', up: 1, error: undefined },
    { query: 'canceled', outcome: 'canceled', status: 'CANCELED', up: 1, error: undefined },
    { query: 'endless', outcome: 'timed_out', status: 'RUNNING', up: 1, error: undefined },
    { query: 'odd-unit', outcome: 'results_failed', status: 'SUCCEEDED', up: 0, error: 'results InvalidResponse' },
    { query: 'absent', outcome: 'start_failed', status: undefined, up: 0, error: 'start ValidationException' },
  ])('$outcome', ({ query, outcome, status, up, error }) => {
    expect(lastOutcome(page, query)).toBe(outcome);
    expect(page.status(query)).toBe(status);
    expect(page.value('aws_nfm_query_up', { query })).toBe(up);
    expect(lastError(page, query)).toBe(error);
    const isGood = outcome === 'succeeded';
    expect(page.samples('aws_nfm_contributor_retransmissions', { query }).length > 0).toBe(isGood);
    expect(page.value('aws_nfm_query_contributors', { query })).toBe(isGood ? 30 : undefined);
    expect(page.value('aws_nfm_query_results_timestamp_seconds', { query })).toBe(isGood ? NOON / 1_000 : undefined);
    expect(page.value('aws_nfm_query_retransmissions_total', { query }) === 0).toBe(!isGood);
    const took = page.value('aws_nfm_query_last_run_duration_seconds', { query });
    if (outcome === 'start_failed') {
      expect(took).toBeUndefined();
      expect(page.samples('aws_nfm_query_run_info', { query })).toEqual([]);
    } else {
      expect(took).toBeGreaterThan(outcome === 'timed_out' ? 4 : 0.1);
      expect(took).toBeLessThan(outcome === 'timed_out' ? 8 : 4);
    }
  });

  test('stopped at the service only after their timeout', () => {
    const stops = service.requests.filter(({ operation }) => operation.startsWith('StopQuery'));
    expect(stops.map(({ path, status }) => [path.split('/')[2], status])).toEqual([['endless', 200]]);
  });

  test('with an error for unusable results, counted for the API', () => {
    const labels = { account: 'wide', operation: 'GetQueryResultsMonitorTopContributors', error: 'InvalidResponse' };
    expect(page.value('aws_nfm_api_errors_total', labels)).toBe(1);
  });
});

test('keeps results while runs fail, whatever the wall clock, until the next results', async () => {
  const before = await after({ good: { succeeded: 1 } });
  const seriesOf = (page: ExpositionPage) => page.samples('aws_nfm_contributor_retransmissions', { query: 'good' });
  const totalOf = (page: ExpositionPage) => page.value('aws_nfm_query_retransmissions_total', { query: 'good' });
  const resultsOf = (page: ExpositionPage) => [
    page.value('aws_nfm_query_results_timestamp_seconds', { query: 'good' }),
    page.value('aws_nfm_query_results_window_seconds', { query: 'good' }),
  ];
  const match = { operation: 'GetQueryResults*', monitorName: 'good' };
  service.simulator.setFaults([{ kind: 'error', name: 'ValidationException', status: 400, match }]);
  clock.jump(HOUR);
  let page = await after({ good: { succeeded: 1, results_failed: 1 } });
  expect(lastOutcome(page, 'good')).toBe('results_failed');
  expect(lastError(page, 'good')).toBe('results ValidationException');
  expect(seriesOf(page)).toEqual(seriesOf(before));
  expect(totalOf(page)).toBe(totalOf(before));
  expect(resultsOf(page)).toEqual(resultsOf(before));
  expect(page.value('aws_nfm_query_contributors', { query: 'good' })).toBe(30);

  // By the wall clock they would be older than 3 × every + delay + timeout: the window ended at noon.
  clock.jump(2 * HOUR);
  page = await after({ good: { succeeded: 1, results_failed: 2 } });
  expect(seriesOf(page)).toEqual(seriesOf(before));
  expect(resultsOf(page)).toEqual(resultsOf(before));
  expect(totalOf(page)).toBe(totalOf(before));
  const kept = await daemon.text('/api/v1/queries/good/contributors');
  expect(JSON.parse(kept.body).windowEnd).toBe('2026-06-01T12:00:00.000Z');

  service.simulator.setFaults([]);
  clock.jump(HOUR);
  page = await after({ good: { succeeded: 2, results_failed: 2 } });
  expect(lastOutcome(page, 'good')).toBe('succeeded');
  expect(seriesOf(page).length).toBeGreaterThan(0);
  expect(resultsOf(page)).toEqual([(NOON + 4 * HOUR) / 1_000, 3_600]);
  expect(totalOf(page), 'each window adds to it').toBeGreaterThan(totalOf(before) ?? Number.NaN);
});

test('skips a window without a free slot before the next one is due, and keeps the query waiting', async () => {
  await vi.waitFor(async () => {
    const page = await daemon.metrics('api', 'queries');
    const ofNarrow = (query: string) => runsOf(page, `narrow-${query}`);
    expect(page.value('aws_nfm_api_runs', { account: 'narrow', state: 'active' })).toBe(1);
    expect(page.value('aws_nfm_api_runs', { account: 'narrow', state: 'waiting' })).toBe(1);
    expect(page.value('aws_nfm_api_runs_limit', { account: 'narrow' })).toBe(1);
    // The clock has jumped three times, with one run under way all the time, and one waiting for the newest window.
    expect([ofNarrow('endless'), ofNarrow('second')]).toEqual([{ skipped: 2 }, { skipped: 3 }]);
    expect(lastOutcome(page, 'narrow-second')).toBeUndefined();
  }, PATIENT);
  expect(daemon.log.messages().filter((msg) => msg === 'overdue windows skipped').length).toBeLessThanOrEqual(2);
});
