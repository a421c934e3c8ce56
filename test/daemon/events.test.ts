import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type QueryAnswer, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { runSimulator } from '../support/simulated-service.ts';

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('the event stream of a daemon', () => {
  test('sends each status of a query, and does not delay the shutdown', async (scope) => {
    const simulator = await runSimulator(
      scope,
      {
        queries: [
          {
            type: 'monitor-top-contributors',
            monitorName: 'checkout',
            region: 'us-east-1',
            queryId: 'q',
            queuedFor: '1500ms',
            runningFor: '1500ms',
          },
        ],
      },
      { clock },
    );
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: simulator.url, stsEndpoint: simulator.url, requestsPerSecond: 100 },
        polling: { interval: '500ms' },
        queries: [{ name: 'checkout', monitorName: 'checkout', queryId: 'q' }],
      },
      { clock },
    );
    const { body } = await fetch(`${daemon.url}/api/v1/events`);
    let text = '';
    const ended = (async () => {
      for await (const chunk of body ?? []) {
        text += Buffer.from(chunk).toString();
      }
    })();
    const received = () => [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']): QueryAnswer => JSON.parse(data));
    await vi.waitFor(
      () => expect(received().at(-1)).toMatchObject({ name: 'checkout', status: 'SUCCEEDED', up: true }),
      {
        timeout: 15_000,
      },
    );
    expect(received().map(({ status }) => status)).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(received().at(-1)).toEqual(await daemon.query('checkout'));

    const begin = clock.monotonic();
    await Promise.all([daemon.stop(10_000), ended]);
    expect(clock.monotonic() - begin).toBeLessThan(5_000);
  });
});
