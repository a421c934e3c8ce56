import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';

const rejections: unknown[] = [];
const onRejection = (reason: unknown) => rejections.push(reason);

beforeEach(() => {
  setAwsEnvironment(TEST_CREDENTIALS);
  rejections.length = 0;
  process.on('unhandledRejection', onRejection);
});
afterEach(() => {
  process.off('unhandledRejection', onRejection);
});

describe('a shutdown', () => {
  test.for([
    { while: 'polls and STS hang', faults: [{ kind: 'hang', after: 'request' }] },
    { while: 'responses hang after their headers', faults: [{ kind: 'hang', after: 'headers' }] },
    { while: 'calls wait for a retry', faults: [{ kind: 'throttle', retryAfter: '20s' }] },
    { while: 'everything succeeds', faults: [] },
  ])('while $while ends at once, logs no failure, and releases all resources', async ({ faults }, scope) => {
    const count = 12;
    const service = await runSimulator(scope, {
      queries: [endlessQueries('us-east-1', 'query-{n}', { count })],
      faults,
    });
    const daemon = await runDaemon(scope, {
      aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 100 },
      polling: { interval: '300ms' },
      queries: Array.from({ length: count }, (_, i) => ({
        name: `query-${i + 1}`,
        monitorName: 'checkout',
        queryId: `query-${i + 1}`,
      })),
    });
    await vi.waitFor(() => expect(service.requests.some((each) => each.service === 'sts')).toBe(true));
    await vi.waitFor(() => expect(service.arrivals().length).toBeGreaterThanOrEqual(8), { timeout: 3_000 });
    const logged = daemon.log.events.length;

    const asked = performance.now();
    await daemon.stop(5_000);
    expect(performance.now() - asked).toBeLessThan(500);
    const begun: unknown[] = [];
    const begin = (request: unknown) => begun.push(request);
    subscribe('http.client.request.start', begin);
    scope.onTestFinished(() => void unsubscribe('http.client.request.start', begin));
    await expect(daemon.text('/-/ready')).rejects.toThrow();
    // What was sent before the end arrives within some turns: the service is in this process.
    for (let n = 0; n < 8; n += 1) {
      await turn();
    }
    const arrived = service.requests.length;
    await wait(1_000);
    expect(begun, 'requests that begin after the end').toEqual([]);
    expect(service.requests, 'requests that arrive after the end').toHaveLength(arrived);
    expect(daemon.log.events.slice(logged).filter(({ level }) => level !== 'debug')).toEqual([]);
    expect(rejections).toEqual([]);
    expect(process.getActiveResourcesInfo()).not.toContain('TCPSocketWrap');
  });
});
