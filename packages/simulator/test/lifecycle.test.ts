import { afterEach, expect, test } from 'vitest';
import { parseScenario, type Simulator, startSimulator } from '../src/index.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { CHECKOUT, expectError, START, scopedTo, send, startQuery, workloadInsights } from './raw-client.ts';

let clock: ManualClock;
let simulator: Simulator;

async function start(scenario = ''): Promise<void> {
  clock = createManualClock();
  simulator = await startSimulator({ clock, scenario: parseScenario(scenario) });
}
afterEach(() => simulator.close());

async function statusOf(queryId: string, parent = CHECKOUT): Promise<unknown> {
  const { json } = await send(simulator, 'GET', `${parent}/${queryId}/status`);
  return json['status'];
}

test('runs queries from QUEUED over RUNNING to SUCCEEDED within 15 s, in different times', async () => {
  await start();
  const ends: number[] = [];
  for (const destinationCategory of ['INTRA_AZ', 'INTER_AZ', 'INTER_VPC', 'INTERNET', 'AMAZON_S3', 'LOCAL_ZONE']) {
    const queryId = await startQuery(simulator, CHECKOUT, { destinationCategory });
    const seen = new Map<unknown, number>();
    for (let waited = 0; !seen.has('SUCCEEDED'); waited += 250) {
      const status = await statusOf(queryId);
      seen.set(status, seen.get(status) ?? waited);
      clock.advance(250);
      expect(waited).toBeLessThanOrEqual(15_000);
    }
    expect(['QUEUED,RUNNING,SUCCEEDED', 'RUNNING,SUCCEEDED']).toContain([...seen.keys()].join());
    ends.push(seen.get('SUCCEEDED') ?? 0);
  }
  expect(Math.max(...ends) - Math.min(...ends)).toBeGreaterThan(1000);
});

test('returns equal IDs for equal starts, which share the run in progress', async () => {
  await start('startedQueries: [{queuedFor: 1s, runningFor: 1s}]');
  const first = await startQuery(simulator);
  clock.advance(1500);
  expect(await startQuery(simulator)).toBe(first);
  expect(await statusOf(first)).toBe('RUNNING');
  clock.advance(1000);
  expect(await statusOf(first)).toBe('SUCCEEDED');
  // Once it has ended, an equal start runs it again.
  expect(await startQuery(simulator)).toBe(first);
  expect(await statusOf(first)).toBe('QUEUED');
});

test('returns IDs like those of the service, which differ with each argument', async () => {
  await start();
  const insights = await workloadInsights(simulator, 'Queries');
  const ids = await Promise.all([
    startQuery(simulator),
    startQuery(simulator, CHECKOUT, { metricName: 'TIMEOUTS' }),
    startQuery(simulator, CHECKOUT, { destinationCategory: 'INTRA_AZ' }),
    startQuery(simulator, CHECKOUT, { startTime: '2026-01-01T00:30:00Z' }),
    startQuery(simulator, CHECKOUT, { endTime: '2026-01-01T00:30:00Z' }),
    startQuery(simulator, CHECKOUT, { limit: 7 }),
    startQuery(simulator, '/monitors/prod-orders/topContributorsQueries'),
    startQuery(simulator, CHECKOUT, {}, scopedTo('eu-west-1')),
    startQuery(simulator, insights),
    startQuery(simulator, await workloadInsights(simulator, 'DataQueries')),
  ]);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test('treats two forms of one time as equal', async () => {
  await start();
  const id = await startQuery(simulator);
  expect(await startQuery(simulator, CHECKOUT, { startTime: '2026-01-01T01:00:00.000+01:00' })).toBe(id);
});

test('cancels a stopped query, and ignores stops after its end', async () => {
  await start('startedQueries: [{queuedFor: 1s, runningFor: 1s}]');
  const stopped = await startQuery(simulator);
  const ended = await startQuery(simulator, CHECKOUT, { metricName: 'TIMEOUTS' });
  for (let i = 0; i < 2; i++) {
    const reply = await send(simulator, 'DELETE', `${CHECKOUT}/${stopped}`);
    expect({ status: reply.status, text: reply.text }).toEqual({ status: 200, text: '{}' });
  }
  expect(await statusOf(stopped)).toBe('CANCELED');
  clock.advance(2000);
  expect(await statusOf(stopped)).toBe('CANCELED');
  expect((await send(simulator, 'DELETE', `${CHECKOUT}/${ended}`)).status).toBe(200);
  expect(await statusOf(ended)).toBe('SUCCEEDED');
});

test('finds an ID only under its own type, parent, region, and account', async () => {
  await start();
  const id = await startQuery(simulator);
  const elsewhere = [
    `/monitors/prod-orders/topContributorsQueries/${id}/status`,
    `${await workloadInsights(simulator, 'Queries')}/${id}/status`,
  ];
  for (const path of elsewhere) {
    expectError(await send(simulator, 'GET', path), 'ResourceNotFoundException', 404);
  }
  const headers = scopedTo('eu-west-1');
  expectError(await send(simulator, 'GET', `${CHECKOUT}/${id}/status`, { headers }), 'ResourceNotFoundException', 404);
  expect((await send(simulator, 'GET', `${CHECKOUT}/${id}/status`)).status).toBe(200);
});

test.each([
  ['a window of more than an hour', { endTime: '2026-01-01T01:00:00.001Z' }, /must not exceed 1 hour/],
  ['an end at the start', { endTime: START.startTime }, /end time must be after the start time/],
  ['an end before the start', { endTime: '2025-12-31T23:00:00Z' }, /end time must be after the start time/],
  ['a limit of 0', { limit: 0 }, /Value '0' at 'limit' .* greater than or equal to 1$/],
  ['a limit of 501', { limit: 501 }, /Value '501' at 'limit' .* less than or equal to 500$/],
  ['a limit that is a text', { limit: '5' }, /Value '5' at 'limit'/],
  ['a limit with a fraction', { limit: 1.5 }, /Value '1.5' at 'limit'/],
  ['a time that is a number', { startTime: 1_767_225_600 }, /at 'startTime'/],
  ['a day that does not exist', { startTime: '2026-02-30T00:00:00Z' }, /at 'startTime'/],
  ['a time without a zone', { startTime: '2026-01-01T00:00:00' }, /at 'startTime'/],
  ['two errors', { limit: 0, metricName: 'X' }, /^2 validation errors detected: .*'metricName'.*; .*'limit'/],
])('returns a ValidationException for %s', async (_, changes, message) => {
  await start();
  const reply = await send(simulator, 'POST', CHECKOUT, { body: { ...START, ...changes } });
  expectError(reply, 'ValidationException', 400);
  expect(reply.json['message']).toMatch(message);
});

test.each(['{', '[]', '7', 'null'])('returns a ValidationException for the body %s', async (body) => {
  await start();
  expectError(await send(simulator, 'POST', CHECKOUT, { body }), 'ValidationException', 400);
});

test('rejects a body of more than a megabyte', async () => {
  await start();
  const reply = await send(simulator, 'POST', CHECKOUT, { body: JSON.stringify('x'.repeat(1024 * 1024)) });
  expect(reply.status).toBe(413);
});

test('returns queries in progress that clients started from runningQueries', async () => {
  await start(`
    startedQueries: [{queuedFor: 1s, runningFor: 1s}]
    queries: [{type: monitor-top-contributors, region: us-east-1, monitorName: checkout, queryId: theirs, outcome: none}]
  `);
  const first = await startQuery(simulator);
  const second = await startQuery(simulator, CHECKOUT, { metricName: 'TIMEOUTS' }, scopedTo('eu-west-1'));
  const where = { account: '123456789012', type: 'monitor-top-contributors', parent: 'checkout' };
  expect(simulator.runningQueries()).toEqual([
    { ...where, region: 'us-east-1', queryId: first, status: 'QUEUED' },
    { ...where, region: 'eu-west-1', queryId: second, status: 'QUEUED' },
  ]);
  await send(simulator, 'DELETE', `${CHECKOUT}/${first}`);
  clock.advance(1000);
  expect(simulator.runningQueries()).toEqual([{ ...where, region: 'eu-west-1', queryId: second, status: 'RUNNING' }]);
  clock.advance(1000);
  expect(simulator.runningQueries()).toEqual([]);
});

test('starts the queries of the scenario with the simulator', async () => {
  await start(`
    queries:
      - {type: monitor-top-contributors, region: us-east-1, monitorName: checkout, queryId: fails, queuedFor: 10, runningFor: 20s, outcome: FAILED}
      - {type: monitor-top-contributors, region: us-east-1, monitorName: checkout, queryId: canceled, queuedFor: 0, runningFor: 0, outcome: CANCELED}
      - {type: workload-insights-top-contributors-data, region: us-east-1, scopeId: s, queryId: "many-{n}", count: 3, outcome: none}
  `);
  expect(await statusOf('fails')).toBe('QUEUED');
  clock.advance(10_000);
  expect(await statusOf('fails')).toBe('RUNNING');
  clock.advance(20_000);
  expect(await statusOf('fails')).toBe('FAILED');
  expect(await statusOf('canceled')).toBe('CANCELED');
  clock.advance(1_000_000_000);
  const parent = '/workloadInsights/s/topContributorsDataQueries';
  expect(await Promise.all(['many-1', 'many-2', 'many-3'].map((id) => statusOf(id, parent)))).toEqual([
    'RUNNING',
    'RUNNING',
    'RUNNING',
  ]);
  expectError(await send(simulator, 'GET', `${parent}/many-4/status`), 'ResourceNotFoundException', 404);
});

test.each([
  ['a status that no model knows', '{status: PAUSED}', '{"status":"PAUSED"}'],
  ['a null status', '{status: null}', '{"status":null}'],
  ['a number', '{status: 7}', '{"status":7}'],
  ['no status', '{}', '{}'],
])('allows a status response of %s', async (_, statusBody, text) => {
  await start(`
    queries:
      - {type: monitor-top-contributors, region: us-east-1, monitorName: checkout, queryId: odd, statusBody: ${statusBody}}
  `);
  const reply = await send(simulator, 'GET', `${CHECKOUT}/odd/status`);
  expect({ status: reply.status, text: reply.text }).toEqual({ status: 200, text });
});

test('applies the first matching rule of the scenario to a started query', async () => {
  await start(`
    startedQueries:
      - {match: {monitorName: "prod-*", metricName: TIMEOUTS}, queuedFor: 0, runningFor: 0, outcome: FAILED}
      - {match: {monitorName: "*"}, queuedFor: 0, runningFor: 0, outcome: CANCELED}
      - {match: {scopeId: "*"}, queuedFor: 0, runningFor: 0, outcome: FAILED}
  `);
  const orders = '/monitors/prod-orders/topContributorsQueries';
  const insights = await workloadInsights(simulator, 'Queries');
  expect(await statusOf(await startQuery(simulator, orders, { metricName: 'TIMEOUTS' }), orders)).toBe('FAILED');
  expect(await statusOf(await startQuery(simulator, orders), orders)).toBe('CANCELED');
  expect(await statusOf(await startQuery(simulator, insights), insights)).toBe('FAILED');
});
