import { STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity, HttpRequest } from '@smithy/types';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseScenario, type RequestRecord, type Simulator, startSimulator } from '../src/index.ts';
import { CLOCK_START, createManualClock, type ManualClock } from './manual-clock.ts';
import { CHECKOUT, expectError, type Reply, START, send } from './raw-client.ts';

/*
 * Requests are signed by the AWS SDK's own signer, which shares no code with the simulator.
 */

const PAYMENTS = { accessKeyId: 'AKIAPAYMENTS00000001', secretAccessKey: 'payments/secret+key' };
const SEARCH = {
  accessKeyId: 'ASIASEARCH0000000001',
  secretAccessKey: 'search-secret',
  sessionToken: 'search-token==',
};
const SCENARIO = `
accounts:
  - id: "111122223333"
    credentials: [{accessKeyId: ${PAYMENTS.accessKeyId}, secretAccessKey: ${PAYMENTS.secretAccessKey}}]
  - id: "444455556666"
    credentials:
      - accessKeyId: ${SEARCH.accessKeyId}
        secretAccessKey: ${SEARCH.secretAccessKey}
        sessionToken: ${SEARCH.sessionToken}
        expiresAfter: 10m
`;

let clock: ManualClock;
let simulator: Simulator;
let records: RequestRecord[];

beforeEach(async () => {
  clock = createManualClock();
  records = [];
  simulator = await startSimulator({
    clock,
    scenario: parseScenario(SCENARIO),
    onRequest: (record) => records.push(record),
  });
});
afterEach(() => simulator.close());

interface Signing {
  method?: string;
  path?: string;
  query?: Record<string, string>;
  body?: string;
  credentials?: AwsCredentialIdentity;
  region?: string;
  service?: string;
  /** Offset of the signer's clock from the simulator's clock in milliseconds. */
  skew?: number;
}

async function sign(signing: Signing = {}): Promise<HttpRequest> {
  const { method = 'GET', path = '/monitors', query = {}, body, credentials = PAYMENTS, skew = 0 } = signing;
  const { region = 'eu-west-1', service = 'networkflowmonitor' } = signing;
  const { config } = new STSClient({ credentials, region });
  const signer = await config.signer({ name: 'sigv4', signingName: service, signingRegion: region, properties: {} });
  const { hostname, port } = new URL(simulator.url);
  const headers: Record<string, string> = { host: simulator.address, 'x-amz-meta': '  several   spaces ' };
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
  }
  const request = { method, protocol: 'http:', hostname, port: Number(port), path, query, headers, body };
  return signer.sign(request, { signingDate: new Date(clock.now() + skew) });
}

/** Changes a signed request and sends it. */
async function sendSigned(signing: Signing = {}, change: Partial<HttpRequest> = {}): Promise<Reply> {
  const { method, path, query = {}, headers, body } = { ...(await sign(signing)), ...change };
  const parameters = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(String(value))}`);
  const target = parameters.length === 0 ? path : `${path}?${parameters.join('&')}`;
  return send(simulator, method, target, { headers, body });
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

test.each<[string, Signing]>([
  ['a request without parameters', {}],
  ['a query string', { query: { maxResults: '3', monitorStatus: 'ACTIVE' } }],
  ['temporary credentials', { credentials: SEARCH }],
  ['another region', { region: 'ap-southeast-2' }],
  ['a clock 5 minutes slow', { skew: -300_000 }],
  ['a clock 5 minutes fast', { skew: 300_000 }],
])('accepts a valid signature: %s', async (_, signing) => {
  expect(await sendSigned(signing)).toMatchObject({ status: 200, json: { monitors: expect.any(Array) } });
});

test('accepts a valid signature: a body', async () => {
  const reply = await sendSigned({ method: 'POST', path: CHECKOUT, body: JSON.stringify(START) });
  expect(reply).toMatchObject({ status: 200, json: { queryId: expect.any(String) } });
});

test('accepts a valid signature: percent-encoding in path and query string', async () => {
  const arn = 'arn:aws:networkflowmonitor:eu-west-1:111122223333:monitor/checkout';
  const path = `/tags/${encodeURIComponent(arn)}`;
  expect((await sendSigned({ path })).json).toEqual({ tags: { env: 'prod', team: 'payments' } });
  // These requests are invalid, but have valid signatures.
  const strange = { nextToken: "a b+c/d=e&f~g*h'i(j)!é" };
  expectError(await sendSigned({ query: strange }), 'ValidationException', 400);
  expectError(await sendSigned({ path: `/scopes/${encodeURIComponent('a b/é')}` }), 'ResourceNotFoundException', 404);
});

test('uses the account of the signature', async () => {
  await sendSigned();
  await sendSigned({ credentials: SEARCH, region: 'us-east-2' });
  expect(records).toMatchObject([
    { account: '111122223333', region: 'eu-west-1', status: 200 },
    { account: '444455556666', region: 'us-east-2', status: 200 },
  ]);
});

test.each<[string, Signing, string]>([
  ['another secret', { credentials: { ...PAYMENTS, secretAccessKey: 'wrong' } }, 'InvalidSignatureException'],
  ['another service', { service: 'sts' }, 'InvalidSignatureException'],
  ['a clock more than 5 minutes slow', { skew: -301_000 }, 'InvalidSignatureException'],
  ['a clock more than 5 minutes fast', { skew: 301_000 }, 'InvalidSignatureException'],
  [
    'an unknown key',
    { credentials: { ...PAYMENTS, accessKeyId: 'AKIANOBODY0000000001' } },
    'UnrecognizedClientException',
  ],
  ['another token', { credentials: { ...SEARCH, sessionToken: 'x' } }, 'UnrecognizedClientException'],
  [
    'no token',
    { credentials: { accessKeyId: SEARCH.accessKeyId, secretAccessKey: SEARCH.secretAccessKey } },
    'UnrecognizedClientException',
  ],
  ['a token too many', { credentials: { ...PAYMENTS, sessionToken: 'x' } }, 'UnrecognizedClientException'],
])('rejects a signature with %s', async (_, signing, error) => {
  expectError(await sendSigned(signing), error, 403);
});

test.each<[string, Partial<HttpRequest>]>([
  ['path', { path: '/monitors/prod-orders/topContributorsQueries' }],
  ['query string', { query: { limit: '1' } }],
  ['body', { body: JSON.stringify({ ...START, limit: 1 }) }],
])('rejects a signature for another %s', async (_, change) => {
  const signing = { method: 'POST', path: CHECKOUT, body: JSON.stringify(START) };
  expect((await sendSigned(signing)).status).toBe(200);
  expectError(await sendSigned(signing, change), 'InvalidSignatureException', 403);
});

test('rejects a signature for another method', async () => {
  const signing = { method: 'GET', path: `${CHECKOUT}/query` };
  expectError(await sendSigned(signing, { method: 'DELETE' }), 'InvalidSignatureException', 403);
});

test('rejects a signature for another value of a signed header', async () => {
  const { headers } = await sign();
  const changed = { ...headers, 'x-amz-meta': 'other' };
  expectError(await send(simulator, 'GET', '/monitors', { headers: changed }), 'InvalidSignatureException', 403);
});

test('rejects a signature without the host', async () => {
  const { headers } = await sign();
  const authorization = headers['authorization']?.replace('host;', '') ?? '';
  const reply = await send(simulator, 'GET', '/monitors', { headers: { ...headers, authorization } });
  expectError(reply, 'InvalidSignatureException', 403);
  expect(reply.json['message']).toContain('must be signed');
});

test('rejects a request without a signature, or with an incomplete one', async () => {
  expectError(await send(simulator, 'GET', '/monitors'), 'MissingAuthenticationTokenException', 403);
  const { headers } = await sign();
  for (const [name, value] of [
    ['authorization', 'Bearer token'],
    ['authorization', headers['authorization']?.replace(/, ?Signature=.*/, '') ?? ''],
    ['authorization', headers['authorization']?.replace(/SignedHeaders=[^,]*/, '') ?? ''],
    ['authorization', headers['authorization']?.replace('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1') ?? ''],
    ['x-amz-date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
    ['x-amz-date', '20261399T000000Z'],
  ] as const) {
    const changed = { ...headers, [name]: value };
    expectError(await send(simulator, 'GET', '/monitors', { headers: changed }), 'IncompleteSignatureException', 403);
  }
});

test('expires the credentials of one account at the time in the scenario', async () => {
  clock.advance(599_999);
  expect((await sendSigned({ credentials: SEARCH })).status).toBe(200);
  clock.advance(1);
  expectError(await sendSigned({ credentials: SEARCH }), 'ExpiredTokenException', 403);
  expect((await sendSigned()).status).toBe(200);
});

test('expires credentials at once by expireCredentials', async () => {
  simulator.expireCredentials('111122223333');
  expectError(await sendSigned(), 'ExpiredTokenException', 403);
  expect((await sendSigned({ credentials: SEARCH })).status).toBe(200);
});

test('does not execute or count rejected requests', async () => {
  simulator.setWorlds({ requestsPerSecond: 1 });
  for (let i = 0; i < 3; i++) {
    const reply = await send(simulator, 'POST', CHECKOUT, { body: START });
    expectError(reply, 'MissingAuthenticationTokenException', 403);
  }
  expect(simulator.runningQueries()).toEqual([]);
  expect((await sendSigned()).status).toBe(200);
  expect(records[0]).toMatchObject({ at: CLOCK_START, account: '', error: 'MissingAuthenticationTokenException' });
});
