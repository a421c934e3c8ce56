import {
  GetMonitorCommand,
  GetQueryResultsMonitorTopContributorsCommand,
  GetQueryResultsWorkloadInsightsTopContributorsCommand,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommand,
  GetQueryStatusMonitorTopContributorsCommand,
  GetScopeCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-networkflowmonitor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Answer, serve } from '../support/canned-service.ts';
import { clientOf } from './canned-client.ts';

async function status(answer: Answer) {
  const command = new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' });
  return clientOf(await serve(answer)).send(command);
}

async function monitor(body: object) {
  return clientOf(await serve({ body })).send(new GetMonitorCommand({ monitorName: 'Demo' }));
}

async function rows(body: object) {
  const command = new GetQueryResultsMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' });
  return clientOf(await serve({ body })).send(command);
}

async function series(body: object) {
  const command = new GetQueryResultsWorkloadInsightsTopContributorsDataCommand({ scopeId: 's', queryId: 'q' });
  return clientOf(await serve({ body })).send(command);
}

describe('values', () => {
  test('passes on an enum value that the model lacks', async () => {
    await expect(status({ body: { status: 'PAUSED' } })).resolves.toMatchObject({ status: 'PAUSED' });
    await expect(
      rows({ unit: 'Fortnights', topContributors: [{ destinationCategory: 'INTERNET' }] }),
    ).resolves.toMatchObject({ unit: 'Fortnights', topContributors: [{ destinationCategory: 'INTERNET' }] });
  });

  test('passes on "" and values that violate a pattern of the model', async () => {
    const body = {
      topContributors: [{ accountId: '', localSubnetId: 'not-a-subnet', remoteIdentifier: '', value: 0 }],
    };
    const command = new GetQueryResultsWorkloadInsightsTopContributorsCommand({ scopeId: 's', queryId: 'q' });
    await expect(clientOf(await serve({ body })).send(command)).resolves.toMatchObject(body);
  });

  test('an empty list stays one', async () => {
    await expect(rows({ topContributors: [] })).resolves.toMatchObject({ topContributors: [] });
  });

  test('null in a list stays, so that lists remain parallel', async () => {
    await expect(
      series({ datapoints: [null, { timestamps: [null, 1], values: [2, null], label: null }] }),
    ).resolves.toMatchObject({ datapoints: [null, { timestamps: [null, new Date(1000)], values: [2, null] }] });
  });

  test('tags keep any key', async () => {
    const service = await serve({ body: '{"tags":{"__proto__":"a","constructor":"b","":"c"}}' });
    const { tags } = await clientOf(service).send(new ListTagsForResourceCommand({ resourceArn: 'arn:aws:x' }));
    expect(Object.entries(tags ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['', 'c'],
    ]);
  });

  test('passes on a member of the target union that the model lacks as $unknown', async () => {
    const body = { targets: [{ targetIdentifier: { targetId: { organizationId: 'o-1' } } }] };
    const { targets } = await clientOf(await serve({ body })).send(new GetScopeCommand({ scopeId: 's' }));
    expect(targets?.[0]?.targetIdentifier?.targetId).toEqual({ $unknown: ['organizationId', 'o-1'] });
  });
});

describe('timestamps', () => {
  test.each([
    ['a whole number', 1767225600, '2026-01-01T00:00:00.000Z'],
    ['a number with a fraction', 1767225600.0625, '2026-01-01T00:00:00.063Z'],
    ['a number in exponent form', 1.7672256e9, '2026-01-01T00:00:00.000Z'],
    ['zero', 0, '1970-01-01T00:00:00.000Z'],
    ['a number before 1970', -1.5, '1969-12-31T23:59:58.500Z'],
    ['a number as text', '1767225600.25', '2026-01-01T00:00:00.250Z'],
    ['a number in exponent form as text', '1.7672256e9', '2026-01-01T00:00:00.000Z'],
    ['an exponent without a fraction', '1e9', '2001-09-09T01:46:40.000Z'],
    ['ISO text in UTC', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
    ['ISO text with milliseconds', '2026-01-01T00:00:00.250Z', '2026-01-01T00:00:00.250Z'],
    ['ISO text with microseconds', '2026-01-01T00:00:00.250999Z', '2026-01-01T00:00:00.250Z'],
    ['ISO text with an offset', '2026-01-01T01:30:00+01:30', '2026-01-01T00:00:00.000Z'],
    ['ISO text with zero offset', '2026-01-01T00:00:00.5+00:00', '2026-01-01T00:00:00.500Z'],
    ['ISO text with a negative offset', '2025-12-31T16:00:00-08:00', '2026-01-01T00:00:00.000Z'],
  ])('%s', async (_, wire, expected) => {
    const { createdAt, modifiedAt } = await monitor({ createdAt: wire, modifiedAt: wire });
    expect([createdAt?.toISOString(), modifiedAt?.toISOString()]).toEqual([expected, expected]);
    const { datapoints } = await series({ datapoints: [{ timestamps: [wire, wire] }] });
    expect(datapoints?.[0]?.timestamps).toEqual([new Date(expected), new Date(expected)]);
  });

  test('are read in either form, mixed in one list', async () => {
    const instants = fc.array(
      fc.record({
        date: fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        iso: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(instants, async (expected) => {
        const timestamps = expected.map(({ date, iso }) => (iso ? date.toISOString() : date.getTime() / 1000));
        const { datapoints } = await series({ datapoints: [{ timestamps }] });
        expect(datapoints?.[0]?.timestamps).toEqual(expected.map(({ date }) => date));
      }),
      { numRuns: 30 },
    );
  });

  test('reads "" as an absent timestamp', async () => {
    const answer = await monitor({ monitorName: 'Demo', createdAt: '' });
    expect(answer.monitorName).toBe('Demo');
    expect(answer.createdAt).toBeUndefined();
  });

  test.each([
    'yesterday',
    '2026-01-01',
    '2026-13-01T00:00:00Z',
    '2026-01-01T25:00:00Z',
    '1.2.3',
    '1e',
    '1e999',
    true,
    {},
    [],
    1e300,
    8.64e12 + 1,
  ])('%j rejects the call', async (wire) => {
    await expect(monitor({ createdAt: wire })).rejects.toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining(`expected a timestamp in the response, got ${JSON.stringify(wire)}`),
      $metadata: { httpStatusCode: 200 },
    });
    await expect(series({ datapoints: [{ timestamps: [1, wire] }] })).rejects.toThrow(TypeError);
  });
});

describe('members of another type than the model has', () => {
  test.each([1, true, {}, { a: 1 }, [], ['RUNNING'], 'RUNNING'])('passes on the status %j', async (value) => {
    const answer = await status({ body: { status: value } });
    expect(answer.status).toEqual(value);
  });

  test.each([1, 'rows', true, {}, { 0: {} }])('passes on the topContributors %j', async (value) => {
    const answer = await rows({ topContributors: value });
    expect(answer.topContributors).toEqual(value);
  });

  test.each([1, 'row', true, [1], [[]]])('passes on the row %j', async (value) => {
    const answer = await rows({ topContributors: [value, { localIp: 1, kubernetesMetadata: value }] });
    expect(answer.topContributors).toEqual([value, { localIp: 1, kubernetesMetadata: value }]);
  });
});

describe('a success without a JSON object', () => {
  test.each(['<html>Welcome</html>', '{"status":"RUN', 'RUNNING', '{}{}', ' '])('%j is a SyntaxError', async (body) => {
    await expect(status({ body })).rejects.toMatchObject({
      name: 'SyntaxError',
      message: expect.stringContaining("the response's body is not JSON"),
      $metadata: { httpStatusCode: 200, attempts: 1 },
    });
  });

  test.each(['null', '"RUNNING"', '42', 'true', '[]', '[{"status":"RUNNING"}]'])('%s is a TypeError', async (body) => {
    await expect(status({ body })).rejects.toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining("expected a JSON object as the response's body"),
      $metadata: { httpStatusCode: 200 },
    });
  });

  test('is not retried', async () => {
    const service = await serve({ body: '<html>' });
    const command = new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' });
    await expect(clientOf(service, { maxAttempts: 3 }).send(command)).rejects.toThrow(SyntaxError);
    expect(service.received).toHaveLength(1);
  });
});
