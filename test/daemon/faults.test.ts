import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type QueryAnswer,
  type RunningDaemon,
  runDaemon,
  setAwsEnvironment,
  TEST_CREDENTIALS,
} from '../support/daemon.ts';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { endlessQueries, missedPolls, runSimulator, type SimulatedService } from '../support/simulated-service.ts';

/** A fault on one query of a target, and what must be seen of it. */
interface Row {
  readonly name: string;
  /** A fault of the simulator, which meets each request for the query. */
  readonly fault?: Readonly<Record<string, unknown>>;
  /** Response to the status calls of the query, instead of the true body. */
  readonly statusBody?: Readonly<Record<string, unknown>>;
  /** The service does not know the query. */
  readonly unknown?: true;
  readonly worlds?: Readonly<Record<string, unknown>>;
  /** The reported `error`. */
  readonly error: string;
  /** The SDK tries again. */
  readonly retried?: true;
}

const MAX_ATTEMPTS = 2;
const INTERVAL_MS = 500;
/** Far above the time that the simulator takes, also while this process is busy starting. */
const REQUEST_TIMEOUT_MS = 1_000;
const RUN_MS = 6_000;

function serviceError(name: string, status: number, more: Partial<Row> = {}): Row {
  const fault = { kind: 'error', name, status, message: 'No more than a test' };
  return { name: `${name} ${status}`, fault, error: name, ...more };
}

function answerBody(body: string, error: string, more: Partial<Row> & { readonly status?: number } = {}): Row {
  const { status, ...rest } = more;
  return { name: `${body} body, ${status ?? 200}`, fault: { kind: 'body', body, status }, error, ...rest };
}

function statusAnswer(what: string, statusBody: Readonly<Record<string, unknown>>, error: string): Row {
  return { name: `a status that is ${what}`, statusBody, error };
}

const ROWS: readonly Row[] = [
  serviceError('AccessDeniedException', 403),
  serviceError('ConflictException', 409),
  serviceError('InternalServerException', 500, { retried: true }),
  serviceError('ResourceNotFoundException', 404),
  serviceError('ServiceQuotaExceededException', 402),
  serviceError('ThrottlingException', 429, { retried: true }),
  serviceError('ValidationException', 400),
  serviceError('ExpiredTokenException', 403),
  serviceError('UnrecognizedClientException', 403),
  serviceError('InvalidSignatureException', 403),
  serviceError('MissingAuthenticationTokenException', 403),
  serviceError('IncompleteSignatureException', 403),
  serviceError('UnknownOperationException', 404),
  serviceError('SomethingNewException', 400, { error: 'OtherError' }),
  serviceError('ServiceUnavailable', 503, { error: 'OtherError', retried: true }),
  serviceError('TooManyRequestsException', 429, { error: 'ThrottlingException', retried: true }),
  serviceError('SlowDown', 503, { error: 'ThrottlingException', retried: true }),
  ...['plain', 'namespaced', 'uri', 'bodyType', 'bodyCode'].flatMap((errorForm) =>
    ['message', 'Message'].map((messageKey) =>
      serviceError('ValidationException', 400, {
        name: `ValidationException in the form ${errorForm} with ${messageKey}`,
        worlds: { errorForm, messageKey },
      }),
    ),
  ),
  { name: 'throttling', fault: { kind: 'throttle' }, error: 'ThrottlingException', retried: true },
  {
    name: 'throttling with Retry-After',
    fault: { kind: 'throttle', retryAfter: '1s' },
    error: 'ThrottlingException',
    retried: true,
  },
  {
    name: 'latency above the request timeout',
    fault: { kind: 'latency', delay: `${2 * REQUEST_TIMEOUT_MS}ms` },
    error: 'TimeoutError',
    retried: true,
  },
  {
    name: 'hang after the request',
    fault: { kind: 'hang', after: 'request' },
    error: 'TimeoutError',
    retried: true,
  },
  {
    name: 'hang after the headers',
    fault: { kind: 'hang', after: 'headers' },
    error: 'TimeoutError',
    retried: true,
  },
  { name: 'reset after the request', fault: { kind: 'reset', after: 'request' }, error: 'NetworkError', retried: true },
  { name: 'reset after the headers', fault: { kind: 'reset', after: 'headers' }, error: 'NetworkError', retried: true },
  ...['html', 'empty', 'garbage', 'truncated', 'wrongTypes'].map((body) => answerBody(body, 'InvalidResponse')),
  ...['html', 'empty', 'garbage'].map((body) => answerBody(body, 'OtherError', { status: 502, retried: true })),
  answerBody('html', 'OtherError', { status: 403 }),
  answerBody('html', 'ThrottlingException', { status: 429, retried: true }),
  statusAnswer('new to us', { status: 'PAUSED' }, 'UnknownStatus'),
  statusAnswer('in lower case', { status: 'succeeded' }, 'UnknownStatus'),
  statusAnswer('misspelt', { status: 'CANCELLED' }, 'UnknownStatus'),
  statusAnswer('as long as a page', { status: 'x'.repeat(20_000) }, 'UnknownStatus'),
  statusAnswer('text that would break a line', { status: 'a"b\\c\nd' }, 'UnknownStatus'),
  statusAnswer('null', { status: null }, 'InvalidResponse'),
  statusAnswer('absent', {}, 'InvalidResponse'),
  statusAnswer('empty', { status: '' }, 'UnknownStatus'),
  statusAnswer('a number', { status: 7 }, 'InvalidResponse'),
  statusAnswer('a truth value', { status: true }, 'InvalidResponse'),
  statusAnswer('a list', { status: ['SUCCEEDED'] }, 'InvalidResponse'),
  statusAnswer('an object', { status: { value: 'SUCCEEDED' } }, 'InvalidResponse'),
  statusAnswer('of another member', { queryStatus: 'SUCCEEDED' }, 'InvalidResponse'),
  ...['ResourceNotFoundException', 'ValidationException', 'AccessDeniedException', 'InternalServerException'].map(
    (error): Row => ({
      name: `an id the service does not know: ${error}`,
      unknown: true,
      worlds: { unknownQueryId: error },
      error,
      ...(error === 'InternalServerException' ? { retried: true } : {}),
    }),
  ),
];

const CASES = ROWS.map((row, i) => ({ ...row, account: `row-${i}`, faulty: `faulty-${i}` }));

/** All that was seen of all rows: they run at once, each in a target of its own. */
let daemon: RunningDaemon;
let page: ExpositionPage;
let services: readonly SimulatedService[];
let answers: ReadonlyMap<string, QueryAnswer>;
let from: number;
let to: number;
const ends: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const scope = { onTestFinished: (end: () => Promise<void> | void) => ends.unshift(end) };
  const worlds = [...new Set(CASES.map((row) => JSON.stringify(row.worlds ?? {})))];
  services = await Promise.all(
    worlds.map((world) => {
      const rows = CASES.filter((row) => JSON.stringify(row.worlds ?? {}) === world);
      return runSimulator(
        scope,
        {
          worlds: JSON.parse(world),
          queries: rows.flatMap(({ faulty, statusBody, unknown }) => [
            ...(unknown === true ? [] : [endlessQueries('us-east-1', faulty, { statusBody })]),
            endlessQueries('us-east-1', `${faulty}-neighbour-{n}`, { count: 2 }),
          ]),
          faults: [
            // Were it known that all targets are one, they would share one budget, which the rows that throttle cut.
            { kind: 'error', name: 'AccessDenied', status: 403, match: { operation: 'GetCallerIdentity' } },
            ...rows.flatMap(({ faulty, fault }) =>
              fault === undefined ? [] : [{ ...fault, match: { queryId: faulty } }],
            ),
          ],
        },
        { clock },
      );
    }),
  );
  const serviceOf = (row: Row) => services[worlds.indexOf(JSON.stringify(row.worlds ?? {}))];
  daemon = await runDaemon(
    scope,
    {
      // So that all calls are polls.
      discovery: { monitorsEvery: '0s' },
      aws: {
        stsEndpoint: services[0]?.url,
        requestTimeout: `${REQUEST_TIMEOUT_MS}ms`,
        maxAttempts: MAX_ATTEMPTS,
        requestsPerSecond: 200,
      },
      accounts: CASES.map((row) => ({ name: row.account, region: 'us-east-1', endpoint: serviceOf(row)?.url })),
      polling: { interval: `${INTERVAL_MS}ms` },
      queries: CASES.flatMap(({ account, faulty }) =>
        [faulty, `${faulty}-neighbour-1`, `${faulty}-neighbour-2`].map((queryId) => ({
          name: queryId,
          account,
          monitorName: 'checkout',
          queryId,
        })),
      ),
    },
    { clock },
  );
  from = clock.now() + 1_000;
  await clock.pause(RUN_MS);
  const letGo = clock.hold();
  to = clock.now();
  // Calls with a response complete; those that wait for time do not, and are in neither count.
  page = await vi.waitFor(async () => {
    const settled = await daemon.metrics();
    for (const { faulty: query } of CASES) {
      const polls = settled.value('aws_nfm_query_polls_total', { query });
      expect(settled.value('aws_nfm_query_poll_errors_total', { query })).toBe(polls);
    }
    return settled;
  });
  answers = new Map(await Promise.all(CASES.map(async ({ faulty }) => [faulty, await daemon.query(faulty)] as const)));
  letGo();
});

afterAll(async () => {
  for (const end of ends) {
    await end();
  }
});

function requestsFor(queryId: string) {
  return services.flatMap(({ requests }) => requests.filter((each) => each.queryId === queryId));
}

describe.each(CASES)('$name', ({ account, faulty, error, retried }) => {
  test(`fails the polls of the query with ${error}, and reports it`, () => {
    expect(page.value('aws_nfm_query_up', { query: faulty })).toBe(0);
    expect(page.lastError(faulty)).toBe(error);
    expect(page.status(faulty)).toBeUndefined();
    const polls = page.value('aws_nfm_query_polls_total', { query: faulty }) ?? 0;
    expect(polls).toBeGreaterThan(0);
    expect(page.value('aws_nfm_query_poll_errors_total', { query: faulty })).toBe(polls);
    expect(page.value('aws_nfm_query_last_success_timestamp_seconds', { query: faulty })).toBeUndefined();
    const answer = answers.get(faulty);
    expect(answer).toMatchObject({ status: null, statusSince: null, up: false, lastSuccess: null });
    expect(answer?.lastError).toMatchObject({ operation: 'status', error });
    expect(answer?.lastError?.message).toMatch(/^[^\n]{1,400}$/);
  });

  test('counts exactly the attempts under that error', () => {
    const errors = page.apiErrors(account);
    expect(Object.keys(errors)).toEqual([error]);
    // A call that was under way when the page was made is on the simulator's list only.
    const attempts = requestsFor(faulty).filter(({ at }) => at <= to).length;
    expect(errors[error]).toBeLessThanOrEqual(attempts);
    expect(errors[error]).toBeGreaterThanOrEqual(attempts - MAX_ATTEMPTS);
    const polls = page.value('aws_nfm_query_polls_total', { query: faulty }) ?? 0;
    expect(attempts).toBeGreaterThanOrEqual(retried ? polls * MAX_ATTEMPTS : polls);
    expect(attempts).toBeLessThanOrEqual(retried ? (polls + 1) * MAX_ATTEMPTS : polls + 1);
  });

  test('does not affect other queries', () => {
    for (const neighbour of [`${faulty}-neighbour-1`, `${faulty}-neighbour-2`]) {
      expect(page.value('aws_nfm_query_up', { query: neighbour })).toBe(1);
      expect(page.status(neighbour)).toBe('RUNNING');
      expect(page.value('aws_nfm_query_poll_errors_total', { query: neighbour })).toBe(0);
      const arrivals = requestsFor(neighbour).map(({ at }) => at);
      expect(missedPolls(arrivals, INTERVAL_MS, from, to)).toBeLessThanOrEqual(1);
    }
  });
});
