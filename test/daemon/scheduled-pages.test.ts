import type { Fault } from 'network-flow-monitor-simulator';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

const MINUTE = 60_000;
const SCENARIO = {
  accounts: [{ id: '123456789012', regions: { 'us-east-1': { monitors: [{ name: 'checkout' }] } } }],
  startedQueries: [{ queuedFor: 0, runningFor: '2s' }],
};
const RESULTS = { match: { operation: 'GetQueryResults*' } };

/** Completes one run with these responses to result calls. */
async function runWith(faults: readonly Fault[]) {
  const clock = new SteppedClock(Date.UTC(2026, 5, 1, 12, 20));
  onTestFinished(clock.watchRequests());
  const service = await runSimulator({ onTestFinished }, SCENARIO, { clock });
  service.simulator.setFaults([...faults]);
  const daemon = await runDaemon(
    { onTestFinished: () => undefined },
    {
      aws: { endpoint: service.url, stsEndpoint: service.url, maxAttempts: 1 },
      discovery: { monitorsEvery: '0s' },
      queries: [
        {
          name: 'checkout',
          monitorName: 'checkout',
          metricName: 'RETRANSMISSIONS',
          destinationCategory: 'INTER_AZ',
          limit: 10,
          schedule: { every: '1h', delay: '0s', timeout: '10m' },
        },
      ],
    },
    { clock },
  );
  await clock.creepUntil(() => service.requests.some(({ operation }) => operation.startsWith('StartQuery')));
  await clock.advance(12 * MINUTE);
  // Packing results is the work of threads, for which the clock does not wait.
  const { page, runs } = await vi.waitFor(async () => {
    const page = await daemon.metrics();
    const runs = page.samples('aws_nfm_query_runs_total', { query: 'checkout' }).filter(({ value }) => value > 0);
    expect(runs).not.toEqual([]);
    return { page, runs };
  }, 10_000);
  await clock.complete(daemon.stop(30_000), MINUTE);
  return {
    outcomes: runs.map(({ labels, value }) => [labels['outcome'], value]),
    rows: page.value('aws_nfm_query_contributors', { query: 'checkout' }),
    calls: service.requests.filter(({ operation }) => operation.startsWith('GetQueryResults')).length,
  };
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('a page of results', () => {
  test.each<[string, Fault]>([
    ['is garbage', { kind: 'body', body: 'garbage', ...RESULTS, times: 3 }],
    ['is a page of a proxy', { kind: 'body', body: 'html', ...RESULTS, times: 3 }],
    ['is cut short', { kind: 'body', body: 'truncated', ...RESULTS, times: 3 }],
    ['has members of other types', { kind: 'body', body: 'wrongTypes', ...RESULTS, times: 3 }],
    ['is not there yet', { kind: 'error', name: 'ResourceNotFoundException', status: 404, ...RESULTS, times: 3 }],
    ['is refused', { kind: 'error', name: 'AccessDeniedException', status: 403, ...RESULTS, times: 3 }],
    ['fails', { kind: 'error', name: 'InternalServerException', status: 500, ...RESULTS, times: 7 }],
  ])('that %s for a while is read afterward', async (_, fault) => {
    const { outcomes, rows } = await runWith([fault]);
    expect(outcomes).toEqual([['succeeded', 1]]);
    expect(rows).toBe(10);
  });

  test('that fails repeatedly ends its run after a few calls', async () => {
    const { outcomes, calls } = await runWith([
      { kind: 'error', name: 'AccessDeniedException', status: 403, ...RESULTS },
    ]);
    expect(outcomes).toEqual([['results_failed', 1]]);
    expect(calls).toBe(5);
  });

  test('that always fails ends its run at the timeout, with exponential backoff', async () => {
    const { outcomes, calls } = await runWith([
      { kind: 'error', name: 'InternalServerException', status: 500, ...RESULTS },
    ]);
    expect(outcomes).toEqual([['results_failed', 1]]);
    expect(calls).toBeGreaterThan(8);
    expect(calls).toBeLessThan(20);
  });
});
