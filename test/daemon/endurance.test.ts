import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('thousands of polls', () => {
  test('do not increase the number of listeners, timers, or sockets', async (scope) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    scope.onTestFinished(() => {
      process.off('warning', onWarning);
    });
    const service = await runSimulator(scope, {
      queries: [endlessQueries('us-east-1', 'query-{n}', { count: 60 })],
      faults: [
        { kind: 'error', name: 'InternalServerException', status: 500, rate: 0.1, match: { operation: 'GetQuery*' } },
      ],
    });
    const daemon = await runDaemon(scope, {
      aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 2_000 },
      polling: { interval: '100ms' },
      queries: Array.from({ length: 60 }, (_, i) => ({
        name: `query-${i + 1}`,
        monitorName: 'checkout',
        queryId: `query-${i + 1}`,
      })),
    });
    const resources = () => process.getActiveResourcesInfo().length;
    const deadline = Date.now() + 60_000;
    while (service.arrivals().length < 300) {
      await wait(50);
    }
    const before = resources();
    while (service.arrivals().length < 3_300 && Date.now() < deadline) {
      await wait(100);
    }
    expect(service.arrivals().length, 'attempts').toBeGreaterThanOrEqual(3_300);
    // Eight requests may be in flight: a socket at either end and a timer or two for each.
    expect(resources() - before).toBeLessThan(40);
    await daemon.stop(1_000);
    await wait(50);
    expect(process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length).toBeLessThan(5);
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
  });
});
