import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { REPLICA_FAMILIES } from '../../src/metrics/families.ts';
import type { RegisterEngine } from '../../src/replicas/registers.ts';
import { adjustedClock } from '../support/adjusted-clock.ts';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { patientClock } from '../support/patient-clock.ts';
import { runSimulator, type SimulatedService } from '../support/simulated-service.ts';

const REGION = 'us-east-1';
const NOON = Date.UTC(2026, 5, 1, 12);
/** Duration of a run at the service: longer than a takeover. */
const RUNNING = '6s';

beforeEach(() => setAwsEnvironment(TEST_CREDENTIALS));

/** A service, an engine, and members on one clock. */
async function setUp(running = RUNNING) {
  const clock = adjustedClock(NOON + 600_000, patientClock);
  const scope = { onTestFinished };
  const service = await runSimulator(
    scope,
    {
      accounts: [{ id: '123456789012' }],
      startedQueries: [{ queuedFor: '0s', runningFor: running }],
      queries: [
        {
          region: REGION,
          type: 'monitor-top-contributors',
          monitorName: 'checkout',
          queryId: 'ends',
          queuedFor: 0,
          runningFor: 0,
        },
      ],
    },
    { clock },
  );
  const engine = new MemoryEngine(() => clock.now());
  const start = (id: string, more: { url?: string; engine?: RegisterEngine } = {}) =>
    runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 50 },
        storage: { postgresql: { url: 'postgresql://nfm:x@127.0.0.1:1/nfm' } },
        replicas: { id, heartbeat: '1s', ...(more.url === undefined ? {} : { url: more.url }) },
        queries: [
          {
            name: 'run',
            monitorName: 'checkout',
            metricName: 'TIMEOUTS',
            destinationCategory: 'INTER_AZ',
            schedule: { every: '1h', delay: '0s' },
          },
          { name: 'ended', monitorName: 'checkout', queryId: 'ends', interval: '1s' },
        ],
      },
      { clock, engine: more.engine ?? engine, adminApi: true },
    );
  return { clock, service, engine, start };
}

async function waitForLead(daemon: RunningDaemon): Promise<void> {
  await vi.waitFor(async () => expect((await daemon.metrics('exporter')).value('aws_nfm_replica_leader', {})).toBe(1), {
    timeout: 30_000,
    interval: 50,
  });
}

async function contributorsOf(daemon: RunningDaemon): Promise<readonly string[]> {
  const { body } = await daemon.text('/metrics?collect[]=contributors');
  return body.split('\n').filter((line) => line.startsWith('aws_nfm_contributor_timeouts{'));
}

function starts(service: SimulatedService): number {
  return service.requests.filter(({ operation }) => operation?.startsWith('Start')).length;
}

describe('two replicas', () => {
  test('follow a run of each other, and count it once', { timeout: 60_000 }, async () => {
    const { service, start } = await setUp();
    const first = await start('first');
    await waitForLead(first);
    await vi.waitFor(() => expect(starts(service)).toBe(1), { timeout: 20_000 });
    const second = await start('second');
    await vi.waitFor(async () => expect((await second.text('/-/ready')).status).toBe(200), { timeout: 20_000 });
    const standby = await second.metrics();
    expect(standby.value('aws_nfm_replica_epoch', {})).toBe(0);
    expect(standby.value('aws_nfm_replica_members', {})).toBe(2);
    for (const family of Object.keys(REPLICA_FAMILIES)) {
      expect(standby.samples(family), family).not.toEqual([]);
    }
    expect((await second.text('/metrics')).body).not.toContain('aws_nfm_query_status');
    expect(standby.value('aws_nfm_query_polls_total', { query: 'ended' })).toBe(0);
    await first.stop(10_000);
    await waitForLead(second);
    await vi.waitFor(
      async () =>
        expect(
          (await second.metrics('queries')).value('aws_nfm_query_runs_total', { query: 'run', outcome: 'succeeded' }),
        ).toBe(1),
      { timeout: 30_000, interval: 200 },
    );
    expect(starts(service)).toBe(1);
    const page = await second.metrics();
    expect(page.value('aws_nfm_replica_takeovers_total', { reason: 'released' })).toBe(1);
    expect(page.status('ended')).toBe('SUCCEEDED');
    expect(second.log.events.filter(({ msg }) => msg === 'replica leads')).toMatchObject([
      { fields: { id: 'second', epoch: 2, reason: 'released' } },
    ]);
  });

  test('show the contributors of the last run after a takeover, and do not count it', { timeout: 60_000 }, async () => {
    const { service, start } = await setUp('0s');
    const first = await start('first');
    await waitForLead(first);
    await vi.waitFor(async () => expect(await contributorsOf(first)).not.toEqual([]), { timeout: 20_000 });
    const shown = await contributorsOf(first);
    const second = await start('second');
    await vi.waitFor(async () => expect((await second.text('/-/ready')).status).toBe(200), { timeout: 20_000 });
    await first.stop(10_000);
    await waitForLead(second);
    await vi.waitFor(async () => expect(await contributorsOf(second)).toEqual(shown), { timeout: 30_000 });
    const page = await second.metrics();
    expect(page.value('aws_nfm_query_runs_total', { query: 'run', outcome: 'succeeded' })).toBe(0);
    expect(page.value('aws_nfm_query_timeouts_total', { query: 'run' })).toBe(0);
    expect(starts(service)).toBe(1);
  });

  test('serve the API and registrations on the leader only', { timeout: 60_000 }, async () => {
    const { start } = await setUp();
    const first = await start('first', { url: 'http://first.example/nfm' });
    await waitForLead(first);
    const second = await start('second');
    await vi.waitFor(async () => expect((await second.text('/-/ready')).status).toBe(200), { timeout: 20_000 });

    const redirected = await fetch(`${second.url}/api/v1/queries?x=1`, { redirect: 'manual' });
    expect(redirected.status).toBe(307);
    expect(redirected.headers.get('location')).toBe('http://first.example/nfm/api/v1/queries?x=1');
    const { members, leader } = JSON.parse((await second.text('/api/v1/replicas')).body);
    expect(leader).toMatchObject({ id: 'first', epoch: 1 });
    expect(members.map(({ id }: { id: string }) => id).sort()).toEqual(['first', 'second']);

    const registered = await fetch(`${first.url}/api/v1/queries/extra`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ monitorName: 'checkout', queryId: 'ends' }),
    });
    expect(registered.status).toBe(201);
    await first.stop(10_000);
    await waitForLead(second);
    await vi.waitFor(async () => expect((await second.text('/api/v1/queries/extra')).status).toBe(200), {
      timeout: 20_000,
    });
  });

  test('name the leader if it has no URL', { timeout: 60_000 }, async () => {
    const { start } = await setUp();
    await waitForLead(await start('first'));
    const second = await start('second');
    await vi.waitFor(async () => expect((await second.text('/-/ready')).status).toBe(200), { timeout: 20_000 });
    const refused = await second.text('/');
    expect(refused).toMatchObject({ status: 503, body: expect.stringContaining('The leader is first') });
  });
});
