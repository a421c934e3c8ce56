import { createServer, type LookupFunction, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ERRORS, ApiError, type ApiErrorName, CredentialsUnavailable } from '../../src/aws/errors.ts';
import { QUERY_STATUSES, type QueryStatus } from '../../src/model/vocabulary.ts';
import { scopeQuery, watchedQuery } from '../support/watched-query.ts';
import { serverIdentity } from './local-network.ts';
import {
  answered,
  type ClientOptions,
  observedClient,
  refused,
  type StatusAnswer,
  type StatusService,
  startStatusService,
} from './status-service.ts';

const OPERATION = 'GetQueryStatusMonitorTopContributors';
const HTML = '<html><body><h1>502 Bad Gateway</h1></body></html>';
const asHtml = { 'content-type': 'text/html' };

interface Failure {
  readonly what: string;
  readonly answer: StatusAnswer;
  readonly error: ApiErrorName;
  /** Whether the attempt shows that the API is available. */
  readonly up: boolean;
  /** The attempt succeeded, but its response is invalid. */
  readonly answeredWell?: true;
  /** Number of attempts, of two; 1 by default. */
  readonly attempts?: number;
  readonly message?: RegExp;
}

const MODELLED: readonly Failure[] = [
  { what: 'AccessDeniedException', status: 403, up: false },
  { what: 'ConflictException', status: 409, up: true },
  { what: 'InternalServerException', status: 500, up: false, attempts: 2 },
  { what: 'ResourceNotFoundException', status: 404, up: true },
  { what: 'ServiceQuotaExceededException', status: 402, up: true },
  { what: 'ThrottlingException', status: 429, up: false, attempts: 2 },
  { what: 'ValidationException', status: 400, up: true },
  { what: 'ExpiredTokenException', status: 403, up: false },
  { what: 'UnrecognizedClientException', status: 403, up: false },
  { what: 'InvalidSignatureException', status: 403, up: false },
  { what: 'MissingAuthenticationTokenException', status: 403, up: false },
  { what: 'IncompleteSignatureException', status: 400, up: false },
  { what: 'UnknownOperationException', status: 404, up: true },
].map(({ what, status, ...rest }) => ({
  what,
  answer: refused(what, status),
  error: API_ERRORS.find((name) => name === what) ?? 'OtherError',
  message: new RegExp(`^HTTP ${status}: it was refused$`),
  ...rest,
}));

const FAILURES: readonly Failure[] = [
  ...MODELLED,
  // forms of a name
  {
    what: 'a namespaced name',
    answer: refused('com.amazonaws.networkflowmonitor#ValidationException', 400),
    error: 'ValidationException',
    up: true,
  },
  {
    what: 'a name with a URI',
    answer: refused('ValidationException:http://internal.amazon.com/coral/x/', 400),
    error: 'ValidationException',
    up: true,
  },
  {
    what: 'the name in __type only',
    answer: answered(403, { __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'no' }),
    error: 'AccessDeniedException',
    up: false,
    message: /^HTTP 403: no$/,
  },
  {
    what: 'the name in code only',
    answer: answered(403, { code: 'ExpiredTokenException', message: 'old' }),
    error: 'ExpiredTokenException',
    up: false,
  },
  {
    what: 'an error name beside a body that is not JSON',
    answer: answered(400, HTML, { 'x-amzn-errortype': 'ValidationException' }),
    error: 'ValidationException',
    up: true,
  },
  // other names of throttling
  {
    what: 'Throttling, as STS and EC2 say',
    answer: refused('Throttling', 400),
    error: 'ThrottlingException',
    up: false,
    attempts: 2,
  },
  {
    what: 'TooManyRequestsException',
    answer: refused('TooManyRequestsException', 400),
    error: 'ThrottlingException',
    up: false,
    attempts: 2,
  },
  { what: 'SlowDown', answer: refused('SlowDown', 503), error: 'ThrottlingException', up: false, attempts: 2 },
  { what: 'a 429 without a name', answer: answered(429, ''), error: 'ThrottlingException', up: false, attempts: 2 },
  { what: 'a 429 page', answer: answered(429, HTML, asHtml), error: 'ThrottlingException', up: false, attempts: 2 },
  // other errors
  {
    what: 'an error that the model lacks',
    answer: refused('OptInRequired', 403),
    error: 'OtherError',
    up: false,
    message: /^OptInRequired: HTTP 403: it was refused$/,
  },
  {
    what: 'an unknown client error',
    answer: refused('TeapotException', 418),
    error: 'OtherError',
    up: true,
    message: /^TeapotException: HTTP 418/,
  },
  {
    what: 'a 502 page of a proxy',
    answer: answered(502, HTML, asHtml),
    error: 'OtherError',
    up: false,
    attempts: 2,
    message: /HTTP 502/,
  },
  {
    what: 'a 503 without a body',
    answer: answered(503, ''),
    error: 'OtherError',
    up: false,
    attempts: 2,
    message: /HTTP 503/,
  },
  { what: 'a 401', answer: answered(401, {}), error: 'OtherError', up: false },
  { what: 'a 407 of a proxy', answer: answered(407, HTML, asHtml), error: 'OtherError', up: false },
  {
    what: 'a redirection',
    answer: answered(302, '', { location: 'http://127.0.0.1:1/' }),
    error: 'OtherError',
    up: false,
  },
  {
    what: 'a client error of the model with a status of 5xx',
    answer: refused('ValidationException', 500),
    error: 'ValidationException',
    up: false,
    attempts: 2,
  },
  // the service cannot use names of the exporter
  ...(
    ['TimeoutError', 'NetworkError', 'CredentialsError', 'InvalidResponse', 'UnknownStatus', 'OtherError'] as const
  ).map(
    (name): Failure => ({
      what: `an error that calls itself ${name}`,
      answer: refused(name, 400),
      error: 'OtherError',
      up: true,
      attempts: name === 'TimeoutError' ? 2 : 1,
    }),
  ),
  // invalid successes
  {
    what: 'a page with status 200',
    answer: answered(200, HTML, asHtml),
    error: 'InvalidResponse',
    up: false,
    message: /^HTTP 200: [^$]*$/,
  },
  { what: 'half a response', answer: answered(200, '{"status":"RUNN'), error: 'InvalidResponse', up: false },
  { what: 'a list', answer: answered(200, ['RUNNING']), error: 'InvalidResponse', up: false },
  { what: 'a bare text', answer: answered(200, '"RUNNING"'), error: 'InvalidResponse', up: false },
  {
    what: 'bytes of no meaning',
    answer: (response) => response.end(Buffer.of(0x1f, 0x8b, 8, 0, 0xff, 0xfe)),
    error: 'InvalidResponse',
    up: false,
  },
  {
    what: 'a larger body than any response',
    answer: (response) => response.end(Buffer.alloc(33 * 1024 * 1024, '{')),
    error: 'InvalidResponse',
    up: false,
    message: /larger than/,
  },
  {
    what: 'an unknown status',
    answer: answered(200, { status: 'PAUSED' }),
    error: 'UnknownStatus',
    up: true,
    answeredWell: true,
    message: /got "PAUSED"$/,
  },
  {
    what: 'a status in lower case',
    answer: answered(200, { status: 'running' }),
    error: 'UnknownStatus',
    up: true,
    answeredWell: true,
  },
  {
    what: 'no status',
    answer: answered(200, {}),
    error: 'InvalidResponse',
    up: true,
    answeredWell: true,
    message: /got none$/,
  },
  { what: 'no body', answer: answered(200, ''), error: 'InvalidResponse', up: true, answeredWell: true },
  {
    what: 'a status that is null',
    answer: answered(200, { status: null }),
    error: 'InvalidResponse',
    up: true,
    answeredWell: true,
  },
  {
    what: 'a status that is a number',
    answer: answered(200, { status: 7 }),
    error: 'InvalidResponse',
    up: true,
    answeredWell: true,
    message: /got 7$/,
  },
  {
    what: 'a status that is an object',
    answer: answered(200, { status: { RUNNING: true } }),
    error: 'InvalidResponse',
    up: true,
    answeredWell: true,
  },
  {
    what: 'an empty status',
    answer: answered(200, { status: '' }),
    error: 'UnknownStatus',
    up: true,
    answeredWell: true,
  },
  // broken connections
  {
    what: 'a reset',
    answer: (_response, { socket }) => socket.resetAndDestroy(),
    error: 'NetworkError',
    up: false,
    attempts: 2,
  },
  {
    what: 'a connection that is closed without a response',
    answer: (_response, { socket }) => socket.end(),
    error: 'NetworkError',
    up: false,
    attempts: 2,
  },
  {
    what: 'a connection that is closed within the body',
    answer(response, { socket }) {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"status":', () => socket.end());
    },
    error: 'NetworkError',
    up: false,
    attempts: 2,
  },
];

/** The index of the case in the table is the name of its query. */
const idOf = (index: number) => `case-${index}`;

describe('the status of a query', () => {
  let service: StatusService;
  beforeAll(async () => {
    service = await startStatusService({
      ...Object.fromEntries(FAILURES.map(({ answer }, i) => [idOf(i), answer])),
      ...Object.fromEntries(QUERY_STATUSES.map((status) => [status, answered(200, { status })])),
    });
  });
  afterAll(() => service.close());

  async function ask(queryId: string, options: ClientOptions = {}) {
    const observed = observedClient(service.url, options);
    try {
      const asked = observed.client.queryStatus(watchedQuery({ queryId }), new AbortController().signal);
      const answer: QueryStatus | ApiError = await asked.catch((error: unknown) => {
        if (error instanceof ApiError) {
          return error;
        }
        throw error;
      });
      return { answer, ...observed };
    } finally {
      observed.close();
    }
  }

  it.each(QUERY_STATUSES)('%s is returned unchanged, in one attempt', async (status) => {
    const { answer, attempts, refusedAnswers } = await ask(status);
    expect(answer).toBe(status);
    expect(attempts).toEqual([{ operation: OPERATION, seconds: expect.any(Number), error: undefined, up: true }]);
    expect(attempts[0]?.seconds).toBeGreaterThan(0);
    expect(refusedAnswers).toEqual([]);
  });

  it.concurrent.each(FAILURES.map((failure, i) => ({ ...failure, queryId: idOf(i) })))(
    '$what: $error',
    async ({ queryId, error, up, answeredWell = false, attempts = 1, message }) => {
      const asked = await ask(queryId, { maxAttempts: 2 });
      expect(asked.answer).toBeInstanceOf(ApiError);
      expect(asked.answer).toMatchObject({ error, operation: OPERATION, attempts });
      const attempt = {
        operation: OPERATION,
        seconds: expect.any(Number),
        error: answeredWell ? undefined : error,
        up,
      };
      expect(asked.attempts).toEqual(Array(attempts).fill(attempt));
      expect(asked.refusedAnswers).toEqual(answeredWell ? [error] : []);
      expect(service.requests(queryId)).toBe(attempts);
      if (message !== undefined && asked.answer instanceof ApiError) {
        expect(asked.answer.message).toMatch(message);
      }
    },
  );

  it('covers the closed list of errors, except those without a server', () => {
    const covered = new Set(FAILURES.map(({ error }) => error));
    expect(API_ERRORS.filter((error) => !covered.has(error))).toEqual(['TimeoutError', 'CredentialsError']);
  });

  it('returns the ID of the failed request', async () => {
    const { answer } = await ask(idOf(0));
    expect(answer).toMatchObject({ requestId: 'r-1' });
  });

  it('reduces the budget after a throttled attempt (by name, status, or page), and only then', async () => {
    for (const [i, { error }] of FAILURES.entries()) {
      const { target } = await ask(idOf(i), { requestsPerSecond: 1_000 });
      expect(target.budget.rate < 900, FAILURES[i]?.what).toBe(error === 'ThrottlingException');
    }
  });

  it('succeeds with a successful retry, and reports each attempt', async () => {
    let requests = 0;
    const flaky = await startStatusService({
      q: (response, request) => {
        requests += 1;
        (requests < 3 ? refused('InternalServerException', 500) : answered(200, { status: 'RUNNING' }))(
          response,
          request,
        );
      },
    });
    const { client, attempts, close } = observedClient(flaky.url, { maxAttempts: 3 });
    expect(await client.queryStatus(watchedQuery({ queryId: 'q' }), new AbortController().signal)).toBe('RUNNING');
    expect(attempts.map(({ error }) => error)).toEqual([
      'InternalServerException',
      'InternalServerException',
      undefined,
    ]);
    close();
    await flaky.close();
  });

  it('calls the operation of the type, with percent-encoded names and IDs', async () => {
    const paths: string[] = [];
    const answer: StatusAnswer = (response, request) => {
      paths.push(`${request.method} ${request.url}`);
      answered(200, { status: 'QUEUED' })(response, request);
    };
    const other = await startStatusService({ q: answer, 'a%2Fb%20c': answer });
    const { client, attempts, close } = observedClient(other.url);
    const { signal } = new AbortController();
    await client.queryStatus(watchedQuery({ queryId: 'a/b c' }), signal);
    await client.queryStatus(scopeQuery('workload-insights-top-contributors', { queryId: 'q', scopeId: 's' }), signal);
    await client.queryStatus(
      scopeQuery('workload-insights-top-contributors-data', { queryId: 'q', scopeId: 's' }),
      signal,
    );
    expect(paths).toEqual([
      'GET /monitors/checkout/topContributorsQueries/a%2Fb%20c/status',
      'GET /workloadInsights/s/topContributorsQueries/q/status',
      'GET /workloadInsights/s/topContributorsDataQueries/q/status',
    ]);
    expect(attempts.map(({ operation }) => operation)).toEqual([
      'GetQueryStatusMonitorTopContributors',
      'GetQueryStatusWorkloadInsightsTopContributors',
      'GetQueryStatusWorkloadInsightsTopContributorsData',
    ]);
    close();
    await other.close();
  });

  it('counts one attempt without a duration if there are no credentials', async () => {
    const { answer, attempts } = await ask('SUCCEEDED', {
      maxAttempts: 3,
      credentials: () => Promise.reject(new CredentialsUnavailable('no provider has any')),
    });
    expect(answer).toMatchObject({ error: 'CredentialsError', message: 'no provider has any' });
    expect(attempts).toEqual([{ operation: OPERATION, seconds: undefined, error: 'CredentialsError', up: false }]);
  });

  it('reports a network failure of the credentials as CredentialsError', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const { answer, attempts } = await ask('SUCCEEDED', {
      maxAttempts: 3,
      credentials: () => Promise.reject(new CredentialsUnavailable('STS does not respond', { cause })),
    });
    expect(answer).toMatchObject({ error: 'CredentialsError' });
    expect(attempts).toHaveLength(1);
  });
});

describe('an unreachable service', () => {
  const cases: Record<string, () => Promise<{ endpoint: string; lookup?: LookupFunction; close?: () => void }>> = {
    'refuses connections': async () => {
      const { port, close } = await listenRaw(() => undefined);
      close();
      return { endpoint: `http://127.0.0.1:${port}` };
    },
    'has a name that does not exist': async () => ({
      endpoint: 'http://api.nfm.test:80',
      lookup: failingLookup('ENOTFOUND'),
    }),
    'has a name whose server does not respond': async () => ({
      endpoint: 'http://api.nfm.test:80',
      lookup: failingLookup('EAI_AGAIN'),
    }),
    'has a certificate of an unknown authority': async () => {
      const tls = await import('node:tls');
      const server = tls.createServer(serverIdentity('first'));
      server.on('tlsClientError', () => undefined);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return { endpoint: `https://127.0.0.1:${portOf(server.address())}`, close: () => server.close() };
    },
    'speaks no TLS': async () => {
      const { port, close } = await listenRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      return { endpoint: `https://127.0.0.1:${port}`, close };
    },
    'speaks no HTTP': async () => {
      const { port, close } = await listenRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
      return { endpoint: `http://127.0.0.1:${port}`, close };
    },
  };

  it.concurrent.each(Object.entries(cases))('%s: NetworkError', async (_what, start) => {
    const { endpoint, lookup, close = () => undefined } = await start();
    const observed = observedClient(endpoint, { network: lookup === undefined ? {} : { lookup } });
    const asked = observed.client.queryStatus(watchedQuery(), new AbortController().signal);
    await expect(asked).rejects.toMatchObject({ error: 'NetworkError', message: expect.stringMatching(/\w/) });
    expect(observed.attempts).toMatchObject([{ error: 'NetworkError', up: false, seconds: expect.any(Number) }]);
    observed.close();
    close();
  });
});

function failingLookup(code: string): LookupFunction {
  return (hostname, _options, callback) =>
    callback(
      Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code, syscall: 'getaddrinfo', hostname }),
      '',
    );
}

async function listenRaw(onConnection: (socket: Socket) => void): Promise<{ port: number; close: () => void }> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: portOf(server.address()), close: () => server.close() };
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (address === null || typeof address === 'string') {
    throw new Error('not a TCP server');
  }
  return address.port;
}
