import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { ApiError } from '../../src/aws/errors.ts';
import { listenOnLoopback } from '../support/loopback-server.ts';
import { resolveTo, serverIdentity, startProxy, TRUSTING } from './local-network.ts';
import { type ClientOptions, observedClient } from './status-service.ts';

const QUERY = {
  type: 'monitor-top-contributors',
  monitorName: 'checkout',
  scopeId: undefined,
  metricName: 'RETRANSMISSIONS',
  destinationCategory: 'INTER_AZ',
  limit: 100,
} as const;
const WINDOW = { start: Date.UTC(2026, 0, 1), end: Date.UTC(2026, 0, 1, 0, 15) };

/** Responds to a complete start request. */
type Response = (response: ServerResponse) => void;

const started: Response = (response) => response.end('{"queryId":"the-id"}');

function failure(status: number, type: string, body = '{"message":"no"}'): Response {
  return (response) => {
    response.writeHead(status, type === '' ? {} : { 'x-amzn-errortype': type });
    response.end(body);
  };
}

/** A service with this response to the first start, and an ID for others. Returns the number of starts. */
async function serve(first: Response, authority?: 'first') {
  let starts = 0;
  const onRequest: Parameters<typeof createHttpServer>[1] = async (request, response) => {
    await text(request);
    starts += 1;
    (starts === 1 ? first : started)(response);
  };
  const server =
    authority === undefined ? createHttpServer(onRequest) : createHttpsServer(serverIdentity(authority), onRequest);
  const url = await listenOnLoopback({ onTestFinished }, server);
  return { port: Number(new URL(url).port), starts: () => starts };
}

async function start(endpoint: string, options: ClientOptions = {}) {
  const { client, close } = observedClient(endpoint, { maxAttempts: 3, timeout: 700, ...options });
  onTestFinished(close);
  const outcome = await client.startQuery(QUERY, WINDOW, new AbortController().signal).then(
    (queryId) => ({ queryId, error: undefined, mayHaveTakenEffect: undefined }),
    ({ error, mayHaveTakenEffect }: ApiError) => ({ queryId: undefined, error, mayHaveTakenEffect }),
  );
  return outcome;
}

test.each<[string, Response, string]>([
  ['no response in time', () => undefined, 'TimeoutError'],
  [
    'headers and no body in time',
    (response) => response.writeHead(200, { 'content-length': 20 }).write('{'),
    'TimeoutError',
  ],
  ['a reset', ({ socket }) => (socket as net.Socket).resetAndDestroy(), 'NetworkError'],
  ['a closed connection', ({ socket }) => socket?.destroy(), 'NetworkError'],
  [
    'a reset within the response',
    (response) => {
      response.writeHead(200, { 'content-length': 20 }).write('{');
      setTimeout(() => (response.socket as net.Socket).resetAndDestroy(), 50);
    },
    'NetworkError',
  ],
  ['an internal error', failure(500, 'InternalServerException'), 'InternalServerException'],
  ['an internal error with an unusual status', failure(400, 'InternalServerException'), 'InternalServerException'],
  ["a proxy's 502 page", failure(502, '', '<html>Bad gateway</html>'), 'OtherError'],
  ['503', failure(503, 'ServiceUnavailable'), 'OtherError'],
  ['504', failure(504, ''), 'OtherError'],
  ["a proxy's 408", failure(408, ''), 'OtherError'],
  ['a body that is not JSON', (response) => response.end('<html>'), 'InvalidResponse'],
  ['half a body', (response) => response.end('{"query'), 'InvalidResponse'],
  ['a response without an id', (response) => response.end('{}'), 'InvalidResponse'],
])('does not retry a start that may have taken effect: %s', async (_, first, error) => {
  const service = await serve(first);
  expect(await start(`http://127.0.0.1:${service.port}`)).toEqual({
    queryId: undefined,
    error,
    mayHaveTakenEffect: true,
  });
  expect(service.starts()).toBe(1);
});

test.each<[string, Response]>([
  ['throttling', failure(429, 'ThrottlingException')],
  ['throttling with an unusual status', failure(503, 'ThrottlingException')],
  ['429 without a type', failure(429, '')],
])('retries a start that is temporarily rejected: %s', async (_, first) => {
  const service = await serve(first);
  expect(await start(`http://127.0.0.1:${service.port}`)).toMatchObject({ queryId: 'the-id' });
  expect(service.starts()).toBe(2);
});

test.each([
  [402, 'ServiceQuotaExceededException'],
  [400, 'ValidationException'],
  [403, 'AccessDeniedException'],
])('reports a rejected start as without effect: %i %s', async (status, error) => {
  const service = await serve(failure(status, error));
  expect(await start(`http://127.0.0.1:${service.port}`)).toMatchObject({ error, mayHaveTakenEffect: false });
  expect(service.starts()).toBe(1);
});

/** A resolver whose first lookup fails. */
function failingOnce(): net.LookupFunction {
  let asked = 0;
  return (hostname, options, callback) => {
    asked += 1;
    if (asked === 1) {
      callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), '');
    } else {
      resolveTo('127.0.0.1')(hostname, options, callback);
    }
  };
}

/** An address without a listener for the first connection. */
function refusingOnce(): net.LookupFunction {
  let asked = 0;
  return (hostname, options, callback) => {
    asked += 1;
    resolveTo(asked === 1 ? '127.0.0.77' : '127.0.0.1')(hostname, options, callback);
  };
}

test.each<[string, () => net.LookupFunction]>([
  ['an unknown name', failingOnce],
  ['a refused connection', refusingOnce],
])('retries a start that was not sent: %s', async (_, lookup) => {
  const service = await serve(started);
  const outcome = await start(`http://api.nfm.test:${service.port}`, { network: { lookup: lookup() } });
  expect(outcome).toMatchObject({ queryId: 'the-id' });
  expect(service.starts()).toBe(1);
});

/** A relay to a TLS server that breaks the handshake of the first connection. */
async function breakHandshake(port: number, how: (socket: net.Socket) => void): Promise<number> {
  let connections = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    socket.on('error', () => socket.destroy());
    if (connections === 1) {
      socket.once('data', () => how(socket));
      return;
    }
    const upstream = net.connect(port, '127.0.0.1');
    upstream.on('error', () => socket.destroy());
    upstream.pipe(socket).pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test.each<[string, (socket: net.Socket) => void, number]>([
  ['closed', (socket) => socket.end(), 2],
  ['reset', (socket) => socket.resetAndDestroy(), 2],
  ['silent', () => undefined, 2],
  // An error that the SDK does not treat as transient.
  ['not TLS', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), 1],
])('reports a start with a failed TLS handshake as without effect: %s', async (_, how, attempts) => {
  const service = await serve(started, 'first');
  const port = await breakHandshake(service.port, how);
  const outcome = await start(`https://127.0.0.1:${port}`, { network: { env: TRUSTING } });
  expect(outcome).toMatchObject(attempts === 1 ? { mayHaveTakenEffect: false } : { queryId: 'the-id' });
  expect(service.starts()).toBe(attempts - 1);
});

test('does not retry a start whose TLS connection was reset', async () => {
  const service = await serve(({ socket }) => socket?.destroy(), 'first');
  const outcome = await start(`https://127.0.0.1:${service.port}`, { network: { env: TRUSTING } });
  expect(outcome).toMatchObject({ error: 'NetworkError', mayHaveTakenEffect: true });
  expect(service.starts()).toBe(1);
});

test.each(['503 Service Unavailable', '403 Forbidden'])(
  'reports a start that a proxy has rejected as without effect: %s',
  async (refusal) => {
    const proxy = await startProxy({ refusal });
    const outcome = await start('https://api.nfm.test', {
      network: { env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } },
    });
    expect(outcome).toMatchObject({ error: 'NetworkError', mayHaveTakenEffect: false });
    expect(proxy.requests).toHaveLength(refusal.startsWith('503') ? 3 : 1);
  },
);

test('reports a start that was aborted before its first attempt as without effect', async () => {
  const { client, close } = observedClient('http://127.0.0.1:1', { timeout: 300 });
  onTestFinished(close);
  const aborted = new AbortController();
  aborted.abort(new Error('too late'));
  await expect(client.startQuery(QUERY, WINDOW, aborted.signal)).rejects.toMatchObject({
    error: 'TimeoutError',
    mayHaveTakenEffect: false,
  });
});
