import { expect, onTestFinished, test, vi } from 'vitest';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { ENGINES } from '../support/replica-processes.ts';
import { runSimulator } from '../support/simulated-service.ts';

const HERE = { onTestFinished };
const TIMEOUT_MS = 120_000;

async function waitForLead(daemon: RunningDaemon): Promise<void> {
  await vi.waitFor(async () => expect((await daemon.metrics('exporter')).value('aws_nfm_replica_leader', {})).toBe(1), {
    timeout: 60_000,
    interval: 100,
  });
}

test.each(['dynamodb', 'postgresql'] as const)(
  'a replica follows the run of another one through %s',
  { timeout: TIMEOUT_MS },
  async (kind) => {
    setAwsEnvironment(TEST_CREDENTIALS);
    const { storage } = await ENGINES[kind](HERE);
    const service = await runSimulator(HERE, {
      accounts: [{ id: '123456789012' }],
      startedQueries: [{ queuedFor: '0s', runningFor: '8s' }],
    });
    const start = (id: string) =>
      runDaemon(HERE, {
        aws: { endpoint: service.url, stsEndpoint: service.url },
        storage,
        replicas: { id, heartbeat: '1s' },
        queries: [
          {
            name: 'run',
            monitorName: 'checkout',
            metricName: 'TIMEOUTS',
            destinationCategory: 'INTER_AZ',
            schedule: { every: '24h', delay: '0s' },
          },
        ],
      });
    const starts = () => service.requests.filter(({ operation }) => operation?.startsWith('Start')).length;
    const first = await start('first');
    await waitForLead(first);
    await vi.waitFor(() => expect(starts()).toBe(1), { timeout: 30_000 });
    const second = await start('second');
    await vi.waitFor(async () => expect((await second.text('/-/ready')).status).toBe(200), { timeout: 30_000 });
    await first.stop(10_000);
    await waitForLead(second);
    await vi.waitFor(
      async () => {
        const page = await second.metrics('queries');
        expect(page.value('aws_nfm_query_runs_total', { query: 'run', outcome: 'succeeded' })).toBe(1);
      },
      { timeout: 60_000, interval: 200 },
    );
    expect(starts()).toBe(1);
    const page = await second.metrics();
    expect(page.value('aws_nfm_replica_takeovers_total', { reason: 'released' })).toBe(1);
    expect(page.value('aws_nfm_replica_engine_up', {})).toBe(1);
  },
);
