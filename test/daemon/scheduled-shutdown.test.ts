import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, test, vi } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from '../support/daemon.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { startCommand } from '../support/process.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const COUNT = 6;
const SCENARIO = { startedQueries: [{ queuedFor: 0, outcome: 'none' }] };
const PATIENT = { timeout: 8_000, interval: 20 };

function config(url: string): Readonly<Record<string, unknown>> {
  return {
    web: { listenAddresses: ['127.0.0.1:0'] },
    aws: {
      region: 'us-east-1',
      endpoint: url,
      stsEndpoint: url,
      requestsPerSecond: 50,
      maxConcurrentRuns: COUNT,
      requestTimeout: '4s',
    },
    queries: [
      {
        name: 'q',
        monitorName: 'checkout',
        metricName: ['RETRANSMISSIONS', 'TIMEOUTS', 'ROUND_TRIP_TIME'],
        destinationCategory: ['INTER_AZ', 'INTER_VPC'],
        // Once per day, so that a window is hardly ever due during the test.
        schedule: { every: '1d', lookback: '1h', delay: '0s' },
      },
    ],
  };
}

function configFile(url: string): string {
  const file = join(temporaryFolder(), 'nfm-exporter.json');
  writeFileSync(file, JSON.stringify(config(url)));
  return file;
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe.concurrent('a shutdown leaves no run at the service', () => {
  test.for([
    { while: 'everything succeeds', faults: [] },
    { while: 'status requests hang', faults: [{ kind: 'hang', match: { operation: 'GetQueryStatus*' } }] },
    { while: 'stops fail at first', faults: [{ kind: 'throttle', times: 4, match: { operation: 'StopQuery*' } }] },
  ])('while $while', async ({ faults }, scope) => {
    const { expect } = scope;
    const service = await runSimulator(scope, { ...SCENARIO, faults }, { clock });
    const daemon = await runDaemon(scope, config(service.url), { clock });
    await vi.waitFor(() => expect(service.simulator.runningQueries()).toHaveLength(COUNT), PATIENT);
    await vi.waitFor(async () => {
      const page = await daemon.metrics('queries');
      const started = page.samples('aws_nfm_query_run_info');
      expect(started).toHaveLength(COUNT);
    }, PATIENT);
    const asked = clock.monotonic();
    await daemon.stop(6_000);
    expect(clock.monotonic() - asked).toBeLessThan(3_500);
    expect(service.simulator.runningQueries()).toEqual([]);
    const stops = service.requests.filter(({ operation, status }) => operation.startsWith('Stop') && status === 200);
    expect(stops.length, 'each is stopped once').toBe(COUNT);
    const later = service.requests.slice(service.requests.indexOf(stops[0] ?? expect.fail()));
    expect(
      later.filter(({ operation }) => operation.startsWith('Start')),
      'starts since',
    ).toEqual([]);
  });

  test('while starts are in flight, which are stopped once their IDs are known', async (scope) => {
    const { expect } = scope;
    const service = await runSimulator(
      scope,
      {
        ...SCENARIO,
        faults: [{ kind: 'latency', delay: '1500ms', match: { operation: 'StartQuery*' } }],
      },
      { clock },
    );
    const daemon = await runDaemon(scope, config(service.url), { clock });
    await vi.waitFor(async () => {
      expect((await daemon.metrics('api')).value('aws_nfm_api_runs', { state: 'active' })).toBe(COUNT);
    }, PATIENT);
    // Delayed calls get no response before the daemon is shutting down.
    const letGo = clock.hold();
    const stopping = daemon.stop(6_000);
    // A request on a connection that is being closed fails; the next has one of its own.
    await vi.waitFor(async () => {
      expect((await daemon.text('/-/ready')).status, 'while runs are being stopped').toBe(503);
    }, PATIENT);
    letGo();
    await stopping;
    expect(service.simulator.runningQueries()).toEqual([]);
    const ended = (verb: string) =>
      service.requests.filter(({ operation, status }) => operation.startsWith(verb) && status === 200).length;
    expect(ended('StartQuery')).toBeGreaterThan(0);
    expect(ended('StopQuery')).toBe(ended('StartQuery'));
  });

  test('while queries are not visible yet', async (scope) => {
    const { expect } = scope;
    const service = await runSimulator(scope, { ...SCENARIO, worlds: { visibleAfter: '2s' } }, { clock });
    const daemon = await runDaemon(scope, config(service.url), { clock });
    await vi.waitFor(() => expect(service.simulator.runningQueries()).toHaveLength(COUNT), PATIENT);
    await daemon.stop(6_000);
    expect(service.simulator.runningQueries()).toEqual([]);
  });

  test('within its time limit', async (scope) => {
    const { expect } = scope;
    const service = await runSimulator(
      scope,
      {
        ...SCENARIO,
        faults: [{ kind: 'hang', match: { operation: 'StopQuery*' } }],
      },
      { clock },
    );
    const daemon = await runDaemon(scope, config(service.url), { clock });
    await vi.waitFor(() => expect(service.simulator.runningQueries()).toHaveLength(COUNT), PATIENT);
    const asked = clock.monotonic();
    await daemon.stop(1_000);
    expect(clock.monotonic() - asked).toBeLessThan(1_500);
  });
});

/** The daemon as a process, once all of its runs are at the service. */
async function started(scope: TestScope & { readonly expect: (value: unknown) => { toBe(expected: unknown): void } }) {
  const service = await runSimulator(scope, SCENARIO, { clock });
  const file = configFile(service.url);
  const start = () => startCommand(scope, [`--config.file=${file}`]);
  const daemon = start();
  await vi.waitFor(() => scope.expect(service.simulator.runningQueries().length).toBe(COUNT), PATIENT);
  return { service, daemon, start };
}

describe.concurrent('the process', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)('stops all runs at the service on %s', async (signal, scope) => {
    const { expect } = scope;
    const { service, daemon } = await started(scope);
    daemon.kill(signal);
    expect(await daemon.ended).toMatchObject({ code: 0, signal: null });
    expect(service.simulator.runningQueries()).toEqual([]);
    // That windows of an hour a day leave gaps is all that it warns of.
    expect(daemon.log().filter(({ level, msg }) => level !== 'info' && msg !== 'configuration warning')).toEqual([]);
  });

  test('starts no further runs on top of those left by a crash', async (scope) => {
    const { expect } = scope;
    const { service, daemon, start } = await started(scope);
    const before = new Set(service.simulator.runningQueries().map(({ queryId }) => queryId));
    daemon.kill('SIGKILL');
    await daemon.ended;
    const next = start();
    const url = await next.url();
    await vi.waitFor(async () => {
      const page = await (await fetch(`${url}/metrics`)).text();
      expect(page.match(/^aws_nfm_query_run_info/gm)).toHaveLength(COUNT);
    }, PATIENT);
    const after = new Set(service.simulator.runningQueries().map(({ queryId }) => queryId));
    expect(after, 'the same start has the same id').toEqual(before);
    next.kill('SIGTERM');
    await next.ended;
    expect(service.simulator.runningQueries()).toEqual([]);
  });
});
