import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { callerIdentity } from '../../src/aws/credentials/identity.ts';
import { ApiError } from '../../src/aws/errors.ts';
import { BoundedHandler } from '../../src/aws/network/bounded-handler.ts';
import { createNetwork } from '../../src/aws/network/network.ts';
import { refuseExcessiveJson } from '../../src/aws/response-limits.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { readDataPage, readRowPage } from '../../src/results/results.ts';
import { listenOnLoopback } from '../support/loopback-server.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { scopeQuery, watchedQuery } from '../support/watched-query.ts';
import { CREDENTIALS, type ObservedClient, observedClient } from './status-service.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const QUERY = watchedQuery();
const DATA = scopeQuery('workload-insights-top-contributors-data');

type Call = (client: ObservedClient['client'], signal: AbortSignal) => Promise<unknown>;
const STATUS: Call = (client, signal) => client.queryStatus(QUERY, signal);
const START: Call = (client, signal) => client.startQuery(scheduledQuery(), { start: 0, end: 1 }, signal);
const STOP: Call = (client, signal) => client.stopQuery(QUERY, signal);
const ROWS: Call = (client, signal) => client.queryResults(QUERY, undefined, readRowPage, signal);
const POINTS: Call = (client, signal) => client.queryResults(DATA, undefined, readDataPage, signal);
const MONITORS: Call = (client, signal) => client.listMonitors(undefined, signal);
const TAGS: Call = (client, signal) => client.monitorTags('arn:aws:x', signal);

/** The form of the next response. */
let respond: { status: number; body: Uint8Array; declared: boolean } = {
  status: 200,
  body: Buffer.of(),
  declared: false,
};
const ends: (() => Promise<void> | void)[] = [];
let observed: ObservedClient;
let url: string;

beforeAll(async () => {
  const scope = { onTestFinished: (end: () => Promise<void> | void) => ends.push(end) };
  const server = createServer((request, response) => {
    request.resume();
    response.on('error', () => undefined);
    const { status, body, declared } = respond;
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(declared ? { 'content-length': body.length } : {}),
    });
    // In parts, without a declared length.
    for (let at = 0; at < body.length; at += MIB) {
      response.write(body.subarray(at, at + MIB));
    }
    response.end();
  });
  url = await listenOnLoopback(scope, server);
  observed = observedClient(url, { timeout: 20_000 });
  ends.push(() => observed.close());
});
afterAll(async () => {
  for (const end of ends) {
    await end();
  }
});

/** The error of a call; undefined if it succeeds. */
async function failure(call: Call, body: string | Uint8Array, { status = 200, declared = false } = {}) {
  respond = { status, body: Buffer.from(body), declared };
  return call(observed.client, new AbortController().signal).then(
    () => undefined,
    (error: unknown) => {
      expect(error).toBeInstanceOf(ApiError);
      return error instanceof ApiError ? `${error.error}: ${error.message}` : String(error);
    },
  );
}

/** JSON of `object` with an additional member, of exactly `bytes` bytes. */
function padded(object: string, bytes: number): string {
  const head = `${object.slice(0, -1)}${object === '{}' ? '' : ','}"more":"`;
  return `${head}${'x'.repeat(bytes - head.length - 2)}"}`;
}

describe.each([
  ['a status', STATUS, '{"status":"RUNNING"}', 64 * KIB],
  ['a start', START, '{"queryId":"id"}', 64 * KIB],
  ['a stop', STOP, '{}', 64 * KIB],
  ['a page of monitors', MONITORS, '{"monitors":[]}', MIB],
  ['tags', TAGS, '{"tags":{}}', MIB],
  ['a page of rows', ROWS, '{"topContributors":[]}', 8 * MIB],
  ['a page of data points', POINTS, '{"datapoints":[]}', 8 * MIB],
] as const)('the body of %s', (_what, call, object, most) => {
  it.each([true, false])('is read up to its limit, with a declared length: %s', async (declared) => {
    expect(await failure(call, padded(object, most), { declared })).toBeUndefined();
    expect(await failure(call, padded(object, most + 1), { declared })).toBe(
      `InvalidResponse: the response is larger than ${most} bytes`,
    );
  });
});

it('rejects the body of an error response above the limit of errors', async () => {
  const body = padded('{"message":"no"}', 64 * KIB + 1);
  expect(await failure(ROWS, body, { status: 500 })).toMatch(/^InvalidResponse: the response is larger than 65536/);
});

it('rejects a response of STS above its limit', async () => {
  const network = createNetwork({ env: {} });
  onTestFinished(() => network.close());
  respond = { status: 200, body: Buffer.from(`<a>${'x'.repeat(64 * KIB)}</a>`), declared: false };
  const handler = new BoundedHandler({ network, clock: systemClock, timeout: 5_000 });
  const credentials = { get: async () => ({ ...CREDENTIALS }), accepted: () => undefined, refused: () => undefined };
  const asked = callerIdentity(
    { credentials, sts: { handler, region: 'eu-west-1', endpoint: url } },
    AbortSignal.timeout(5_000),
  );
  await expect(asked).rejects.toThrow('the response is larger than 65536 bytes');
});

describe('JSON that would take too long to parse', () => {
  const most = 8 * MIB - 100;
  const repeated = (text: string, end: string) => text.repeat(Math.floor(most / text.length)) + end;
  it.each([
    ['empty rows', `{"topContributors":[${repeated('{},', '{}]}')}`, /20000 lists and objects/],
    ['empty lists', `{"topContributors":[${repeated('[],', '[]]}')}`, /20000 lists and objects/],
    ['numbers', `{"topContributors":[${repeated('0,', '0]}')}`, /250000 values/],
    ['texts with brackets', `{"topContributors":[${repeated('"[{\\"",', '0]}')}`, /250000 values/],
    ['members of one name', `{${repeated('"a":1,', '"b":1}')}`, /100000 members/],
    ['nested lists', `{"topContributors":${repeated('[', '')}`, /32 nested lists and objects/],
    ['nested objects', repeated('{"a":', ''), /32 nested lists and objects/],
  ])('is rejected before it is parsed: %s', async (_what, body, message) => {
    const bytes = Buffer.from(body);
    expect(await failure(ROWS, bytes)).toMatch(message);
    // Less time than one pass over all bytes.
    const scan = durationOf(() => bytes.reduce((sum, byte) => sum ^ byte, 0));
    expect(durationOf(() => expect(() => refuseExcessiveJson(bytes)).toThrow())).toBeLessThan(5 * scan + 5);
  });

  it('does not include a page of 2,000 rows with all fields', async () => {
    const fields = Object.fromEntries(Array.from({ length: 22 }, (_, i) => [`field${i}`, `value {[,:"\\${i}`]));
    const row = { ...fields, kubernetesMetadata: { a: '1', b: '2', c: '3', d: '4', e: '5', f: '6' }, value: 1 };
    expect(await failure(ROWS, JSON.stringify({ topContributors: Array(2_000).fill(row) }))).toBeUndefined();
  });

  it('does not include 100,000 data points', async () => {
    const timestamps = Array.from({ length: 1_000 }, (_, i) => 1_767_225_600 + i * 60);
    const series = { label: 'a', timestamps, values: timestamps.map((at) => at / 7) };
    expect(await failure(POINTS, JSON.stringify({ datapoints: Array(100).fill(series) }))).toBeUndefined();
  });
});

function durationOf(work: () => unknown): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}
