import { beforeAll, expect, test } from 'vitest';
import { ask } from '../support/api-client.ts';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from '../support/daemon.ts';
import { runReloadedDaemon } from '../support/reloaded-daemon.ts';

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

/** A configuration of so many watched queries; nothing listens where they are polled. */
function configOf(count: number): Readonly<Record<string, unknown>> {
  return {
    aws: { region: 'us-east-1', endpoint: 'http://127.0.0.1:9', stsEndpoint: 'http://127.0.0.1:9' },
    polling: { interval: '1h', staleAfter: '4h' },
    queries: Array.from({ length: count }, (_, i) => ({
      name: `query-${i}`,
      monitorName: `monitor-${i % 50}`,
      queryId: `id-${i}`,
    })),
  };
}

/** Milliseconds of a registration and of a removal over HTTP beside so many queries, each the median of some dozens. */
async function costBeside(
  scope: TestScope,
  queries: number,
): Promise<{ readonly put: number; readonly remove: number }> {
  const { url } = await runDaemon(scope, configOf(queries), { adminApi: true });
  const median = async (act: (name: string) => Promise<{ readonly status: number }>, status: number) => {
    const took: number[] = [];
    for (let i = 0; i < 41; i += 1) {
      const begun = performance.now();
      expect((await act(`/api/v1/queries/put-${i}`)).status).toBe(status);
      took.push(performance.now() - begun);
    }
    return took.sort((a, b) => a - b)[20] ?? Number.NaN;
  };
  const body = { monitorName: 'checkout', queryId: 'incident' };
  return {
    put: await median((path) => ask(url, 'PUT', path, { body }), 201),
    remove: await median((path) => ask(url, 'DELETE', path, {}), 204),
  };
}

test('a registration and a removal over HTTP cost the same beside 100 queries and beside 4,000', async (scope) => {
  const few = await costBeside(scope, 100);
  const many = await costBeside(scope, 4_000);
  // With work for each registered query it would be 5 times and more.
  expect(many.put / few.put).toBeLessThan(3);
  expect(many.remove / few.remove).toBeLessThan(3);
});

/** Milliseconds of some work, and the longest time within it in which the event loop did nothing else. */
async function timed(work: () => Promise<unknown>): Promise<{ readonly whole: number; readonly block: number }> {
  const begun = performance.now();
  let last = begun;
  let block = 0;
  let isDone = false;
  const tick = () => {
    block = Math.max(block, performance.now() - last);
    last = performance.now();
    if (!isDone) {
      setImmediate(tick);
    }
  };
  tick();
  await work();
  isDone = true;
  return { whole: performance.now() - begun, block };
}

test('a reload leaves the event loop to others, and does not read an unchanged file again', async (scope) => {
  const daemon = await runReloadedDaemon(scope, configOf(4_000));
  await daemon.reloadWith(configOf(3_960));
  const changed = await timed(() => daemon.reloadWith(configOf(3_900)));
  const unchanged = await timed(() => daemon.reload());
  // In one piece, it would be nearly all of it.
  expect(changed.block).toBeLessThan(changed.whole / 3);
  expect(unchanged.whole).toBeLessThan(changed.whole / 4);
});
