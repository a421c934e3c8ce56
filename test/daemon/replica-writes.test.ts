import { expect, test, vi } from 'vitest';
import type { TestScope } from '../support/daemon.ts';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { ENGINES, queriesOf, type ReplicaProcess, replicaProcess } from '../support/replica-processes.ts';
import { runSimulator } from '../support/simulated-service.ts';

const MONITORS = Array.from({ length: 4 }, (_, n) => `monitor-${n}`);
/** Each monitor has a query for each metric and category. */
const RUNS = MONITORS.length * 28;
const PATIENT = { timeout: 90_000, interval: 200 };
/** Writes of a member for each heartbeat: its own register, and the leader's. */
const WRITES_PER_BEAT = 2;

/** A service, a shared storage, and replicas with more than 100 queries that have one window each. */
async function setUp(scope: TestScope, kind: keyof typeof ENGINES) {
  const { storage } = await ENGINES[kind](scope);
  const service = await runSimulator(scope, {
    accounts: [{ id: '111122223333', regions: { 'us-east-1': { monitors: MONITORS.map((name) => ({ name })) } } }],
    startedQueries: [{ queuedFor: '0s', runningFor: '3s', rows: 5 }],
  });
  const config = {
    aws: {
      region: 'us-east-1',
      endpoint: service.url,
      stsEndpoint: service.url,
      requestsPerSecond: 50,
      maxConcurrentRuns: 100,
    },
    discovery: { monitorsEvery: '0s' },
    storage,
    queries: queriesOf(MONITORS, { every: '24h', lookback: '1m', delay: '0s', timeout: '5m' }),
  };
  const start = async (id: string, heartbeat: string) => {
    const replica = await replicaProcess(scope, id, config, { heartbeat });
    await replica.start();
    return replica;
  };
  const starts = () =>
    service.requests.filter(({ operation, status }) => operation?.startsWith('Start') && status === 200).length;
  const reads = () =>
    service.requests.filter(({ operation, status }) => operation?.includes('Results') && status === 200).length;
  return { starts, reads, start };
}

function sum(pages: readonly ExpositionPage[], family: string, labels: Readonly<Record<string, string>> = {}): number {
  return pages.flatMap((page) => page.samples(family, labels)).reduce((total, { value }) => total + value, 0);
}

async function pagesOf(replicas: readonly ReplicaProcess[]): Promise<readonly ExpositionPage[]> {
  const pages = await Promise.all(replicas.map((each) => each.metrics(10_000)));
  return pages.flatMap((page) => page ?? []);
}

const KINDS = ['dynamodb', 'postgresql'] as const;

test.concurrent.for(KINDS)('a run writes to %s at most 3.1 times', { timeout: 180_000 }, async (kind, scope) => {
  const { start, starts, reads } = await setUp(scope, kind);
  const since = Date.now();
  const replica = await start('only', '20s');
  // A page of all queries costs more than several of their runs.
  await vi.waitFor(() => expect(reads()).toBeGreaterThanOrEqual(RUNS), PATIENT);
  const counted = await vi.waitFor(async () => {
    const [page] = await pagesOf([replica]);
    const succeeded = page && sum([page], 'aws_nfm_query_runs_total', { outcome: 'succeeded' });
    expect(succeeded).toBe(RUNS);
    return page;
  }, PATIENT);
  const beats = Math.floor((Date.now() - since) / 20_000);
  const puts = sum(counted ? [counted] : [], 'aws_nfm_replica_engine_requests_total', { operation: 'put' });
  const perRun = (puts - WRITES_PER_BEAT * beats) / starts();
  process.stdout.write(`${kind}: ${perRun.toFixed(2)} writes per run, of ${starts()} runs\n`);
  expect(starts()).toBe(RUNS);
  expect(perRun).toBeLessThanOrEqual(3.1);
});
