import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { keepLedger, type StartedRun } from '../support/start-ledger.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

const MINUTE = 60_000;
const MONITORS = ['checkout', 'payments', 'search'];
const QUERY = { metricName: 'RETRANSMISSIONS', destinationCategory: 'INTER_AZ', limit: 10 };
const SCENARIO = {
  accounts: [{ id: '123456789012', regions: { 'us-east-1': { monitors: MONITORS.map((name) => ({ name })) } } }],
  startedQueries: [{ queuedFor: 0, runningFor: '2s' }],
};

function configFor(url: string, maxAttempts: number) {
  return {
    aws: { endpoint: url, stsEndpoint: url, maxAttempts, requestsPerSecond: 100, requestTimeout: '1s' },
    discovery: { monitorsEvery: '0s' },
    queries: MONITORS.map((monitorName) => ({
      name: monitorName,
      monitorName,
      ...QUERY,
      schedule: { every: '1m', lookback: '1m', delay: '0s', timeout: '50s' },
    })),
  };
}

/** How many starts repeat a query and window that was started before. */
function repeated(started: readonly StartedRun[]): number {
  return started.length - new Set(started.map(({ path, asked, windowEnd }) => `${path} ${asked} ${windowEnd}`)).size;
}

function answerWith(status: number, body: string): (response: ServerResponse) => void {
  return (response) => response.writeHead(status, { 'content-type': 'text/html' }).end(body);
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('a start whose response is lost', () => {
  test('is not retried during 17 minutes of network failure, and its window is counted as skipped', async () => {
    const clock = new SteppedClock(Date.UTC(2026, 5, 1, 12, 0, 5));
    onTestFinished(clock.watchRequests());
    const service = await runSimulator({ onTestFinished }, SCENARIO, { clock });
    const losses = [
      answerWith(502, '<html>Bad gateway</html>'),
      answerWith(504, ''),
      ({ socket }: ServerResponse) => (socket as Socket).resetAndDestroy(),
      answerWith(200, '<html>Please sign in</html>'),
    ];
    let lost = 0;
    const ledger = await keepLedger(
      { onTestFinished },
      service.url,
      () => 0,
      (response, n) => {
        if (n % 2 === 0) {
          return false;
        }
        losses[lost % losses.length]?.(response);
        lost += 1;
        return true;
      },
    );
    const daemon = await runDaemon({ onTestFinished: () => undefined }, configFor(ledger.url, 1), { clock });
    await clock.creepUntil(() => ledger.started.length > 0);
    await clock.advance(17 * MINUTE);
    const page = await daemon.metrics();
    const runs = (outcome: string) =>
      page.samples('aws_nfm_query_runs_total', { outcome }).reduce((sum, { value }) => sum + value, 0);
    await clock.complete(daemon.stop(30_000), MINUTE);
    expect(ledger.started.length).toBeGreaterThan(16 * MONITORS.length);
    expect(repeated(ledger.started)).toBe(0);
    expect(lost).toBeGreaterThan(20);
    expect(runs('skipped')).toBe(lost);
    expect(runs('start_failed')).toBe(0);
    expect(runs('succeeded')).toBeGreaterThan(20);
    expect(
      daemon.log.messages().filter((message) => message === 'window skipped after unconfirmed start'),
    ).toHaveLength(1);
  });

  test('is not retried after a timeout, with the default attempts of the client', async () => {
    const service = await runSimulator({ onTestFinished }, SCENARIO);
    const ledger = await keepLedger(
      { onTestFinished },
      service.url,
      () => 0,
      () => true,
    );
    const daemon = await runDaemon({ onTestFinished }, configFor(ledger.url, 3));
    await vi.waitFor(
      async () => {
        const skipped = (await daemon.metrics('queries')).samples('aws_nfm_query_runs_total', { outcome: 'skipped' });
        expect(skipped.map(({ value }) => value)).toEqual(MONITORS.map(() => expect.toBeOneOf([1, 2])));
      },
      { timeout: 8_000, interval: 100 },
    );
    expect(repeated(ledger.started)).toBe(0);
    expect(ledger.started.length).toBeGreaterThanOrEqual(MONITORS.length);
  });
});
