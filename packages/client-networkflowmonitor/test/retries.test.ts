import {
  GetQueryStatusMonitorTopContributorsCommand,
  type NetworkFlowMonitorClient,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  ThrottlingException,
} from '@aws-sdk/client-networkflowmonitor';
import { HttpRequest } from '@smithy/core/protocols';
import type { FinalizeRequestMiddleware } from '@smithy/types';
import { expect, test, vi } from 'vitest';
import { type Answer, clientOf, serve } from './service.ts';

const SUCCESS: Answer = { body: { status: 'RUNNING' } };

function failure(status: number, type: string): Answer {
  return { status, headers: { 'x-amzn-errortype': type }, body: { message: 'no' } };
}

function poll(client: NetworkFlowMonitorClient) {
  return client.send(new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' }));
}

// Delays are random, from 0 to their limit.
vi.spyOn(Math, 'random').mockReturnValue(0.01);

const TRANSIENT: [string, Answer | 'reset'][] = [
  ['throttling', failure(429, 'ThrottlingException')],
  ['429 without a type', { status: 429, body: '' }],
  ['an internal error', failure(500, 'InternalServerException')],
  ['an internal error with an unusual status', failure(400, 'InternalServerException')],
  ['an undeclared 503', failure(503, 'ServiceUnavailableException')],
  ["a proxy's 502 page", { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' }],
  ['504 without a body', { status: 504, body: '' }],
  ['a reset', 'reset'],
];

test.each(TRANSIENT)('retries after %s', async (_, first) => {
  const service = await serve(first, SUCCESS);
  const output = await poll(clientOf(service, { maxAttempts: 3 }));
  expect(output).toMatchObject({ status: 'RUNNING', $metadata: { httpStatusCode: 200, attempts: 2 } });
  expect(service.received.map(({ headers }) => headers['amz-sdk-request'])).toEqual([
    'attempt=1; max=3',
    'attempt=2; max=3',
  ]);
  const invocations = service.received.map(({ headers }) => headers['amz-sdk-invocation-id']);
  expect(new Set(invocations).size).toBe(1);
});

test.each([
  [400, 'ValidationException'],
  [402, 'ServiceQuotaExceededException'],
  [403, 'AccessDeniedException'],
  [404, 'ResourceNotFoundException'],
  [409, 'ConflictException'],
  [403, 'ExpiredTokenException'],
  [400, 'Whatever'],
])('does not retry after %i %s', async (status, type) => {
  const service = await serve(failure(status, type), SUCCESS);
  await expect(poll(clientOf(service, { maxAttempts: 3 }))).rejects.toMatchObject({
    name: type,
    $metadata: { httpStatusCode: status, attempts: 1 },
  });
  expect(service.received).toHaveLength(1);
});

test('fails after maxAttempts with the last error', async () => {
  const service = await serve(failure(500, 'InternalServerException'), failure(429, 'ThrottlingException'));
  const call = poll(clientOf(service, { maxAttempts: 3 }));
  await expect(call).rejects.toBeInstanceOf(ThrottlingException);
  await expect(call).rejects.toMatchObject({ $metadata: { httpStatusCode: 429, attempts: 3 } });
  expect(service.received).toHaveLength(3);
});

test.each(['standard', 'adaptive'])('sends retryMode %s in the user agent', async (retryMode) => {
  const service = await serve(failure(429, 'ThrottlingException'), SUCCESS);
  await expect(poll(clientOf(service, { maxAttempts: 2, retryMode }))).resolves.toMatchObject({ status: 'RUNNING' });
  const feature = { standard: 'E', adaptive: 'F' }[retryMode];
  expect(service.received[0]?.headers['user-agent']).toMatch(new RegExp(` m/(\\w,)*${feature}(,|$)`));
});

/** Runs before the signature of each attempt, as the exporter's own middleware does. */
function beforeSigning(client: NetworkFlowMonitorClient, see: (headers: Record<string, string>) => void): void {
  const middleware: FinalizeRequestMiddleware<ServiceInputTypes, ServiceOutputTypes> = (next) => (args) => {
    expect(HttpRequest.isInstance(args.request)).toBe(true);
    see(HttpRequest.isInstance(args.request) ? args.request.headers : {});
    return next(args);
  };
  client.middlewareStack.addRelativeTo(middleware, {
    name: 'beforeSigning',
    relation: 'before',
    toMiddleware: 'httpSigningMiddleware',
  });
}

test('passes each unsigned attempt to a middleware before httpSigningMiddleware', async () => {
  const service = await serve(failure(500, 'InternalServerException'), SUCCESS);
  const client = clientOf(service, { maxAttempts: 3 });
  const attempts: [string | undefined, boolean][] = [];
  beforeSigning(client, (headers) => attempts.push([headers['amz-sdk-request'], 'authorization' in headers]));
  await poll(client);
  expect(attempts).toEqual([
    ['attempt=1; max=3', false],
    ['attempt=2; max=3', false],
  ]);
});

test('aborts a call between attempts', async () => {
  const service = await serve(failure(429, 'ThrottlingException'));
  const controller = new AbortController();
  const client = clientOf(service, { maxAttempts: 100 });
  beforeSigning(client, () => {
    if (service.received.length === 1) {
      controller.abort();
    }
  });
  const command = new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' });
  await expect(client.send(command, { abortSignal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
  expect(service.received).toHaveLength(1);
});
