import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AttemptObserver } from '../../src/aws/attempts.ts';
import { TargetClient } from '../../src/aws/client.ts';
import type { AwsCredentials } from '../../src/aws/credentials/credentials.ts';
import type { ApiErrorName } from '../../src/aws/errors.ts';
import { BoundedHandler } from '../../src/aws/network/bounded-handler.ts';
import { createNetwork, type NetworkOptions } from '../../src/aws/network/network.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { type Target, Targets } from '../../src/scheduler/target.ts';

/** Clients write into the credentials that they are given: give them a copy. */
export const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

/** Responds to a request for the status of the query in its path. */
export type StatusAnswer = (response: ServerResponse, request: IncomingMessage) => void;

export interface StatusService {
  readonly url: string;
  /** Requests that arrived for a query. */
  requests(queryId: string): number;
  /** Number of connections so far. */
  connections(): number;
  close(): Promise<void>;
}

/** A server on loopback with a response for each query ID. */
export async function startStatusService(answers: Readonly<Record<string, StatusAnswer>>): Promise<StatusService> {
  const counts = new Map<string, number>();
  let connections = 0;
  const server = createServer((request, response) => {
    const queryId = /\/([^/]+)\/status$/.exec(request.url ?? '')?.[1] ?? '';
    counts.set(queryId, (counts.get(queryId) ?? 0) + 1);
    const answer = answers[queryId];
    if (answer === undefined) {
      response.writeHead(500).end(`no response for ${request.url}`);
    } else {
      answer(response, request);
    }
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('not a TCP server');
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests: (queryId) => counts.get(queryId) ?? 0,
    connections: () => connections,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A response of the API with a request ID: JSON, or a given text. */
export function answered(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): StatusAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': 'r-1', ...headers });
    response.end(text);
  };
}

/** An error of the API in its usual form. */
export function refused(name: string, status: number, message = 'it was refused'): StatusAnswer {
  return answered(status, { message }, { 'x-amzn-errortype': name });
}

export interface Attempt {
  readonly operation: string;
  readonly seconds: number | undefined;
  readonly error: ApiErrorName | undefined;
  readonly up: boolean | undefined;
}

export interface ObservedClient {
  readonly client: TargetClient;
  readonly target: Target;
  readonly attempts: Attempt[];
  /** Invalid responses of successful attempts. */
  readonly refusedAnswers: ApiErrorName[];
  /** Verdicts on the credentials: place, verdict, and access key. */
  readonly verdicts: readonly string[];
  close(): void;
}

export interface ClientOptions {
  readonly maxAttempts?: number;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly credentials?: () => Promise<AwsCredentials>;
  readonly requestsPerSecond?: number;
  readonly network?: Partial<NetworkOptions>;
  readonly clock?: Clock;
}

/** A client of one target at `endpoint`, with a record of its attempts. */
export function observedClient(endpoint: string, options: ClientOptions = {}): ObservedClient {
  const { maxAttempts = 1, timeout = 2_000, requestsPerSecond = 10_000, clock = systemClock } = options;
  const network = createNetwork({ env: {}, ...options.network });
  const target = new Targets(clock).add('default', 'eu-west-1', { requestsPerSecond, maxConcurrentRequests: 64 });
  const attempts: Attempt[] = [];
  const refusedAnswers: ApiErrorName[] = [];
  const verdicts: string[] = [];
  const observer: AttemptObserver = {
    attempted: (_target, operation, outcome) => attempts.push({ operation, ...outcome }),
    responseRejected: (_target, _operation, error) => refusedAnswers.push(error),
  };
  const client = new TargetClient({
    target,
    clock,
    handler: new BoundedHandler({ network, clock, timeout }),
    credentials: {
      get: options.credentials ?? (async () => ({ ...CREDENTIALS })),
      accepted: (place, key) => verdicts.push(`${place}: accepted ${key}`),
      refused: (place, key) => verdicts.push(`${place}: refused ${key}`),
    },
    observer,
    endpoint,
    maxAttempts,
    version: '0.1.0',
  });
  return {
    client,
    target,
    attempts,
    refusedAnswers,
    verdicts,
    close: () => network.close(),
  };
}
