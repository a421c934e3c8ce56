import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultScenario, type Simulator, startSimulator } from '../src/index.ts';
import {
  DESTINATION_CATEGORIES,
  ERROR_STATUS,
  METRICS,
  OPERATIONS,
  type OperationFacts,
  violationsOf,
} from './api-facts.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { expectError, type Reply, START, send } from './raw-client.ts';

/** Longer than the life of any query. */
const QUERY_END = 15_000;

let clock: ManualClock;
let simulator: Simulator;
/** Values for the labels, each of an existing resource. */
let labels: Record<string, string>;

beforeEach(async () => {
  clock = createManualClock();
  // A unit of the model for each type. Other tests check null and absent units.
  const startedQueries = [{ match: {}, unit: 'Bytes' }];
  simulator = await startSimulator({ clock, scenario: { ...defaultScenario, startedQueries } });
  const { json } = await send(simulator, 'GET', '/scopes');
  const scopeId = /"scopeId":"([^"]+)"/.exec(JSON.stringify(json))?.[1] ?? '';
  const resourceArn = 'arn:aws:networkflowmonitor:us-east-1:123456789012:monitor/checkout';
  labels = { monitorName: 'checkout', scopeId, resourceArn };
});
afterEach(() => simulator.close());

function pathOf({ uri }: OperationFacts, changes: Record<string, string> = {}): string {
  return uri.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent({ ...labels, ...changes }[name] ?? ''));
}

function factsOf(operation: string): OperationFacts {
  const facts = OPERATIONS[operation];
  if (!facts) {
    throw new Error(`No facts of ${operation}`);
  }
  return facts;
}

/** Calls with all required members of the model. */
function call(facts: OperationFacts, changes: Record<string, string> = {}, query = ''): Promise<Reply> {
  const body = Object.values(facts.input).some((member) => member.in === 'body') ? START : undefined;
  return send(simulator, facts.method, pathOf(facts, changes) + query, { body });
}

/** Creates the completed query of an operation, and returns its labels; none for other operations. */
async function queryFor(operation: string): Promise<Record<string, string>> {
  const family = /^(?:GetQueryStatus|GetQueryResults|StopQuery)(.*)$/.exec(operation)?.[1];
  if (family === undefined) {
    return {};
  }
  const { json } = await call(factsOf(`StartQuery${family}`));
  clock.advance(QUERY_END);
  return { queryId: String(json['queryId']) };
}

describe.each(Object.entries(OPERATIONS))('%s', (operation, facts) => {
  test('responds at its method and path with the members of the model', async () => {
    const reply = await call(facts, await queryFor(operation));
    expect(reply.status).toBe(facts.code);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(reply.headers['x-amzn-requestid']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(reply.headers['x-amzn-errortype']).toBeUndefined();
    expect(violationsOf(JSON.parse(reply.text), { structure: facts.output }, operation)).toEqual([]);
  });

  test('rejects other methods', async () => {
    const query = await queryFor(operation);
    const others = Object.values(OPERATIONS).filter(({ uri }) => uri === facts.uri);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      if (!others.some((other) => other.method === method)) {
        expectError(await send(simulator, method, pathOf(facts, query)), 'UnknownOperationException', 404);
      }
    }
  });

  test('returns declared errors for throttling and invalid input', async () => {
    const query = await queryFor(operation);
    const badPath = facts.uri.includes('{scopeId}') ? '%zz' : encodeURIComponent('not ok!');
    const path = facts.uri.includes('{') ? facts.uri.replace(/\{\w+\}/g, badPath) : `${facts.uri}?maxResults=0`;
    expectError(await send(simulator, facts.method, path), 'ValidationException', ERROR_STATUS.ValidationException);
    simulator.setWorlds({ requestsPerSecond: 0.01 });
    // The first request uses the only token.
    await send(simulator, 'GET', '/monitors');
    expectError(await call(facts, query), 'ThrottlingException', ERROR_STATUS.ThrottlingException);
    expect(facts.errors).toEqual(expect.arrayContaining(['ValidationException', 'ThrottlingException']));
  });
});

/** The operations for which `holds` is true. A filter without a match would silently skip a test. */
function operationsWhere(holds: (facts: OperationFacts, operation: string) => boolean): [string, OperationFacts][] {
  const found = Object.entries(OPERATIONS).filter(([operation, facts]) => holds(facts, operation));
  if (found.length === 0) {
    throw new Error('no operation matches');
  }
  return found;
}

test.each(operationsWhere(({ errors }) => errors.includes('ResourceNotFoundException')))(
  '%s returns ResourceNotFoundException for an unknown resource',
  async (_, facts) => {
    const missing = {
      monitorName: 'no-such-monitor',
      scopeId: 'no-such-scope',
      queryId: 'no-such-query',
      resourceArn: 'arn:aws:networkflowmonitor:us-east-1:123456789012:monitor/no-such-monitor',
    };
    expectError(await call(facts, missing), 'ResourceNotFoundException', ERROR_STATUS.ResourceNotFoundException);
  },
);

test.each(operationsWhere(({ input }) => 'maxResults' in input))(
  '%s pages by maxResults and nextToken in the query string',
  async (operation, facts) => {
    const query = await queryFor(operation);
    const first = await call(facts, query, '?maxResults=1');
    const list = Object.keys(first.json).find((name) => Array.isArray(first.json[name])) ?? '';
    expect(first.json[list]).toHaveLength(1);
    const token = first.json['nextToken'];
    if (operation === 'ListScopes') {
      // Each region has one scope, which is one page.
      expect(token).toBeUndefined();
      return;
    }
    const second = await call(facts, query, `?maxResults=1&nextToken=${encodeURIComponent(String(token))}`);
    expect(second.json[list]).toHaveLength(1);
    expect(second.json[list]).not.toEqual(first.json[list]);
  },
);

describe.each(operationsWhere((_, operation) => operation in METRICS))('%s', (operation, facts) => {
  const start = (body: object) => send(simulator, facts.method, pathOf(facts), { body });

  test.each(Object.entries(facts.input).filter(([, member]) => member.in === 'body' && member.required))(
    'requires %s in its body',
    async (member) => {
      const reply = await start(Object.fromEntries(Object.entries(START).filter(([name]) => name !== member)));
      expectError(reply, 'ValidationException', 400);
      expect(reply.json['message']).toBe(
        `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
      );
    },
  );

  test('accepts exactly the metrics of its type and all live categories', async () => {
    const metrics = METRICS[operation] ?? [];
    for (const metricName of metrics) {
      expect((await start({ ...START, metricName })).status).toBe(200);
    }
    for (const destinationCategory of DESTINATION_CATEGORIES) {
      expect((await start({ ...START, destinationCategory })).status).toBe(200);
    }
    const unknown = metrics.includes('ROUND_TRIP_TIME') ? 'JITTER' : 'ROUND_TRIP_TIME';
    const metric = await start({ ...START, metricName: unknown });
    expectError(metric, 'ValidationException', 400);
    expect(metric.json['message']).toBe(
      `1 validation error detected: Value '${unknown}' at 'metricName' failed to satisfy constraint: Member must satisfy enum value set: [${metrics.join(', ')}]`,
    );
    const category = await start({ ...START, destinationCategory: 'inter_az' });
    expectError(category, 'ValidationException', 400);
    expect(category.json['message']).toContain(DESTINATION_CATEGORIES.join(', '));
  });

  test('returns ServiceQuotaExceededException beyond its quota', async () => {
    simulator.setWorlds({ maxRunningQueries: 1 });
    expect((await start(START)).status).toBe(200);
    const reply = await start({ ...START, metricName: 'TIMEOUTS' });
    expectError(reply, 'ServiceQuotaExceededException', ERROR_STATUS.ServiceQuotaExceededException);
  });
});

test('returns UnknownOperationException for any other path', async () => {
  for (const path of ['/nothing', '/monitors/', '/monitors/checkout/', '/scopes//', '/workloadInsights', '/tags']) {
    expectError(await send(simulator, 'GET', path), 'UnknownOperationException', 404);
  }
});

test('detects values that the model does not have', () => {
  const structure: OperationFacts['output'] = { 'a!': 'string', b: { list: 'long' } };
  expect(violationsOf({ b: [1, 1.5, '2'], c: 1 }, { structure }, 'it')).toEqual([
    'it.a is missing',
    'it.b[1]: 1.5 is not a long',
    'it.b[2]: "2" is not a long',
    'it.c is not in the model',
  ]);
});
