import { beforeAll, expect, test } from 'vitest';
import { ask } from '../support/api-client.ts';
import { setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from '../support/daemon.ts';
import { runReloadedDaemon } from '../support/reloaded-daemon.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

const MINUTE = 60_000;
const PATH = '/api/v1/queries/';

/** Queries of the service of which `ended` succeeds after five minutes, and `running` never ends. */
async function start(scope: TestScope, http: Readonly<Record<string, unknown>>) {
  const clock = new SteppedClock(Date.UTC(2026, 10, 26));
  scope.onTestFinished(clock.watchRequests());
  const service = await runSimulator(
    scope,
    {
      queries: [
        { ...endlessQueries('us-east-1', 'ended'), outcome: 'SUCCEEDED', runningFor: '5m' },
        endlessQueries('us-east-1', 'running'),
      ],
    },
    { clock },
  );
  const config = {
    aws: { region: 'us-east-1', endpoint: service.url, stsEndpoint: service.url },
    queries: [{ name: 'of-the-file', monitorName: 'checkout', queryId: 'ended' }],
    http,
  };
  const daemon = await runReloadedDaemon(scope, config, { clock, adminApi: true });
  const put = (name: string, queryId: string) =>
    ask(daemon.url, 'PUT', PATH + name, { body: { monitorName: 'checkout', queryId } });
  const names = async () => {
    const { queries } = JSON.parse((await daemon.text('/api/v1/queries')).body);
    return queries.map(({ name }: { readonly name: string }) => name).sort();
  };
  return { clock, config, daemon, put, names };
}

test('removes only a watched query after its retention', async (scope) => {
  const { clock, daemon, put, names } = await start(scope, {});
  await put('ended', 'ended');
  await put('running', 'running');
  await clock.advance(64 * MINUTE);
  expect(await names()).toEqual(['ended', 'of-the-file', 'running']);
  await clock.advance(2 * MINUTE);
  expect(await names()).toEqual(['of-the-file', 'running']);
  expect((await daemon.text('/metrics')).body).not.toContain('query="ended"');
  expect((await ask(daemon.url, 'DELETE', `${PATH}ended`)).status).toBe(404);
});

test('keeps a query that replaces an ended one', async (scope) => {
  const { clock, put, names } = await start(scope, { retention: '10m' });
  await put('mine', 'ended');
  await clock.advance(10 * MINUTE);
  await put('mine', 'running');
  await clock.advance(60 * MINUTE);
  expect(await names()).toEqual(['mine', 'of-the-file']);
  await put('mine', 'ended');
  await clock.advance(9 * MINUTE);
  expect(await names()).toEqual(['mine', 'of-the-file']);
  await clock.advance(2 * MINUTE);
  expect(await names()).toEqual(['of-the-file']);
});

test('applies a reloaded retention to ended queries', async (scope) => {
  const { clock, config, daemon, put, names } = await start(scope, {});
  await put('ended', 'ended');
  await clock.advance(20 * MINUTE);
  await daemon.reloadWith({ ...config, http: { retention: '30m' } });
  await clock.advance(14 * MINUTE);
  expect(await names()).toEqual(['ended', 'of-the-file']);
  await clock.advance(2 * MINUTE);
  expect(await names()).toEqual(['of-the-file']);
});
