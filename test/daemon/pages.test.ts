import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PATIENT = { timeout: 15_000, interval: 50 };
const scope = { onTestFinished };

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

async function pageOf(daemon: RunningDaemon, path: string): Promise<string> {
  const response = await fetch(`${daemon.url}${path}`);
  return response.text();
}

/** The matrices and worst flows of the flows page. */
function tables(page: string): readonly string[] {
  return page.match(/<table.*?<\/table>/gs) ?? [];
}

test('the flows page shows the same flows after a restart, from the stored results', async () => {
  const service = await runSimulator(scope, { startedQueries: [{ queuedFor: 0, runningFor: 0, rows: 60 }] });
  const config = {
    aws: { region: 'us-east-1', endpoint: service.url, requestsPerSecond: 100 },
    discovery: { monitorsEvery: '0s' },
    storage: { path: temporaryFolder() },
    queries: [
      {
        name: 'run',
        monitorName: 'checkout',
        metricName: 'RETRANSMISSIONS',
        destinationCategory: 'INTER_AZ',
        // Once per day, so that a window is hardly ever due during a test.
        schedule: { every: '1d', lookback: '1h', delay: '0s', timeout: '10m' },
      },
    ],
  };
  const first = await runDaemon(scope, config);
  await vi.waitFor(async () => expect(await pageOf(first, '/flows')).toContain('Last results of 1 query'), PATIENT);
  const before = tables(await pageOf(first, '/flows'));
  expect(before).toHaveLength(2);
  await first.stop(5_000);
  const second = await runDaemon(scope, config);
  await vi.waitFor(async () => expect(tables(await pageOf(second, '/flows'))).toEqual(before), PATIENT);
});

test('the status page shows the health of the API and the identity', async () => {
  const service = await runSimulator(scope, {});
  const config = {
    aws: { region: 'us-east-1', endpoint: service.url, stsEndpoint: service.url },
    queries: [{ name: 'watched', monitorName: 'checkout', queryId: 'q' }],
  };
  const daemon = await runDaemon(scope, config);
  await vi.waitFor(async () => {
    const page = await pageOf(daemon, '/');
    const [health = ''] = /<details class="health".*?<\/details>/s.exec(page) ?? [];
    expect(health).toContain('<span class="badge good">up</span>');
    expect(health).toContain('arn:aws:');
  }, PATIENT);
});
