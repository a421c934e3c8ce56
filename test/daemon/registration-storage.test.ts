import { beforeAll, expect, test } from 'vitest';
import { ask } from '../support/api-client.ts';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from '../support/daemon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

const NOWHERE = 'http://127.0.0.1:9';
const WATCHED = { monitorName: 'checkout', queryId: 'q-1', interval: '1h' };

async function start(scope: TestScope, path: string) {
  const aws = { region: 'us-east-1', endpoint: NOWHERE, stsEndpoint: NOWHERE };
  const daemon = await runDaemon(scope, { aws, storage: { path } }, { adminApi: true });
  const put = (name: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    ask(daemon.url, 'PUT', `/api/v1/queries/${name}`, { body, headers });
  const names = async (): Promise<string[]> => {
    const { queries } = JSON.parse((await daemon.text('/api/v1/queries')).body);
    return queries.map(({ name }: { readonly name: string }) => name).sort();
  };
  return { daemon, put, names };
}

test('restores queries registered over HTTP with their tags after a restart, without removed ones', async (scope) => {
  const path = temporaryFolder();
  const first = await start(scope, path);
  const kept = await first.put('kept', { ...WATCHED, labels: { team: 'network' } });
  await first.put('removed', WATCHED);
  expect((await ask(first.daemon.url, 'DELETE', '/api/v1/queries/removed')).status).toBe(204);
  await first.daemon.stop(1_000);

  const second = await start(scope, path);
  expect(await second.names()).toEqual(['kept']);
  const shown = await ask(second.daemon.url, 'GET', '/api/v1/queries/kept');
  expect(shown.headers.get('etag')).toBe(kept.headers.get('etag'));
  expect(shown.body).toMatchObject({ source: 'http', labels: { team: 'network' } });
});

test('stores all concurrent writes, sequentially for each name', async (scope) => {
  const path = temporaryFolder();
  const first = await start(scope, path);
  const many = await Promise.all(Array.from({ length: 100 }, (_, index) => first.put(`query-${index}`, WATCHED)));
  expect(new Set(many.map(({ status }) => status))).toEqual(new Set([201]));
  const racing = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      first.put('one', { ...WATCHED, queryId: `q-${index}` }, { 'If-None-Match': '*' }),
    ),
  );
  const [winner, ...others] = racing.filter(({ status }) => status !== 412);
  expect([winner?.status, others]).toEqual([201, []]);
  await first.daemon.stop(1_000);

  const second = await start(scope, path);
  expect(await second.names()).toHaveLength(101);
  const { headers } = await ask(second.daemon.url, 'GET', '/api/v1/queries/one');
  expect(headers.get('etag')).toBe(winner?.headers.get('etag'));
});
