import { createServer, type IncomingHttpHeaders } from 'node:http';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createRegisterTable, startDynalite, TEST_CREDENTIALS } from '../../support/dynalite.ts';
import { fileScope } from '../../support/file-scope.ts';
import { listenOnLoopback } from '../../support/loopback-server.ts';
import { openDynamodb, registersOf, TABLE } from '../../support/register-engines.ts';

const HERE = { onTestFinished };
const KEY = { partition: 'default', name: 'leader' };
const NEVER = new AbortController().signal;

interface ReceivedCall {
  readonly target: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
}

/** A service that returns the same response to all calls, and keeps them. */
async function startService(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
  const calls: ReceivedCall[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const target = String(request.headers['x-amz-target']).replace('DynamoDB_20120810.', '');
      calls.push({ target, input: JSON.parse(text), headers: request.headers });
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers }).end(body);
    });
  });
  const url = await listenOnLoopback(HERE, server);
  return { engine: openDynamodb(HERE, url), calls };
}

const errorBody = (name: string, message = 'why') =>
  JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message });

describe('a failure of DynamoDB', () => {
  it.each([
    ['ConditionalCheckFailedException', 400, 'conflict'],
    ['ProvisionedThroughputExceededException', 400, 'throttled'],
    ['ThrottlingException', 400, 'throttled'],
    ['RequestLimitExceeded', 400, 'throttled'],
    ['AccessDeniedException', 400, 'denied'],
    ['UnrecognizedClientException', 400, 'denied'],
    ['ExpiredTokenException', 400, 'denied'],
    ['InvalidSignatureException', 400, 'denied'],
    ['MissingAuthenticationTokenException', 403, 'denied'],
    ['ValidationException', 400, 'other'],
    ['InternalServerError', 500, 'other'],
    ['ServiceUnavailable', 503, 'other'],
  ] as const)('has a kind of its own, and is not retried: %s', async (name, status, kind) => {
    const { engine, calls } = await startService(status, errorBody(name));
    const write = { key: KEY, value: '{}', version: 'b/1' };
    await expect(engine.put(write, NEVER)).rejects.toMatchObject({ kind });
    expect(calls).toHaveLength(1);
  });

  it('names the table that does not exist, and how to create it', async () => {
    const { engine } = await startService(400, errorBody('ResourceNotFoundException', 'Requested resource not found'));
    await expect(engine.get(KEY, NEVER)).rejects.toMatchObject({
      kind: 'other',
      message: `HTTP 400: Requested resource not found; create the table ${TABLE} in us-east-1 with nfm-exporter storage create`,
    });
  });

  it.each([
    ['no JSON', 200, '<html>'],
    ['an item without a value', 200, JSON.stringify({ Item: { version: { S: 'b/1' } } })],
    [
      'an item with a value of another type',
      200,
      JSON.stringify({ Item: { version: { S: 'b/1' }, value: { N: '1' } } }),
    ],
  ])('is an invalid register: %s', async (_, status, body) => {
    const { engine } = await startService(status, body);
    await expect(engine.get(KEY, NEVER)).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('is a missing network or response', async () => {
    await expect(openDynamodb(HERE, 'http://127.0.0.1:1').get(KEY, NEVER)).rejects.toMatchObject({
      kind: 'unreachable',
    });
    const named = openDynamodb(HERE, 'http://dynamodb.invalid');
    await expect(named.get(KEY, NEVER)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('ends a list of endless pages', async () => {
    const item = { name: { S: 'n' }, value: { S: 'x'.repeat(100_000) }, version: { S: 'b/1' } };
    const { engine, calls } = await startService(
      200,
      JSON.stringify({ Items: Array(20).fill(item), LastEvaluatedKey: { partition: { S: 'p' }, name: { S: 'n' } } }),
    );
    const list = registersOf(engine, 'b').registers.list('p');
    await expect(list).rejects.toMatchObject({ kind: 'invalid', message: /more than/ });
    expect(calls.length).toBeLessThan(200);
  }, 60_000);

  it('rejects a response that is larger than a page', async () => {
    const { engine } = await startService(200, JSON.stringify({ Item: { value: { S: 'x'.repeat(5_000_000) } } }));
    await expect(engine.get(KEY, NEVER)).rejects.toMatchObject({ kind: 'invalid' });
  });
});

describe('a call of DynamoDB', () => {
  it('reads with strong consistency', async () => {
    const { engine, calls } = await startService(200, '{}');
    await engine.get(KEY, NEVER);
    await engine.page('default/members', 'a', NEVER);
    expect(calls.map(({ target, input }) => [target, input])).toEqual([
      [
        'GetItem',
        { TableName: TABLE, Key: { partition: { S: 'default' }, name: { S: 'leader' } }, ConsistentRead: true },
      ],
      [
        'Query',
        expect.objectContaining({
          ConsistentRead: true,
          ExclusiveStartKey: { partition: { S: 'default/members' }, name: { S: 'a' } },
        }),
      ],
    ]);
  });

  it('uses only members that dynalite evaluates: it ignores ReturnValuesOnConditionCheckFailure', async () => {
    const { engine, calls } = await startService(200, '{}');
    await engine.put({ key: KEY, value: '1', version: 'b/2', ifVersion: 'b/1', expiresAt: 1_500 }, NEVER);
    await engine.put({ key: KEY, value: '1', version: 'b/1' }, NEVER);
    const item = { partition: { S: 'default' }, name: { S: 'leader' }, value: { S: '1' } };
    expect(calls.map(({ input }) => input)).toEqual([
      {
        TableName: TABLE,
        Item: { ...item, version: { S: 'b/2' }, expiresAt: { N: '2' } },
        ConditionExpression: '#a = :a',
        ExpressionAttributeNames: { '#a': 'version' },
        ExpressionAttributeValues: { ':a': { S: 'b/1' } },
      },
      {
        TableName: TABLE,
        Item: { ...item, version: { S: 'b/1' } },
        ConditionExpression: 'attribute_not_exists(#a)',
        ExpressionAttributeNames: { '#a': 'version' },
      },
    ]);
  });

  it('returns the middle of the second in the header Date', async () => {
    const at = { date: 'Sun, 29 Nov 2026 12:00:00 GMT' };
    const { engine } = await startService(200, '{}', at);
    const time = Date.parse('2026-11-29T12:00:00.500Z');
    expect(await engine.get(KEY, NEVER)).toEqual({ result: undefined, time });
    expect(await engine.put({ key: KEY, value: '1', version: 'b/1' }, NEVER)).toEqual({ result: undefined, time });
    const { engine: other } = await startService(200, '{}', { date: 'yesterday' });
    expect((await other.get(KEY, NEVER)).time).toBeUndefined();
  });

  it('is signed, and names the exporter', async () => {
    const { engine, calls } = await startService(200, '{}');
    await engine.get(KEY, NEVER);
    expect(calls[0]?.headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIATESTTESTTESTTEST\/\d+\/us-east-1\/dynamodb\//,
    );
    expect(calls[0]?.headers['user-agent']).toContain('nfm-exporter/test');
  });
});

// dynalite never deletes expired items, and accepts any signature and time: those parts of AWS are not tested here.
describe('an item in DynamoDB', () => {
  const scope = fileScope();
  let port = 0;

  beforeAll(async () => {
    ({ port } = await startDynalite(scope));
    await createRegisterTable(port, TABLE);
  }, 60_000);

  it('has its expiry in whole seconds, for the time to live of the table, until the next write', async () => {
    const endpoint = `http://127.0.0.1:${port}`;
    const engine = openDynamodb(HERE, endpoint);
    const client = new DynamoDBClient({ region: 'us-east-1', endpoint, credentials: { ...TEST_CREDENTIALS } });
    onTestFinished(() => client.destroy());
    const read = async () => {
      const Key = { partition: { S: 'default' }, name: { S: 'leader' } };
      return (await client.send(new GetItemCommand({ TableName: TABLE, Key }))).Item;
    };
    const { registers } = registersOf(engine, 'b');
    const version = await registers.put(KEY, 'tombstone', { expiresAt: 1_700_000_000_001 });
    expect((await read())?.['expiresAt']).toEqual({ N: '1700000001' });
    await registers.put(KEY, 'kept', { ifVersion: version });
    expect(await read()).not.toHaveProperty('expiresAt');
  });
});
