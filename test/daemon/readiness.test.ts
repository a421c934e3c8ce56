import { beforeAll, describe, test, vi } from 'vitest';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';

const READY = { status: 200, body: 'Network Flow Monitor exporter is ready.\n' };

async function probes(daemon: RunningDaemon) {
  const [ready, healthy] = [await daemon.text('/-/ready'), await daemon.text('/-/healthy')];
  return { ready, healthy };
}

function queries(count: number): Readonly<Record<string, unknown>>[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `query-${i + 1}`,
    monitorName: 'checkout',
    queryId: `query-${i + 1}`,
  }));
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe.concurrent('readiness', () => {
  test('starts after each query was polled, with the number of the others before, and persists', async (scope) => {
    const { expect } = scope;
    const count = 8;
    const service = await runSimulator(
      scope,
      {
        queries: [endlessQueries('us-east-1', 'query-{n}', { count })],
        faults: [{ kind: 'latency', delay: '300ms', match: { operation: 'GetQueryStatus*' } }],
      },
      { clock },
    );
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 4 },
        polling: { interval: '1s' },
        queries: queries(count),
      },
      { clock },
    );
    const numbers: number[] = [];
    for (let waiting = count; waiting > 0; ) {
      const { ready, healthy } = await probes(daemon);
      expect(healthy.status).toBe(200);
      const answered = service.requests.filter(({ queryId }) => queryId !== undefined);
      const tried = new Set(answered.map(({ queryId }) => queryId)).size;
      waiting = ready.status === 200 ? 0 : Number(/(\d+) watched quer/.exec(ready.body)?.[1]);
      expect([200, 503]).toContain(ready.status);
      // Between the simulator's response and its reception, a query counts as not polled.
      expect(waiting).toBeGreaterThanOrEqual(count - tried);
      numbers.push(waiting);
    }
    expect(numbers[0]).toBe(count);
    expect(new Set(numbers).size, `all numbers from ${count} to 0 in ${numbers}`).toBe(count + 1);
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
    expect((await daemon.metrics()).samples('aws_nfm_query_up')).toHaveLength(count);

    service.simulator.setFaults([{ kind: 'hang', after: 'request' }]);
    const begin = clock.now();
    while (clock.now() - begin < 1_500) {
      expect((await probes(daemon)).ready).toEqual(READY);
    }
  });

  test('starts even if every query fails', async (scope) => {
    const { expect } = scope;
    const service = await runSimulator(
      scope,
      {
        faults: [{ kind: 'error', name: 'AccessDeniedException', status: 403 }],
      },
      { clock },
    );
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: service.url, stsEndpoint: service.url },
        queries: queries(3),
      },
      { clock },
    );
    await vi.waitFor(async () => expect((await probes(daemon)).ready).toEqual(READY), { timeout: 3_000 });
    const page = await daemon.metrics();
    expect(page.samples('aws_nfm_query_up').map(({ value }) => value)).toEqual([0, 0, 0]);
    expect((await probes(daemon)).healthy.status).toBe(200);
  });

  test('starts at once without queries', async (scope) => {
    const { expect } = scope;
    const daemon = await runDaemon(scope, {}, { clock });
    expect(await probes(daemon)).toEqual({
      ready: READY,
      healthy: { status: 200, body: 'Network Flow Monitor exporter is healthy.\n' },
    });
    const registered = (await daemon.metrics()).samples('aws_nfm_exporter_registered_queries');
    expect(registered.map(({ labels, value }) => [labels['source'], value])).toEqual([
      ['config', 0],
      ['file', 0],
      ['http', 0],
    ]);
  });
});
