import {
  AccessDeniedException,
  ConflictException,
  GetMonitorCommand,
  GetQueryStatusMonitorTopContributorsCommand,
  InternalServerException,
  ListScopesCommand,
  type NetworkFlowMonitorClient,
  NetworkFlowMonitorServiceException,
  ResourceNotFoundException,
  ServiceQuotaExceededException,
  StartQueryWorkloadInsightsTopContributorsDataCommand,
  StopQueryMonitorTopContributorsCommand,
  ThrottlingException,
  ValidationException,
} from '@aws-sdk/client-networkflowmonitor';
import { describe, expect, test } from 'vitest';
import { type Answer, serve } from '../support/canned-service.ts';
import { clientOf } from './canned-client.ts';

const OPERATIONS: [string, (client: NetworkFlowMonitorClient) => Promise<unknown>][] = [
  [
    'GetQueryStatus…',
    (client) => client.send(new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' })),
  ],
  [
    'StartQuery…',
    (client) =>
      client.send(
        new StartQueryWorkloadInsightsTopContributorsDataCommand({
          scopeId: 's',
          startTime: new Date(0),
          endTime: new Date(1),
          metricName: 'TIMEOUTS',
          destinationCategory: 'INTRA_AZ',
        }),
      ),
  ],
  [
    'StopQuery…',
    (client) => client.send(new StopQueryMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' })),
  ],
  ['GetMonitor', (client) => client.send(new GetMonitorCommand({ monitorName: 'Demo' }))],
  ['ListScopes', (client) => client.send(new ListScopesCommand())],
];

const getStatus = async (answer: Answer): Promise<NetworkFlowMonitorServiceException> => {
  const error = await caught(answer, (client) =>
    client.send(new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' })),
  );
  expect(error).toBeInstanceOf(NetworkFlowMonitorServiceException);
  return error as NetworkFlowMonitorServiceException;
};

async function caught(answer: Answer, send: (client: NetworkFlowMonitorClient) => Promise<unknown>): Promise<unknown> {
  const client = clientOf(await serve({ headers: { 'x-amzn-requestid': 'r-1' }, ...answer }));
  return send(client).then(
    (output) => expect.unreachable(`resolved with ${JSON.stringify(output)}`),
    (error: unknown) => error,
  );
}

const MODELLED = [
  { type: AccessDeniedException, status: 403, fault: 'client' },
  { type: ConflictException, status: 409, fault: 'client' },
  { type: InternalServerException, status: 500, fault: 'server' },
  { type: ResourceNotFoundException, status: 404, fault: 'client' },
  { type: ServiceQuotaExceededException, status: 402, fault: 'client' },
  { type: ThrottlingException, status: 429, fault: 'client' },
  { type: ValidationException, status: 400, fault: 'client' },
] as const;

const FORMS: [string, (type: string) => Answer][] = [
  [
    'in the header',
    (type) => ({ headers: { 'x-amzn-errortype': type, 'x-amzn-requestid': 'r-1' }, body: { message: 'no' } }),
  ],
  [
    'in the header with a URI',
    (type) => ({
      headers: { 'X-Amzn-ErrorType': `${type}:http://internal.amazon.com/coral/`, 'x-amzn-requestid': 'r-1' },
      body: { message: 'no' },
    }),
  ],
  [
    'in the header with a namespace',
    (type) => ({
      headers: { 'x-amzn-ErrorType': `com.amazonaws.networkflowmonitor#${type}`, 'x-amzn-requestid': 'r-1' },
      body: { message: 'no' },
    }),
  ],
  ['as code', (type) => ({ body: { code: type, message: 'no' } })],
  ['as Code', (type) => ({ body: { Code: type, Message: 'no' } })],
  ['as __type', (type) => ({ body: { __type: type, message: 'no' } })],
  ['as __type with a namespace', (type) => ({ body: { __type: `com.amazon.coral.service#${type}`, Message: 'no' } })],
  ['as __type beside a null code', (type) => ({ body: { code: null, __type: type, message: 'no' } })],
  ['as __type beside a code that is not text', (type) => ({ body: { code: 400, __type: type, message: 'no' } })],
];

describe.each(OPERATIONS)('%s', (_, send) => {
  describe.each(MODELLED)('$type.name', ({ type, status, fault }) => {
    test.each(FORMS)('%s', async (_form, answer) => {
      const error = await caught({ status, ...answer(type.name) }, send);
      expect(error).toBeInstanceOf(type);
      expect(error).toBeInstanceOf(NetworkFlowMonitorServiceException);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({
        name: type.name,
        message: 'no',
        $fault: fault,
        $metadata: { httpStatusCode: status, requestId: 'r-1', attempts: 1 },
      });
    });
  });

  test('an error of the front end, which the model lacks', async () => {
    const answer = { headers: { 'x-amzn-errortype': 'ExpiredTokenException' }, body: { message: 'too old' } };
    const error = await caught({ status: 403, ...answer }, send);
    expect(error).toBeInstanceOf(NetworkFlowMonitorServiceException);
    expect(error).not.toBeInstanceOf(AccessDeniedException);
    expect(error).toMatchObject({
      name: 'ExpiredTokenException',
      message: 'too old',
      $fault: 'client',
      $metadata: { httpStatusCode: 403 },
    });
  });

  test.each([
    [502, 'server'],
    [403, 'client'],
    [301, 'client'],
  ])("a proxy's %i page", async (status, fault) => {
    const body = '<html><body><h1>Not here</h1></body></html>';
    const error = await caught({ status, headers: { 'content-type': 'text/html' }, body }, send);
    expect(error).toBeInstanceOf(NetworkFlowMonitorServiceException);
    expect(error).toMatchObject({
      name: 'Unknown',
      message: `HTTP status ${status} without an error message (text/html)`,
      $fault: fault,
      $metadata: { httpStatusCode: status },
    });
  });
});

test('distinguishes the classes of errors', async () => {
  const error = await getStatus({ status: 429, headers: { 'x-amzn-errortype': 'ThrottlingException' } });
  for (const { type } of MODELLED) {
    expect(error instanceof type, type.name).toBe(type === ThrottlingException);
  }
});

test('gives the header precedence over the body', async () => {
  const error = await getStatus({
    status: 400,
    headers: { 'x-amzn-errortype': 'ValidationException' },
    body: { __type: 'AccessDeniedException', message: 'no' },
  });
  expect(error).toBeInstanceOf(ValidationException);
});

test.each([
  ['no body', '', 'HTTP status 429 without an error message (no body)'],
  ['a body without a message', '{}', 'HTTP status 429 without an error message (application/json)'],
  ['an empty message', '{"message":""}', 'HTTP status 429 without an error message (application/json)'],
  ['a message that is not text', '{"message":{"a":1}}', 'HTTP status 429 without an error message (application/json)'],
  ['both spellings', '{"Message":"second","message":"first"}', 'first'],
])('the type of the header with %s', async (_, body, message) => {
  const error = await getStatus({ status: 429, headers: { 'x-amzn-errortype': 'ThrottlingException' }, body });
  expect(error).toBeInstanceOf(ThrottlingException);
  expect(error).toMatchObject({ message, $metadata: { httpStatusCode: 429 } });
});

test.each(['', 'null', '42', '"ValidationException"', '[]', '{"message":"no', '{"__proto__":{"code":"x"}}'])(
  'finds no type in the body %j',
  async (body) => {
    const error = await getStatus({ status: 503, body });
    expect(error).toMatchObject({ name: 'Unknown', $fault: 'server', $metadata: { httpStatusCode: 503 } });
  },
);

test('does not let a body replace metadata of the SDK', async () => {
  const body = { __type: 'X', message: 'no', $metadata: { httpStatusCode: 200 }, $fault: 'server', $retryable: 'yes' };
  const error = await getStatus({ status: 400, body });
  expect(error).toMatchObject({ name: 'X', $fault: 'client', $metadata: { httpStatusCode: 400 } });
  expect(error.$retryable).toBeUndefined();
});
