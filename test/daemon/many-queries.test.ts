import { beforeAll, expect, test } from 'vitest';
import { ask } from '../support/api-client.ts';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { runReloadedDaemon } from '../support/reloaded-daemon.ts';

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

/** A configuration of `count` watched queries, polled at an address without a listener. */
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

/** Milliseconds of the median of some dozens of calls, for each of the daemons: called in turn, they share the machine's load. */
async function medians(
  urls: readonly string[],
  call: (url: string, path: string) => Promise<{ readonly status: number }>,
  status: number,
): Promise<readonly number[]> {
  const took: number[][] = urls.map(() => []);
  for (let i = 0; i < 41; i += 1) {
    for (const [index, url] of urls.entries()) {
      const begun = performance.now();
      expect((await call(url, `/api/v1/queries/put-${i}`)).status).toBe(status);
      took[index]?.push(performance.now() - begun);
    }
  }
  return took.map((each) => each.sort((a, b) => a - b)[20] ?? Number.NaN);
}

test('registers and removes queries over HTTP at the same cost with 100 and 4,000 queries', async (scope) => {
  const daemons = [
    await runDaemon(scope, configOf(100), { adminApi: true }),
    await runDaemon(scope, configOf(4_000), { adminApi: true }),
  ];
  const urls = daemons.map(({ url }) => url);
  const body = { monitorName: 'checkout', queryId: 'incident' };
  const [putFew = 0, putMany = 0] = await medians(urls, (url, path) => ask(url, 'PUT', path, { body }), 201);
  const [removeFew = 0, removeMany = 0] = await medians(urls, (url, path) => ask(url, 'DELETE', path, {}), 204);
  // With work for each registered query it would be 5 times and more.
  expect(putMany / putFew).toBeLessThan(3);
  expect(removeMany / removeFew).toBeLessThan(3);
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

test('reloads without blocking the event loop, and does not parse an unchanged file', async (scope) => {
  const daemon = await runReloadedDaemon(scope, configOf(4_000));
  await daemon.reloadWith(configOf(3_960));
  const changed = await timed(() => daemon.reloadWith(configOf(3_900)));
  const unchanged = await timed(() => daemon.reload());
  // In one piece, it would be nearly all of it.
  expect(changed.block).toBeLessThan(changed.whole / 3);
  expect(unchanged.whole).toBeLessThan(changed.whole / 4);
});
