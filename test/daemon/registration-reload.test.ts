import { beforeAll, describe, expect, test, vi } from 'vitest';
import { ask } from '../support/api-client.ts';
import { type QueryAnswer, setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from '../support/daemon.ts';
import { runReloadedDaemon } from '../support/reloaded-daemon.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

const PATIENCE = { timeout: 10_000, interval: 50 };
const MINE = { name: 'mine', monitorName: 'checkout', queryId: 'running-2', interval: '1h' };

async function start(scope: TestScope) {
  const service = await runSimulator(scope, { queries: [endlessQueries('us-east-1', 'running-{n}', { count: 3 })] });
  const base = { aws: { region: 'us-east-1', endpoint: service.url, stsEndpoint: service.url } };
  const accounts = [{ name: 'default' }, { name: 'payments' }];
  const daemon = await runReloadedDaemon(scope, { ...base, accounts }, { adminApi: true, lifecycle: true });
  const call = (method: string, name: string, body?: unknown) =>
    ask(daemon.url, method, `/api/v1/queries/${name}`, body === undefined ? {} : { body });
  const warnings = () => daemon.log.events.filter(({ level }) => level === 'warn').map(({ fields }) => fields);
  return { daemon, base, accounts, call, warnings };
}

/** The time of the next poll is computed from the current time, and may be off by a millisecond. */
function expectSame(query: QueryAnswer, before: QueryAnswer): void {
  expect({ ...query, nextPoll: null }).toEqual({ ...before, nextPoll: null });
  expect(Math.abs(Date.parse(query.nextPoll ?? '') - Date.parse(before.nextPoll ?? ''))).toBeLessThan(100);
}

describe('POST /-/reload', () => {
  test('puts a configuration in effect, or returns its errors', async (scope) => {
    const { daemon, base, call } = await start(scope);
    daemon.write({ ...base, queries: [MINE] });
    expect(await ask(daemon.url, 'POST', '/-/reload')).toMatchObject({ status: 200 });
    expect((await call('GET', 'mine')).body).toMatchObject({ source: 'config' });

    daemon.write({ ...base, queries: [{ ...MINE, interval: '1x' }], polling: { interval: 1 } });
    const refused = await ask(daemon.url, 'POST', '/-/reload');
    expect(refused.status).toBe(500);
    expect(refused.body).toContain('queries[0].interval (line 1): got "1x", expected ');
    expect(refused.body).toContain('polling.interval (line 1): got 1, expected ');
    expect((await call('GET', 'mine')).body).toMatchObject({ interval: '1h' });
  });
});

describe('a query registered over HTTP', () => {
  test('is unaffected by a reload of other parts', async (scope) => {
    const { daemon, base, accounts, call } = await start(scope);
    await call('PUT', 'mine', { ...MINE, account: 'payments' });
    await vi.waitFor(async () => expect((await daemon.query('mine')).status).toBe('RUNNING'), PATIENCE);
    const before = await daemon.query('mine');
    expect(await daemon.reloadWith({ ...base, accounts, polling: { interval: '1m' } })).toEqual({ ok: true });
    expectSame(await daemon.query('mine'), before);
    expect((await daemon.metrics()).value('aws_nfm_query_polls_total', { query: 'mine' })).toBe(1);
  });

  test('is excluded while the file has its name', async (scope) => {
    const { daemon, base, accounts, call, warnings } = await start(scope);
    const { headers } = await call('PUT', 'mine', { ...MINE, account: 'default' });
    await daemon.reloadWith({ ...base, accounts, queries: [{ ...MINE, queryId: 'running-1', account: 'default' }] });
    const shown = await call('GET', 'mine');
    expect(shown.body).toMatchObject({ source: 'config', queryId: 'running-1' });
    expect(shown.headers.get('etag')).toBeNull();
    expect((await call('PUT', 'mine', MINE)).status).toBe(409);
    expect((await call('DELETE', 'mine')).status).toBe(409);
    expect(warnings()).toContainEqual(expect.objectContaining({ query: 'mine' }));

    await daemon.reloadWith({ ...base, accounts });
    const back = await call('GET', 'mine');
    expect(back.body).toMatchObject({ source: 'http', queryId: 'running-2' });
    expect(back.headers.get('etag')).toBe(headers.get('etag'));
  });

  test('is excluded while its account is missing, and can be changed or removed', async (scope) => {
    const { daemon, base, accounts, call, warnings } = await start(scope);
    const here = { ...base, accounts };
    const gone = { ...base, accounts: [{ name: 'default' }] };
    for (const name of ['kept', 'moved', 'removed']) {
      expect((await call('PUT', name, { ...MINE, name, account: 'payments' })).status).toBe(201);
    }
    await daemon.reloadWith(gone);
    for (const name of ['kept', 'moved', 'removed']) {
      expect((await call('GET', name)).status).toBe(404);
      expect(warnings().filter(({ query }) => query === name)).toEqual([
        { query: name, reason: expect.stringContaining('account: got "payments", expected ') },
      ]);
    }
    await daemon.reloadWith(gone);
    expect(warnings()).toHaveLength(3);
    expect((await call('PUT', 'kept', { ...MINE, name: 'kept', account: 'payments' })).status).toBe(400);
    expect((await call('PUT', 'moved', { ...MINE, name: 'moved', account: 'default' })).status).toBe(200);
    expect((await call('DELETE', 'removed')).status).toBe(204);

    await daemon.reloadWith(here);
    expect((await call('GET', 'kept')).body).toMatchObject({ source: 'http', account: 'payments' });
    expect((await call('GET', 'moved')).body).toMatchObject({ account: 'default' });
    expect((await call('GET', 'removed')).status).toBe(404);
  });

  test('uses the defaults of the file', async (scope) => {
    const { daemon, base, accounts, call } = await start(scope);
    await call('PUT', 'mine', { monitorName: 'checkout', queryId: 'running-2', account: 'default' });
    await daemon.reloadWith({ ...base, accounts, queryDefaults: { interval: '7m', labels: { team: 'network' } } });
    expect((await call('GET', 'mine')).body).toMatchObject({ interval: '7m', labels: { team: 'network' } });
  });

  test('is kept during concurrent reloads and writes', async (scope) => {
    const { daemon, base, accounts, call } = await start(scope);
    const contents = [
      { ...base, accounts },
      { ...base, accounts: [{ name: 'default' }] },
      { ...base, accounts, queries: [{ ...MINE, name: 'query-3', account: 'default' }] },
    ];
    const writers = Array.from({ length: 100 }, async (_, index) => {
      const body = { ...MINE, name: undefined, account: 'payments', interval: `${index + 1}m` };
      const answer = await call('PUT', `query-${index % 5}`, body);
      expect([200, 201, 400, 409, 503]).toContain(answer.status);
    });
    for (let round = 0; round < 12; round += 1) {
      await daemon.reloadWith(contents[round % 3] ?? '');
    }
    await Promise.all(writers);
    await daemon.reloadWith({ ...base, accounts });
    for (let index = 0; index < 5; index += 1) {
      const last = await call('PUT', `query-${index}`, {
        ...MINE,
        name: undefined,
        account: 'payments',
        interval: '3h',
      });
      expect([200, 201]).toContain(last.status);
      expect(last.body).toMatchObject({ interval: '3h', source: 'http' });
    }
  });
});
