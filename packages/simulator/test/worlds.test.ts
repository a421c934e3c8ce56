import { afterEach, describe, expect, test } from 'vitest';
import { parseScenario, type Simulator, startSimulator } from '../src/index.ts';
import type { Worlds } from '../src/worlds.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { CHECKOUT, expectError, START, scopedTo, send, startQuery, workloadInsights } from './raw-client.ts';

let clock: ManualClock;
let simulator: Simulator;

/** Reads the worlds from a scenario file, as users do. */
async function start(worlds: Partial<Worlds> | Readonly<Record<string, unknown>>, more: object = {}): Promise<void> {
  clock = createManualClock();
  simulator = await startSimulator({ clock, scenario: parseScenario(JSON.stringify({ worlds, ...more })) });
}
afterEach(() => simulator.close());

const AT_ONCE = { startedQueries: [{ queuedFor: 0, runningFor: 0 }] };

test.each([
  [{}, 'ResourceNotFoundException', 404],
  [{ unknownQueryId: 'ValidationException' }, 'ValidationException', 400],
  [{ unknownQueryId: 'AccessDeniedException' }, 'AccessDeniedException', 403],
  [{ unknownQueryId: 'InternalServerException' }, 'InternalServerException', 500],
] as const)('%j: returns the error %s of status and stop for unknown IDs', async (worlds, name, status) => {
  await start(worlds);
  expectError(await send(simulator, 'GET', `${CHECKOUT}/unknown/status`), name, status);
  expectError(await send(simulator, 'DELETE', `${CHECKOUT}/unknown`), name, status);
  // Results have a declared error.
  expectError(await send(simulator, 'GET', `${CHECKOUT}/unknown/results`), 'ResourceNotFoundException', 404);
});

test.each([
  [{}, 'ValidationException', 400],
  [{ unknownMonitorOnStart: 'ResourceNotFoundException' }, 'ResourceNotFoundException', 404],
  [{ unknownMonitorOnStart: 'AccessDeniedException' }, 'AccessDeniedException', 403],
] as const)('%j: returns the error %s of a start for unknown monitors and scopes', async (worlds, name, status) => {
  await start(worlds);
  for (const path of ['/monitors/missing/topContributorsQueries', '/workloadInsights/nowhere/topContributorsQueries']) {
    expectError(await send(simulator, 'POST', path, { body: START }), name, status);
  }
});

describe.each(['RUNNING', 'FAILED', 'CANCELED'])('results of a query that is %s', (status) => {
  const lives = [{ queuedFor: 0, runningFor: 0, outcome: status === 'RUNNING' ? 'none' : status }];

  test.each([
    [{}, 'ValidationException', 400],
    [{ resultsBeforeEnd: 'ResourceNotFoundException' }, 'ResourceNotFoundException', 404],
  ] as const)('are, with %j, a %s', async (worlds, name, code) => {
    await start(worlds, { startedQueries: lives });
    const path = `${CHECKOUT}/${await startQuery(simulator)}/results`;
    expectError(await send(simulator, 'GET', path), name, code);
  });

  test('are an empty page if that is configured', async () => {
    await start({ resultsBeforeEnd: 'empty' }, { startedQueries: lives });
    const { json } = await send(simulator, 'GET', `${CHECKOUT}/${await startQuery(simulator)}/results`);
    expect(json['topContributors']).toEqual([]);
    expect(json).not.toHaveProperty('nextToken');
  });
});

test('returns an empty list, or none, for a query without rows', async () => {
  const scenario = { startedQueries: [{ queuedFor: 0, runningFor: 0, rows: 0, unit: 'Bytes' }] };
  await start({}, scenario);
  const bodyUnder = async (parent: string) =>
    (await send(simulator, 'GET', `${parent}/${await startQuery(simulator, parent)}/results`)).json;
  const insights = await workloadInsights(simulator, 'Queries');
  const data = await workloadInsights(simulator, 'DataQueries');
  expect(await bodyUnder(CHECKOUT)).toEqual({ unit: 'Bytes', topContributors: [] });
  expect(await bodyUnder(insights)).toEqual({ topContributors: [] });
  simulator.setWorlds({ emptyResults: 'absent' });
  expect(await bodyUnder(CHECKOUT)).toEqual({ unit: 'Bytes' });
  expect(await bodyUnder(insights)).toEqual({});
  expect(await bodyUnder(data)).toEqual({ unit: 'Bytes', datapoints: [] });
});

test('returns pages of the configured size', async () => {
  await start({ pageSize: 3 }, AT_ONCE);
  const { json } = await send(simulator, 'GET', `${CHECKOUT}/${await startQuery(simulator)}/results?maxResults=20`);
  expect(json['topContributors']).toHaveLength(3);
  expect((await send(simulator, 'GET', '/monitors')).json['monitors']).toHaveLength(3);
});

test('rejects starts beyond the quota of queries in progress in one account and region', async () => {
  await start({ maxRunningQueries: 2 });
  const body = (metricName: string) => ({ body: { ...START, metricName } });
  await startQuery(simulator);
  const second = await startQuery(simulator, CHECKOUT, { metricName: 'TIMEOUTS' });
  const refused = await send(simulator, 'POST', CHECKOUT, body('RETRANSMISSIONS'));
  expectError(refused, 'ServiceQuotaExceededException', 402);
  // An equal start of a query in progress starts nothing. Another region has a quota of its own.
  expect((await send(simulator, 'POST', CHECKOUT, body('TIMEOUTS'))).status).toBe(200);
  await startQuery(simulator, CHECKOUT, { metricName: 'RETRANSMISSIONS' }, scopedTo('eu-west-1'));
  await send(simulator, 'DELETE', `${CHECKOUT}/${second}`);
  expect((await send(simulator, 'POST', CHECKOUT, body('RETRANSMISSIONS'))).status).toBe(200);
});

test('throttles requests beyond the rate in one account and region', async () => {
  await start({ requestsPerSecond: 3 });
  const list = async (region = 'us-east-1') =>
    (await send(simulator, 'GET', '/monitors', { headers: scopedTo(region) })).status;
  expect([await list(), await list(), await list(), await list()]).toEqual([200, 200, 200, 429]);
  expect(await list('eu-west-1')).toBe(200);
  clock.advance(334);
  expect([await list(), await list()]).toEqual([200, 429]);
  // A long pause allows a burst of one second, but not more.
  clock.advance(60_000);
  expect([await list(), await list(), await list(), await list()]).toEqual([200, 200, 200, 429]);
  const throttled = await send(simulator, 'GET', '/monitors');
  expectError(throttled, 'ThrottlingException', 429);
  expect(throttled.headers['retry-after']).toBeUndefined();
});

test('allows single requests with a rate of less than one per second', async () => {
  await start({ requestsPerSecond: 0.5 });
  const list = async () => (await send(simulator, 'GET', '/monitors')).status;
  expect([await list(), await list()]).toEqual([200, 429]);
  clock.advance(2000);
  expect([await list(), await list()]).toEqual([200, 429]);
});

test('hides a started query for a configured time', async () => {
  const theirs = { type: 'monitor-top-contributors', region: 'us-east-1', monitorName: 'checkout', queryId: 'theirs' };
  await start({ visibleAfter: '5s' }, { startedQueries: [{ queuedFor: 0, outcome: 'none' }], queries: [theirs] });
  expect((await send(simulator, 'GET', `${CHECKOUT}/theirs/status`)).status).toBe(200);
  clock.advance(60_000);
  const path = `${CHECKOUT}/${await startQuery(simulator)}`;
  clock.advance(4999);
  expectError(await send(simulator, 'GET', `${path}/status`), 'ResourceNotFoundException', 404);
  expectError(await send(simulator, 'DELETE', path), 'ResourceNotFoundException', 404);
  clock.advance(1);
  expect((await send(simulator, 'GET', `${path}/status`)).json).toEqual({ status: 'RUNNING' });
});

test('delays the effect of a stop, unless the query ends before', async () => {
  await start(
    { stopDelay: '5s' },
    {
      startedQueries: [
        { match: { metricName: 'TIMEOUTS' }, queuedFor: 0, runningFor: '3s' },
        { outcome: 'none', queuedFor: 0 },
      ],
    },
  );
  const endless = await startQuery(simulator);
  const short = await startQuery(simulator, CHECKOUT, { metricName: 'TIMEOUTS' });
  await send(simulator, 'DELETE', `${CHECKOUT}/${endless}`);
  await send(simulator, 'DELETE', `${CHECKOUT}/${short}`);
  const statuses = async () =>
    (await Promise.all([endless, short].map((id) => send(simulator, 'GET', `${CHECKOUT}/${id}/status`)))).map(
      ({ json }) => json['status'],
    );
  expect(await statuses()).toEqual(['RUNNING', 'RUNNING']);
  clock.advance(5000);
  expect(await statuses()).toEqual(['CANCELED', 'SUCCEEDED']);
});

test('forgets a started query after its retention, but not a query of the scenario', async () => {
  const theirs = { type: 'monitor-top-contributors', region: 'us-east-1', monitorName: 'checkout', queryId: 'theirs' };
  await start({ retention: '10m' }, { ...AT_ONCE, queries: [theirs] });
  const ours = await startQuery(simulator);
  const codes = async () => {
    const paths = [`${ours}/status`, `${ours}/results`, 'theirs/status'];
    return (await Promise.all(paths.map((path) => send(simulator, 'GET', `${CHECKOUT}/${path}`)))).map((r) => r.status);
  };
  clock.advance(599_999);
  expect(await codes()).toEqual([200, 200, 200]);
  clock.advance(1);
  expect(await codes()).toEqual([404, 404, 200]);
});

test.each([
  ['plain', 'ResourceNotFoundException', {}],
  ['namespaced', 'com.amazonaws.networkflowmonitor#ResourceNotFoundException', {}],
  ['uri', expect.stringMatching(/^ResourceNotFoundException:http:\/\//), {}],
  ['bodyType', undefined, { __type: 'com.amazonaws.networkflowmonitor#ResourceNotFoundException' }],
  ['bodyCode', undefined, { code: 'ResourceNotFoundException' }],
])('sends the name of an error in the form %s', async (errorForm, header, members) => {
  await start({ errorForm, messageKey: 'Message' });
  const reply = await send(simulator, 'GET', '/monitors/missing');
  expect(reply.status).toBe(404);
  expect(reply.headers['x-amzn-errortype']).toEqual(header);
  expect(reply.json).toEqual({ Message: 'Monitor missing does not exist.', ...members });
});

test('sends times as in the model, or all in one form', async () => {
  await start({}, AT_ONCE);
  const parent = await workloadInsights(simulator, 'DataQueries');
  const results = `${parent}/${await startQuery(simulator, parent)}/results`;
  const forms = async () => {
    const monitor = (await send(simulator, 'GET', '/monitors/checkout')).json;
    const point =
      /"timestamps":\[("?)/.exec((await send(simulator, 'GET', results)).text)?.[1] === '"' ? 'string' : 'number';
    return [typeof monitor['createdAt'], typeof monitor['modifiedAt'], point];
  };
  expect(await forms()).toEqual(['number', 'number', 'string']);
  simulator.setWorlds({ timestamps: 'numbers' });
  expect(await forms()).toEqual(['number', 'number', 'number']);
  simulator.setWorlds({ timestamps: 'text' });
  expect(await forms()).toEqual(['string', 'string', 'string']);
});

test('replaces the worlds of the scenario by setWorlds until the next call', async () => {
  await start({ pageSize: 3 });
  const size = async () => (await send(simulator, 'GET', '/monitors')).json['monitors'];
  simulator.setWorlds({ pageSize: 1 });
  expect(await size()).toHaveLength(1);
  simulator.setWorlds({});
  expect(await size()).toHaveLength(3);
});
