import { request } from 'node:http';
import { expect } from 'vitest';
import type { Simulator } from '../src/index.ts';

/** An unchanged HTTP response. */
export interface Reply {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
  /** Members of the body if it is a JSON object; otherwise empty. */
  json: Readonly<Record<string, unknown>>;
}

export interface RawRequest {
  /** Sent as JSON; a text is sent unchanged. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

/** Sends an HTTP request over a connection of its own, with Node only and no knowledge of the service. */
export function send(
  { url }: Pick<Simulator, 'url'>,
  method: string,
  path: string,
  { body, headers = {}, signal }: RawRequest = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const outgoing = request(url, { method, path, headers, agent: false, ...(signal && { signal }) }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: membersOf(text) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

function membersOf(text: string): Reply['json'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

/** The header with region and access key, with an invalid signature. */
export function scopedTo(region: string, accessKeyId = 'AKIAIOSFODNN7EXAMPLE'): Record<string, string> {
  const scope = `${accessKeyId}/20260101/${region}/networkflowmonitor/aws4_request`;
  return { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=00` };
}

export const CHECKOUT = '/monitors/checkout/topContributorsQueries';

/** The body of a valid start over an hour. */
export const START = {
  startTime: '2026-01-01T00:00:00Z',
  endTime: '2026-01-01T01:00:00Z',
  metricName: 'DATA_TRANSFERRED',
  destinationCategory: 'INTER_AZ',
};

/** Starts a query and returns its ID. */
export async function startQuery(
  simulator: Simulator,
  parent = CHECKOUT,
  changes: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, json } = await send(simulator, 'POST', parent, { body: { ...START, ...changes }, headers });
  expect(json).toEqual({ queryId: expect.any(String) });
  expect(status).toBe(200);
  return String(json['queryId']);
}

/** The parent path of workload insights queries for the only scope of `region`. */
export async function workloadInsights(simulator: Simulator, kind: 'Queries' | 'DataQueries'): Promise<string> {
  const { json } = await send(simulator, 'GET', '/scopes');
  const scopeId = /"scopeId":"([^"]+)"/.exec(JSON.stringify(json))?.[1];
  return `/workloadInsights/${scopeId}/topContributors${kind}`;
}

/** All items of `list`, page by page. */
export async function readPages(
  simulator: Simulator,
  path: string,
  list: string,
  query = '',
): Promise<readonly Readonly<Record<string, unknown>>[][]> {
  const pages: Readonly<Record<string, unknown>>[][] = [];
  let token: unknown;
  do {
    const parameters = new URLSearchParams(query);
    if (typeof token === 'string') {
      parameters.set('nextToken', token);
    }
    const { status, json } = await send(simulator, 'GET', `${path}?${parameters}`);
    expect(status).toBe(200);
    const items = json[list];
    pages.push(Array.isArray(items) ? items : []);
    token = json['nextToken'];
  } while (token !== undefined);
  return pages;
}

/** Expects this error of restJson1, with its name in the plain header form. */
export function expectError(reply: Reply, name: string, status: number): void {
  expect({ name: reply.headers['x-amzn-errortype'], status: reply.status, text: reply.text }).toEqual({
    name,
    status,
    text: expect.stringMatching(/^\{"message":".+"\}$/s),
  });
}
