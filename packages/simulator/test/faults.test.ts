import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  defaultScenario,
  type Fault,
  parseScenario,
  type RequestRecord,
  type Simulator,
  startSimulator,
} from '../src/index.ts';
import { CLOCK_START, createManualClock, type ManualClock } from './manual-clock.ts';
import { CHECKOUT, expectError, type Reply, START, scopedTo, send, startQuery } from './raw-client.ts';

let clock: ManualClock;
let simulator: Simulator;
let records: RequestRecord[];

async function start(...faults: readonly Fault[]): Promise<void> {
  clock = createManualClock();
  records = [];
  simulator = await startSimulator({
    clock,
    scenario: { ...defaultScenario, faults },
    onRequest: (record) => records.push(record),
  });
}
afterEach(() => simulator.close());

const list = (headers: Readonly<Record<string, string>> = {}) => send(simulator, 'GET', '/monitors', { headers });
const startCheckout = () => send(simulator, 'POST', CHECKOUT, { body: START });
const callerIdentity = () => send(simulator, 'POST', '/', { body: 'Action=GetCallerIdentity&Version=2011-06-15' });

describe('an error', () => {
  test('replaces the operation, with any name', async () => {
    await start({ kind: 'error', name: 'TeapotException', status: 418, message: 'short and stout' });
    const reply = await startCheckout();
    expectError(reply, 'TeapotException', 418);
    expect(reply.json).toEqual({ message: 'short and stout' });
    expect(reply.headers['retry-after']).toBeUndefined();
    expect(simulator.runningQueries()).toEqual([]);
    expect(records).toMatchObject([{ status: 418, error: 'TeapotException' }]);
  });

  test('has a Retry-After header in seconds if it is set', async () => {
    await start({ kind: 'error', name: 'InternalServerException', status: 500, retryAfter: 1500 });
    expect((await list()).headers['retry-after']).toBe('2');
  });

  test('is XML from STS', async () => {
    await start({ kind: 'error', name: 'InternalFailure', status: 500 });
    const { status, text } = await callerIdentity();
    expect(status).toBe(500);
    expect(text).toContain('<Error><Type>Receiver</Type><Code>InternalFailure</Code>');
  });
});

test('throttles with status 429, and 400 from STS', async () => {
  await start({ kind: 'throttle', match: { operation: 'List*' } }, { kind: 'throttle', retryAfter: 3000 });
  expectError(await list(), 'ThrottlingException', 429);
  expect((await list()).headers['retry-after']).toBeUndefined();
  const started = await startCheckout();
  expectError(started, 'ThrottlingException', 429);
  expect(started.headers['retry-after']).toBe('3');
  const identity = await callerIdentity();
  expect(identity.status).toBe(400);
  expect(identity.text).toContain('<Code>Throttling</Code>');
  expect(simulator.runningQueries()).toEqual([]);
});

describe('latency', () => {
  test('adds up, and allows other faults of the request', async () => {
    await start(
      { kind: 'latency', delay: 1000 },
      { kind: 'latency', delay: 500, match: { operation: 'ListMonitors' } },
      { kind: 'throttle', match: { operation: 'ListMonitors' } },
    );
    const reply = list();
    await vi.waitFor(() => expect(clock.waiting()).toBe(1));
    clock.advance(1499);
    expect(records).toEqual([]);
    clock.advance(1);
    expectError(await reply, 'ThrottlingException', 429);
    expect(records).toMatchObject([{ at: CLOCK_START, status: 429 }]);
  });

  test('ends when the client disconnects, without a status in the record', async () => {
    await start({ kind: 'latency', delay: 1000 });
    const client = new AbortController();
    const failure = expect(send(simulator, 'GET', '/monitors', { signal: client.signal })).rejects.toThrow('aborted');
    await vi.waitFor(() => expect(clock.waiting()).toBe(1));
    client.abort();
    await failure;
    await vi.waitFor(() => expect(records).toMatchObject([{ status: undefined }]));
    expect(clock.waiting()).toBe(0);
  });

  test('ends with the simulator', async () => {
    await start({ kind: 'latency', delay: 1000 });
    const failure = expect(list()).rejects.toThrow('socket hang up');
    await vi.waitFor(() => expect(clock.waiting()).toBe(1));
    await simulator.close();
    await failure;
    expect(clock.waiting()).toBe(0);
  });
});

describe.each(['hang', 'reset'] as const)('a connection that ends with %s', (kind) => {
  test('after the request receives nothing, and has no effect', async () => {
    await start({ kind, after: 'request' });
    const client = new AbortController();
    const call = send(simulator, 'POST', CHECKOUT, { body: START, signal: client.signal });
    const failure = expect(call).rejects.toMatchObject({ code: kind === 'reset' ? 'ECONNRESET' : 'ABORT_ERR' });
    await vi.waitFor(() => expect(records).toMatchObject([{ status: undefined }]));
    if (kind === 'hang') {
      client.abort();
    }
    await failure;
    expect(simulator.runningQueries()).toEqual([]);
  });

  test('after the headers has an effect, but no result for the client', async () => {
    await start({ kind, after: 'headers' });
    const outgoing = request(simulator.url, { method: 'POST', path: CHECKOUT, agent: false });
    outgoing.end(JSON.stringify(START));
    if (kind === 'hang') {
      const [incoming] = await once(outgoing, 'response');
      expect(incoming.statusCode).toBe(200);
      expect(incoming.headers['content-length']).toBe('50');
      const closed = once(incoming, 'error');
      outgoing.destroy();
      await closed;
    } else {
      // Depending on the order of packets, the client receives the reset with the headers or instead of them.
      outgoing.on('response', (incoming) => incoming.on('error', (error: Error) => outgoing.emit('error', error)));
      const [error] = await once(outgoing, 'error');
      expect(error.code).toBe('ECONNRESET');
    }
    expect(records).toMatchObject([{ status: undefined }]);
    expect(simulator.runningQueries()).toHaveLength(1);
  });
});

test('ends hanging requests when the simulator is closed', async () => {
  await start({ kind: 'hang', after: 'request' });
  const failure = expect(list()).rejects.toThrow('socket hang up');
  await vi.waitFor(() => expect(records).toHaveLength(1));
  await simulator.close();
  await failure;
});

describe('a body', () => {
  test.each([
    ['html', 502, 'text/html', /^<html>.*<\/html>/s],
    ['html', undefined, 'text/html', /^<html>/],
    ['empty', undefined, 'application/json', /^$/],
    ['empty', 503, 'application/json', /^$/],
    ['garbage', undefined, 'application/json', /\ufffd/],
    ['truncated', undefined, 'application/json', /^\{"queryId":"[0-9a-f-]+$/],
    ['wrongTypes', undefined, 'application/json', /^\{"queryId":7\}$/],
  ] as const)('can be %s with status %s, and the operation is executed', async (body, status, type, text) => {
    await start({ kind: 'body', body, ...(status && { status }) });
    const reply = await startCheckout();
    expect(reply).toMatchObject({ status: status ?? 200, text: expect.stringMatching(text) });
    expect(reply.headers['content-type']).toBe(type);
    expect(simulator.runningQueries()).toHaveLength(1);
    expect(records).toMatchObject([{ status: status ?? 200 }]);
  });

  test('can have each member of another type', async () => {
    const monitors = { kind: 'body', body: 'wrongTypes' } as const;
    await start(monitors);
    expect((await list()).json).toEqual({ monitors: { first: true } });
    expect((await send(simulator, 'GET', '/monitors/checkout')).json).toMatchObject({
      monitorName: 7,
      localResources: { first: true },
      createdAt: ['text'],
      tags: 'text',
    });
    expect((await callerIdentity()).text).toBe('<Unexpected/>\n');
  });
});

describe('a fault affects', () => {
  const fails = async (call: Promise<Reply>) => (await call).status === 429;

  test.each<[Fault['match'], [boolean, boolean, boolean, boolean]]>([
    [undefined, [true, true, true, true]],
    [{ operation: 'ListMonitors' }, [true, true, false, false]],
    [{ operation: 'GetQueryStatus*' }, [false, false, true, true]],
    [{ operation: '*TopContributors' }, [false, false, true, true]],
    [{ region: 'eu-west-1' }, [false, true, false, false]],
    [{ region: 'eu-*-1', operation: 'List*' }, [false, true, false, false]],
    [{ account: '123456789012' }, [true, true, true, true]],
    [{ account: '210987654321' }, [false, false, false, false]],
    [{ monitorName: 'checkout' }, [false, false, true, false]],
    [{ monitorName: '*' }, [false, false, true, true]],
    [{ queryId: 'q-*-1' }, [false, false, true, false]],
    [{ scopeId: '*' }, [false, false, false, false]],
  ])('requests that match %j', async (match, expected) => {
    await start({ kind: 'throttle', ...(match && { match }) });
    expect([
      await fails(list()),
      await fails(list(scopedTo('eu-west-1'))),
      await fails(send(simulator, 'GET', `${CHECKOUT}/q-x-1/status`)),
      await fails(send(simulator, 'GET', '/monitors/other/topContributorsQueries/q-x-2/status')),
    ]).toEqual(expected);
  });

  test('requests between two moments from the start', async () => {
    await start({ kind: 'throttle', from: 1000, until: 2000 });
    const seen = [];
    for (let i = 0; i < 4; i++) {
      seen.push(await fails(list()));
      clock.advance(i === 1 ? 999 : 1000);
    }
    expect(seen).toEqual([false, true, true, false]);
  });

  test('a number of requests', async () => {
    await start({ kind: 'throttle', times: 2, match: { operation: 'ListMonitors' } });
    await send(simulator, 'GET', '/scopes');
    expect([await fails(list()), await fails(list()), await fails(list())]).toEqual([true, true, false]);
  });

  test('a share of the requests, the same ones each time', async () => {
    const pattern = async () => {
      await start({ kind: 'throttle', rate: 0.3 });
      const seen: boolean[] = [];
      for (let i = 0; i < 200; i++) {
        seen.push(await fails(list()));
      }
      return seen;
    };
    const first = await pattern();
    await simulator.close();
    expect(await pattern()).toEqual(first);
    expect(first.filter(Boolean).length).toBeGreaterThan(40);
    expect(first.filter(Boolean).length).toBeLessThan(80);
  });

  test('none at a rate of 0 and all at a rate of 1', async () => {
    await start({ kind: 'throttle', rate: 0 });
    expect([await fails(list()), await fails(list())]).toEqual([false, false]);
    simulator.setFaults([{ kind: 'throttle', rate: 1 }]);
    expect([await fails(list()), await fails(list())]).toEqual([true, true]);
  });
});

test('replaces all faults by setFaults', async () => {
  await start({ kind: 'throttle' });
  expect((await list()).status).toBe(429);
  simulator.setFaults([]);
  expect((await list()).status).toBe(200);
});

test('reads faults from a scenario', async () => {
  const { faults } = parseScenario(`
    faults:
      - {kind: error, name: InternalServerException, status: 500, from: 10s, until: 1m30s, rate: 0.5, times: 3, retryAfter: 2}
      - {kind: hang, match: {operation: "GetQuery*"}}
      - {kind: latency, delay: 250ms}
      - {kind: body, body: html, status: 502}
  `);
  expect(faults).toEqual([
    {
      kind: 'error',
      name: 'InternalServerException',
      status: 500,
      from: 10_000,
      until: 90_000,
      rate: 0.5,
      times: 3,
      retryAfter: 2000,
    },
    { kind: 'hang', after: 'request', match: { operation: 'GetQuery*' } },
    { kind: 'latency', delay: 250 },
    { kind: 'body', body: 'html', status: 502 },
  ]);
  await start(...faults);
});

test('records each request', async () => {
  await start();
  clock.advance(1234);
  const queryId = await startQuery(
    simulator,
    CHECKOUT,
    {},
    { ...scopedTo('eu-west-1'), 'amz-sdk-request': 'attempt=2; max=3' },
  );
  await send(simulator, 'GET', `${CHECKOUT}/${queryId}/status?x=1`);
  await callerIdentity();
  await send(simulator, 'GET', '/nowhere');
  const common = { at: CLOCK_START + 1234, account: '123456789012', service: 'networkflowmonitor' };
  expect(records).toEqual([
    {
      ...common,
      region: 'eu-west-1',
      operation: 'StartQueryMonitorTopContributors',
      method: 'POST',
      path: CHECKOUT,
      attempt: 2,
      status: 200,
    },
    {
      ...common,
      region: 'us-east-1',
      operation: 'GetQueryStatusMonitorTopContributors',
      method: 'GET',
      path: `${CHECKOUT}/${queryId}/status`,
      queryId,
      status: 404,
      error: 'ResourceNotFoundException',
    },
    {
      ...common,
      service: 'sts',
      region: 'us-east-1',
      operation: 'GetCallerIdentity',
      method: 'POST',
      path: '/',
      status: 200,
    },
    {
      ...common,
      region: 'us-east-1',
      operation: 'Unknown',
      method: 'GET',
      path: '/nowhere',
      status: 404,
      error: 'UnknownOperationException',
    },
  ]);
});

test('sends dates from the clock of the simulator', async () => {
  await start();
  clock.advance(3_600_000);
  expect((await list()).headers['date']).toBe('Thu, 01 Jan 2026 01:00:00 GMT');
});
