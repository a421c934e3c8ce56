import { expect, onTestFinished, test, vi } from 'vitest';
import type { Definition } from '../../src/registry/registration.ts';
import { type Register, RegisterError } from '../../src/replicas/registers.ts';
import { ask } from '../support/api-client.ts';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { patientClock } from '../support/patient-clock.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';

const PATH = '/api/v1/queries/extra';
const KEY = { partition: 'default/registrations', name: 'extra' };

/** A leader with the registration `extra`, and another replica that writes the register at once. */
async function setUp({ isListed = true } = {}) {
  setAwsEnvironment(TEST_CREDENTIALS);
  const scope = { onTestFinished };
  const service = await runSimulator(scope, {
    queries: ['1', '2', '3'].map((id) => endlessQueries('us-east-1', id)),
  });
  const engine = new MemoryEngine(() => patientClock.now());
  const page = engine.page.bind(engine);
  engine.page = async (partition, after) => {
    if (!isListed && partition === KEY.partition) {
      throw new RegisterError('denied', 'no permission');
    }
    return page(partition, after);
  };
  const daemon = await runDaemon(
    scope,
    {
      aws: { endpoint: service.url, stsEndpoint: service.url },
      storage: { postgresql: { url: 'postgresql://nfm:x@127.0.0.1:1/nfm' } },
      replicas: { id: 'first', heartbeat: '1s' },
    },
    { clock: patientClock, engine, adminApi: true },
  );
  await vi.waitFor(async () => expect((await daemon.metrics()).value('aws_nfm_replica_leader', {})).toBe(1), {
    timeout: 30_000,
    interval: 50,
  });
  const call = (method: string, queryId?: string, headers: Readonly<Record<string, string>> = {}) =>
    ask(daemon.url, method, PATH, {
      ...(queryId === undefined ? {} : { body: { monitorName: 'checkout', queryId } }),
      headers,
    });
  const current = async (): Promise<Register | undefined> => (await engine.get(KEY)).result;
  let writes = 0;
  const writeOther = async (queryId: string | undefined) => {
    const definition: Definition = { monitorName: 'checkout', queryId };
    writes += 1;
    const before = await current();
    await engine.put({
      key: KEY,
      value: JSON.stringify(queryId === undefined ? { removed: true } : { definition }),
      version: `other/${writes}`,
      ...(before === undefined ? {} : { ifVersion: before.version }),
    });
  };
  return { daemon, call, current, writeOther };
}

test('replaces a registration that another replica has changed', { timeout: 60_000 }, async () => {
  const { call, current, writeOther } = await setUp();
  expect((await call('PUT', '1')).status).toBe(201);
  await writeOther('2');
  expect((await call('PUT', '3')).status).toBe(200);
  expect((await current())?.value).toContain('"queryId":"3"');
  expect((await call('PUT', '1')).status).toBe(200);
});

test('compares conditions with what another replica has registered', { timeout: 60_000 }, async () => {
  const { call, current, writeOther } = await setUp();
  const first = await call('PUT', '1');
  const etag = first.headers.get('etag') ?? '';
  await writeOther('2');
  expect((await call('PUT', '3', { 'If-Match': etag })).status).toBe(412);
  expect((await call('DELETE', undefined, { 'If-Match': etag })).status).toBe(412);
  expect((await call('GET')).body).toMatchObject({ queryId: '2' });
  expect((await current())?.version).toMatch(/^other/);
  expect((await call('DELETE')).status).toBe(204);
  expect((await call('GET')).status).toBe(404);
  expect((await current())?.value).toContain('removed');
});

test('registers a query that another replica has removed, or removes one that it has registered', {
  timeout: 60_000,
}, async () => {
  const { call, current, writeOther } = await setUp();
  expect((await call('PUT', '1')).status).toBe(201);
  await writeOther(undefined);
  expect((await call('PUT', '1')).status).toBe(201);
  expect((await current())?.value).toContain('"queryId":"1"');
  expect((await call('DELETE')).status).toBe(204);
  await writeOther('2');
  expect((await call('PUT', '2')).status).toBe(200);
  await writeOther('3');
  expect((await call('DELETE')).status).toBe(204);
  expect((await current())?.value).toContain('removed');
});

test('reports that it does not run registrations while it cannot read them', { timeout: 60_000 }, async () => {
  const { daemon } = await setUp({ isListed: false });
  await vi.waitFor(() => expect(daemon.log.events.map(({ msg }) => msg)).toContain('registrations not loaded'), {
    timeout: 30_000,
  });
  const { fields } = daemon.log.events.find(({ msg }) => msg === 'registrations not loaded') ?? {};
  expect(fields).toMatchObject({
    reason: 'no permission',
    hint: expect.stringContaining('queries registered over HTTP are not run until'),
  });
});
