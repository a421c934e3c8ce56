import { createHash, createHmac } from 'node:crypto';
import {
  GetQueryResultsMonitorTopContributorsCommand,
  GetQueryStatusMonitorTopContributorsCommand,
  ListTagsForResourceCommand,
  type NetworkFlowMonitorClient,
  StartQueryWorkloadInsightsTopContributorsCommand,
  StopQueryMonitorTopContributorsCommand,
} from '@aws-sdk/client-networkflowmonitor';
import { describe, expect, test } from 'vitest';
import { CREDENTIALS, clientOf, type Received, serve } from './service.ts';

const REQUESTS: [string, (client: NetworkFlowMonitorClient) => Promise<unknown>][] = [
  [
    'GET with an encoded path',
    (client) =>
      client.send(new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'my monitor', queryId: 'é/ü' })),
  ],
  [
    'GET with an ARN in the path',
    (client) =>
      client.send(
        new ListTagsForResourceCommand({ resourceArn: 'arn:aws:networkflowmonitor:eu-west-1:111122223333:monitor/D' }),
      ),
  ],
  [
    'GET with a query string',
    (client) =>
      client.send(
        new GetQueryResultsMonitorTopContributorsCommand({
          monitorName: 'Demo',
          queryId: 'q',
          nextToken: "AQ==/+~*'()",
          maxResults: 25,
        }),
      ),
  ],
  [
    'POST with a body',
    (client) =>
      client.send(
        new StartQueryWorkloadInsightsTopContributorsCommand({
          scopeId: 's',
          startTime: new Date('2026-01-01T00:00:00Z'),
          endTime: new Date('2026-01-01T00:05:00Z'),
          metricName: 'TIMEOUTS',
          destinationCategory: 'INTRA_AZ',
        }),
      ),
  ],
  [
    'DELETE',
    (client) => client.send(new StopQueryMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' })),
  ],
];

describe.each(REQUESTS)('%s', (_, send) => {
  test('is signed with SigV4 for the Region', async () => {
    const service = await serve({});
    await send(clientOf(service, { region: 'ap-south-1' }));
    expectSigned(service.received[0], 'ap-south-1');
  });

  test('is signed with the session token of temporary credentials', async () => {
    const service = await serve({});
    await send(clientOf(service, { credentials: { ...CREDENTIALS, sessionToken: 'token/+=' } }));
    expect(service.received[0]?.headers['x-amz-security-token']).toBe('token/+=');
    expect(signedHeaders(service.received[0])).toContain('x-amz-security-token');
    expectSigned(service.received[0], 'eu-west-1');
  });

  test('is signed over the path prefix of a custom endpoint', async () => {
    const service = await serve({});
    await send(clientOf(service, { endpoint: `${service.url}/some/prefix` }));
    expect(service.received[0]?.target).toMatch(/^\/some\/prefix\//);
    expectSigned(service.received[0], 'eu-west-1');
  });
});

function signedHeaders(request: Received | undefined): string[] {
  return /SignedHeaders=([^,]+),/.exec(request?.headers['authorization'] ?? '')?.[1]?.split(';') ?? [];
}

/** Computes the signature of a received request, as in the documentation of Signature Version 4. */
function expectSigned(request: Received | undefined, region: string): void {
  const { method = '', target = '', headers = {}, body = '' } = request ?? {};
  const [path = '', query = ''] = target.split('?');
  const names = signedHeaders(request);
  expect(names).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-amz-content-sha256']));
  expect(names).toEqual([...names].sort());
  const canonicalRequest = [
    method,
    path.split('/').map(encode).join('/'),
    query.split('&').sort().join('&'),
    ...names.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const time = String(headers['x-amz-date']);
  const date = time.slice(0, 8);
  const scope = `${date}/${region}/networkflowmonitor/aws4_request`;
  const key = [date, region, 'networkflowmonitor', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${CREDENTIALS.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key)
    .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonicalRequest)}`)
    .digest('hex');
  expect(headers['authorization']).toBe(
    `AWS4-HMAC-SHA256 Credential=${CREDENTIALS.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Encodes all except unreserved characters. A path is encoded in the request, and again in its signature. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
