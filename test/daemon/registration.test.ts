// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the form that config files use
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { QUERY_KEYS } from '../../src/config/schema.ts';
import { type ApiAnswer, ask } from '../support/api-client.ts';
import {
  type RunningDaemon,
  runDaemon,
  setAwsEnvironment,
  TEST_CREDENTIALS,
  type TestScope,
} from '../support/daemon.ts';
import { endlessQueries, runSimulator, type SimulatedService } from '../support/simulated-service.ts';

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

const PATH = '/api/v1/queries/incident-42';
const WATCHED = { monitorName: 'checkout', queryId: 'running-1', interval: '1s' };
const SCHEDULED = {
  monitorName: 'checkout',
  metricName: 'RETRANSMISSIONS',
  destinationCategory: 'INTER_AZ',
  schedule: { every: '1h' },
};

interface Running {
  readonly daemon: RunningDaemon;
  readonly service: SimulatedService;
  put(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  remove(path: string, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
}

/** A daemon whose admin API is enabled, and queries of the service that run for ever. */
async function start(scope: TestScope, config: Readonly<Record<string, unknown>> = {}): Promise<Running> {
  const service = await runSimulator(scope, {
    accounts: [{ id: '123456789012', regions: { 'us-east-1': { monitors: [{ name: 'checkout' }] } } }],
    queries: [endlessQueries('us-east-1', 'running-{n}', { count: 300 })],
    startedQueries: [{ queuedFor: 0, outcome: 'none' }],
  });
  const daemon = await runDaemon(
    scope,
    {
      aws: { region: 'us-east-1', endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 100 },
      ...config,
    },
    { adminApi: true },
  );
  return {
    daemon,
    service,
    put: (path, body, headers = {}) => ask(daemon.url, 'PUT', path, { body, headers }),
    remove: (path, headers = {}) => ask(daemon.url, 'DELETE', path, { headers }),
  };
}

const STOP = 'StopQueryMonitorTopContributors';
const PATIENCE = { timeout: 10_000, interval: 50 };

function isRunning(daemon: RunningDaemon): Promise<void> {
  return vi.waitFor(
    async () => expect(await daemon.query('incident-42')).toMatchObject({ status: 'RUNNING' }),
    PATIENCE,
  );
}

describe('a query registered over HTTP', () => {
  test('is polled, shown, and exported until its removal', async (scope) => {
    const { daemon, put, remove } = await start(scope);
    const created = await put(PATH, { ...WATCHED, labels: { team: 'payments' } });
    expect(created).toMatchObject({ status: 201, body: { name: 'incident-42', source: 'http', status: null } });
    await isRunning(daemon);

    const page = await daemon.metrics();
    expect(page.status('incident-42')).toBe('RUNNING');
    expect(page.value('aws_nfm_exporter_registered_queries', { source: 'http' })).toBe(1);
    expect(page.value('aws_nfm_query_info', { query: 'incident-42', team: 'payments' })).toBe(1);

    expect((await remove(PATH)).status).toBe(204);
    expect((await daemon.text(PATH)).status).toBe(404);
    const after = await daemon.metrics();
    expect((await daemon.text('/metrics')).body).not.toContain('incident-42');
    expect(after.value('aws_nfm_exporter_registered_queries', { source: 'http' })).toBe(0);
  });

  test('is run, and stopped at the service on removal', async (scope) => {
    const { daemon, service, put, remove } = await start(scope);
    expect((await put(PATH, SCHEDULED)).status).toBe(201);
    await isRunning(daemon);
    expect((await remove(PATH)).status).toBe(204);
    await vi.waitFor(() => expect(service.requests.map(({ operation }) => operation)).toContain(STOP), PATIENCE);
  });

  test('is unaffected by an equal registration, whatever its spelling', async (scope) => {
    const { daemon, put } = await start(scope);
    const created = await put(PATH, { ...WATCHED, interval: '1h' });
    await isRunning(daemon);
    const before = await daemon.query('incident-42');
    const again = await put(PATH, {
      interval: '1h',
      name: 'incident-42',
      queryId: 'running-1',
      monitorName: 'checkout',
    });
    expect(again.status).toBe(200);
    expect(again.headers.get('etag')).toBe(created.headers.get('etag'));
    const after = await daemon.query('incident-42');
    expect({ ...after, nextPoll: null }).toEqual({ ...before, nextPoll: null });
    expect(Math.abs(Date.parse(after.nextPoll ?? '') - Date.parse(before.nextPoll ?? ''))).toBeLessThan(100);
    expect((await daemon.metrics()).value('aws_nfm_query_polls_total', { query: 'incident-42' })).toBe(1);
  });

  test('keeps its state if labels change, and is replaced if its calls change', async (scope) => {
    const { daemon, put } = await start(scope);
    await put(PATH, { ...WATCHED, interval: '1h' });
    await isRunning(daemon);

    const labelled = await put(PATH, { ...WATCHED, interval: '1h', labels: { team: 'network' } });
    expect(labelled).toMatchObject({ status: 200, body: { status: 'RUNNING', labels: { team: 'network' } } });
    const other = await put(PATH, { ...WATCHED, interval: '1h', queryId: 'running-2' });
    expect(other).toMatchObject({ status: 200, body: { status: null, queryId: 'running-2', labels: {} } });
  });
});

describe('a definition', () => {
  test.for<readonly [body: unknown, path: string, value: string, expected: string]>([
    [{ ...WATCHED, interval: '1x' }, 'interval', '"1x"', 'a duration above zero (for example, 30s or 1h30m)'],
    [{ ...WATCHED, intervall: '1s' }, 'intervall', 'an unknown key', 'did you mean "interval"?'],
    [{ ...WATCHED, labels: { job: 'x' } }, 'labels.job', '', ''],
    [{ ...WATCHED, name: 'other' }, 'name', '"other"', '"incident-42"'],
    [{ ...WATCHED, account: 'nobody' }, 'account', '"nobody"', ''],
    [{ ...WATCHED, region: ['us-east-1', 'eu-west-1'] }, 'region', '', 'one Region'],
    [{ ...SCHEDULED, metricName: '*' }, 'metricName', '"*"', 'one metric'],
    [{ ...SCHEDULED, monitorName: undefined, monitorSelector: {} }, 'monitorSelector', '', ''],
    [{ ...SCHEDULED, schedule: { every: '1s' } }, 'schedule.every', '"1s"', 'a duration of at least 1m'],
    [[], 'body', '[]', 'a JSON object'],
    ['"text"', 'body', '"text"', 'a JSON object'],
    ['['.repeat(30_000) + ']'.repeat(30_000), 'body', '', ''],
  ])('%j is rejected', async ([body, path, value, expected], scope) => {
    const { daemon, put } = await start(scope);
    expect(await put(PATH, body)).toMatchObject({
      status: 400,
      body: {
        error: {
          code: 'bad_request',
          details: [{ path, value: expect.stringContaining(value), expected: expect.stringContaining(expected) }],
        },
      },
    });
    expect((await daemon.text(PATH)).status).toBe(404);
  });

  test('can have any name of an entry in the file', async (scope) => {
    const { put } = await start(scope);
    expect(await put('/api/v1/queries/a%3Ab', WATCHED)).toMatchObject({
      status: 400,
      body: { error: { details: [{ path: 'name', value: '"a:b"' }] } },
    });
  });

  test('gets all of its errors', async (scope) => {
    const { put } = await start(scope);
    const { body } = await put(PATH, { queryId: 7, limit: 3, interval: '0s' });
    const { details } = Object(body).error;
    expect(details.map(({ path }: { readonly path: string }) => path).sort()).toEqual(
      expect.arrayContaining(['interval', 'limit', 'monitorName', 'queryId']),
    );
  });

  test('does not use environment variables', async (scope) => {
    const { put } = await start(scope);
    expect(await put(PATH, { ...WATCHED, labels: { path: '${PATH} ${X:-y}' } })).toMatchObject({
      status: 201,
      body: { labels: { path: '${PATH} ${X:-y}' } },
    });
  });

  test('can have lists of one element, which do not change the name, and uses defaults', async (scope) => {
    const { put } = await start(scope, {
      accounts: [{ name: 'payments', regions: ['us-east-1'] }],
      queryDefaults: { interval: '2m', labels: { env_of: 'prod' } },
    });
    expect(await put(PATH, { monitorName: 'checkout', queryId: 'running-1', account: ['payments'] })).toMatchObject({
      status: 201,
      body: {
        name: 'incident-42',
        account: 'payments',
        region: 'us-east-1',
        interval: '2m',
        labels: { env_of: 'prod' },
      },
    });
  });
});

test('responds to any body according to its content, and polls registered queries', async (scope) => {
  const { daemon, put } = await start(scope);
  const value = fc.oneof(
    fc.constantFrom(
      'checkout',
      'running-1',
      '1m',
      '*',
      'RETRANSMISSIONS',
      'INTER_AZ',
      'default',
      'us-east-1',
      100,
      true,
    ),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const keys = [...QUERY_KEYS, 'every', '__proto__', 'constructor'];
  const definition = fc.dictionary(fc.constantFrom(...keys), fc.oneof(value, fc.array(value, { maxLength: 2 })), {
    noNullPrototype: true,
  });
  const body = fc.oneof(
    { weight: 1, arbitrary: fc.jsonValue() },
    { weight: 2, arbitrary: definition },
    { weight: 2, arbitrary: definition.map((changes) => ({ ...WATCHED, ...changes })) },
    { weight: 2, arbitrary: definition.map((changes) => ({ ...SCHEDULED, ...changes })) },
  );
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      const answer = await put(PATH, JSON.stringify(sent));
      expect([200, 201, 400]).toContain(answer.status);
      if (answer.status === 400) {
        expect(Object(answer.body).error.details).not.toEqual([]);
      }
      expect((await daemon.text(PATH)).status).toBeOneOf([200, 404]);
    }),
    { numRuns: 200 },
  );
  expect((await daemon.text('/-/healthy')).status).toBe(200);
  await daemon.metrics();
  expect(daemon.log.events.filter(({ msg }) => msg === 'request failed')).toEqual([]);
});

describe('concurrent writers', () => {
  test('of one name are sequential', async (scope) => {
    const { daemon, put } = await start(scope);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => put(PATH, { ...WATCHED, queryId: `running-${index + 1}` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(199).fill(200), 201]);
    const { headers, body } = await ask(daemon.url, 'GET', PATH);
    const last = answers.find((answer) => answer.headers.get('etag') === headers.get('etag'));
    expect(last?.body).toMatchObject({ queryId: Object(body).queryId });
    expect((await daemon.metrics()).value('aws_nfm_exporter_registered_queries', { source: 'http' })).toBe(1);
  });

  test('of many names all succeed', async (scope) => {
    const { daemon, put, remove } = await start(scope);
    const paths = Array.from({ length: 200 }, (_, index) => `${PATH}-${index}`);
    const created = await Promise.all(paths.map((path) => put(path, { ...WATCHED, interval: '1h' })));
    expect(new Set(created.map(({ status }) => status))).toEqual(new Set([201]));
    expect((await daemon.metrics()).value('aws_nfm_exporter_registered_queries', { source: 'http' })).toBe(200);
    const removed = await Promise.all(paths.map((path) => remove(path)));
    expect(new Set(removed.map(({ status }) => status))).toEqual(new Set([204]));
    expect((await daemon.text('/metrics')).body).not.toContain('incident-42');
  });

  test('with one tag succeed only once', async (scope) => {
    const { put, remove } = await start(scope);
    const race = async (headers: Readonly<Record<string, string>>, unit: string) => {
      const bodies = Array.from({ length: 50 }, (_, index) => ({ ...WATCHED, interval: `${index + 1}${unit}` }));
      const answers = await Promise.all(bodies.map((body) => put(PATH, body, headers)));
      const [winner, ...others] = answers.filter(({ status }) => status !== 412);
      expect(others).toEqual([]);
      return { status: winner?.status, tag: winner?.headers.get('etag') ?? '' };
    };
    const created = await race({ 'If-None-Match': '*' }, 'm');
    expect(created.status).toBe(201);
    const replaced = await race({ 'If-Match': created.tag }, 'h');
    expect(replaced.status).toBe(200);
    expect((await remove(PATH, { 'If-Match': created.tag })).status).toBe(412);
    expect((await remove(PATH, { 'If-Match': replaced.tag })).status).toBe(204);
  });
});

describe('a name of the configuration', () => {
  test('cannot be registered', async (scope) => {
    const { put, remove } = await start(scope, {
      queries: [{ name: 'incident-42', monitorName: 'checkout', queryId: 'running-9', region: ['us-east-1'] }],
    });
    const name = `${PATH}:us-east-1`;
    expect(await put(name, WATCHED)).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
    expect((await remove(name)).status).toBe(409);
    expect((await put(PATH, WATCHED)).status).toBe(201);
  });
});
