import { getEventListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SHUTDOWN } from '../../src/scheduler/dispatcher.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { watchedQuery } from '../support/watched-query.ts';
import {
  answered,
  type ClientOptions,
  observedClient,
  refused,
  type StatusService,
  startStatusService,
} from './status-service.ts';

const TIMEOUT = 300;
/** Responses that are never complete. `rejected` below checks the time of the failure. */
const SILENCES = ['no headers', 'headers only', 'half a body', 'a byte occasionally', 'another protocol'];

let service: StatusService;
beforeAll(async () => {
  service = await startStatusService({
    'no%20headers': () => undefined,
    'headers%20only': (response) => response.writeHead(200, { 'content-length': 20 }).flushHeaders(),
    'half%20a%20body': (response) => response.writeHead(200, { 'content-length': 20 }).write('{"status":'),
    'a%20byte%20occasionally': (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    },
    'another%20protocol': (response) => {
      response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    },
    slow: (response, request) =>
      void clock.pause(100).then(() => answered(200, { status: 'RUNNING' })(response, request)),
    'retry%20later': answered(503, { message: 'overloaded' }, { 'retry-after': '15' }),
    throttled: refused('ThrottlingException', 429, 'Rate exceeded'),
  });
});
afterAll(() => service.close());

function asking(queryId: string, options: ClientOptions = {}) {
  const observed = observedClient(service.url, { timeout: TIMEOUT, clock, ...options });
  const giveUp = new AbortController();
  const startedAt = clock.monotonic();
  const status = observed.client.queryStatus(watchedQuery({ queryId }), giveUp.signal);
  const end = status.then(
    (answer) => ({ answer, ms: clock.monotonic() - startedAt }),
    (error: unknown) => ({ error, ms: clock.monotonic() - startedAt }),
  );
  return { ...observed, giveUp, end };
}

/** Waits until the service has received another request for the query. */
async function arrival(queryId: string, before: number): Promise<void> {
  while (service.requests(encodeURIComponent(queryId)) <= before) {
    await wait(5);
  }
}

describe('an attempt', () => {
  it.concurrent.each(SILENCES)('that gets %s times out and is retried', async (silence) => {
    const { end, attempts, close } = asking(silence, { maxAttempts: 2 });
    const { ms, ...outcome } = await end;
    expect(outcome).toMatchObject({
      error: { error: 'TimeoutError', attempts: 2, message: 'no complete response within 0.3 s' },
    });
    expect(ms).toBeGreaterThanOrEqual(2 * TIMEOUT - 5);
    // Far below the time of a call without a deadline, even on a busy machine.
    expect(ms).toBeLessThan(2 * TIMEOUT + 15_000);
    expect(attempts).toMatchObject([
      { error: 'TimeoutError', up: false },
      { error: 'TimeoutError', up: false },
    ]);
    for (const { seconds } of attempts) {
      expect(seconds).toBeGreaterThanOrEqual((TIMEOUT - 5) / 1_000);
    }
    close();
  });

  it('times out from when it is sent, without the wait for the budget', async () => {
    const { client, target, attempts, close } = observedClient(service.url, {
      timeout: TIMEOUT,
      requestsPerSecond: 2,
      clock,
    });
    await target.budget.acquire();
    const { signal } = new AbortController();
    expect(await client.queryStatus(watchedQuery({ queryId: 'slow' }), signal)).toBe('RUNNING');
    expect(attempts[0]?.seconds).toBeGreaterThan(0.09);
    expect(attempts[0]?.seconds).toBeLessThan(0.3);
    close();
  });
});

describe('a call that is aborted', () => {
  const given = { error: { error: 'TimeoutError', message: 'the poll took longer than 1 s' } };
  const tooLong = new Error('the poll took longer than 1 s');

  it.concurrent.each(SILENCES)('ends at once while it gets %s, and its attempt is counted', async (silence) => {
    const before = service.requests(encodeURIComponent(silence));
    const { giveUp, end, attempts, close } = asking(silence, { timeout: 60_000, maxAttempts: 3 });
    await arrival(silence, before);
    giveUp.abort(tooLong);
    const { ms, ...outcome } = await end;
    expect(outcome).toMatchObject(given);
    expect(ms).toBeLessThan(2_000);
    await wait(50);
    expect(attempts).toMatchObject([{ error: 'TimeoutError', up: false }]);
    close();
  });

  it('ends at once between two attempts, without another one, with the error of the last attempt', async () => {
    const { giveUp, end, attempts, close } = asking('retry later', { maxAttempts: 3 });
    await arrival('retry later', 0);
    await wait(50);
    giveUp.abort(tooLong);
    const { ms, ...outcome } = await end;
    expect(outcome).toMatchObject({
      error: {
        error: 'OtherError',
        message: expect.stringMatching(/HTTP 503: .*; the poll took longer than 1 s$/),
        attempts: 1,
        mayHaveTakenEffect: true,
      },
    });
    expect(ms).toBeLessThan(2_000);
    expect(attempts).toHaveLength(1);
    close();
  });

  it('ends with the throttling while its next attempt waits for the reduced budget', async () => {
    const { giveUp, end, attempts, close } = asking('throttled', { maxAttempts: 3, requestsPerSecond: 0.1 });
    await vi.waitFor(() => expect(attempts).toHaveLength(1));
    // The backoff is over then, and the budget has the next turn after 20 s.
    await wait(100);
    giveUp.abort(tooLong);
    const { ms: _, ...outcome } = await end;
    expect(outcome).toMatchObject({
      error: {
        error: 'ThrottlingException',
        message: 'HTTP 429: Rate exceeded; the poll took longer than 1 s',
        attempts: 1,
        mayHaveTakenEffect: false,
      },
    });
    close();
  });

  it('ends with the throttling while its first attempt waits for the reduced budget', async () => {
    const { client, target, attempts, close } = observedClient(service.url, { requestsPerSecond: 0.1 });
    await target.budget.acquire();
    target.budget.throttled();
    const giveUp = new AbortController();
    const status = client.queryStatus(watchedQuery({ queryId: 'slow' }), giveUp.signal);
    const outcome = expect(status).rejects.toMatchObject({
      error: 'ThrottlingException',
      message: expect.stringMatching(
        /^not sent, because throttling has reduced the request budget to 0\.05\d* per second; the poll took longer than 1 s$/,
      ),
    });
    await wait(20);
    giveUp.abort(tooLong);
    await outcome;
    expect(attempts).toEqual([]);
    close();
  });

  it('ends with its timeout while an attempt after a throttled one is in progress', async () => {
    let requests = 0;
    const alternating = await startStatusService({
      q: (response, request) => {
        requests += 1;
        if (requests === 1) {
          refused('ThrottlingException', 429)(response, request);
        }
      },
    });
    const { client, close } = observedClient(alternating.url, { maxAttempts: 3, timeout: 60_000 });
    const giveUp = new AbortController();
    const status = client.queryStatus(watchedQuery({ queryId: 'q' }), giveUp.signal);
    const outcome = expect(status).rejects.toMatchObject(given.error);
    await vi.waitFor(() => expect(requests).toBe(2), { timeout: 30_000 });
    giveUp.abort(tooLong);
    await outcome;
    close();
    await alternating.close();
  });

  it('ends at once while it waits for credentials, unsent and uncounted', async () => {
    const before = service.requests('slow');
    const { giveUp, end, attempts, target, close } = asking('slow', {
      credentials: () => new Promise(() => undefined),
      requestsPerSecond: 5,
    });
    expect(target.budget.startsIn()).toBe(Number.POSITIVE_INFINITY);
    await wait(20);
    giveUp.abort(tooLong);
    const { ms, ...outcome } = await end;
    expect(outcome).toMatchObject(given);
    expect(ms).toBeLessThan(2_000);
    expect(target.budget.startsIn()).toBe(0);
    expect(service.requests('slow')).toBe(before);
    expect(attempts).toEqual([]);
    close();
  });

  it('ends at once while it waits for its turn in the budget, unsent and uncounted', async () => {
    const before = service.requests('slow');
    const { client, target, attempts, close } = observedClient(service.url, { requestsPerSecond: 0.1 });
    await target.budget.acquire();
    const giveUp = new AbortController();
    const status = client.queryStatus(watchedQuery({ queryId: 'slow' }), giveUp.signal);
    const outcome = expect(status).rejects.toMatchObject({ error: 'TimeoutError' });
    await wait(20);
    giveUp.abort(tooLong);
    await outcome;
    expect(service.requests('slow')).toBe(before);
    expect(attempts).toEqual([]);
    close();
  });

  it('before its start is not sent', async () => {
    const before = service.requests('slow');
    const { client, attempts, close } = observedClient(service.url);
    const status = client.queryStatus(watchedQuery({ queryId: 'slow' }), AbortSignal.abort(tooLong));
    await expect(status).rejects.toMatchObject({ error: 'TimeoutError' });
    await wait(20);
    expect({ attempts, requests: service.requests('slow') }).toEqual({ attempts: [], requests: before });
    close();
  });

  it('because the exporter shuts down is not counted', async () => {
    const before = service.requests('slow');
    const { giveUp, end, attempts, close } = asking('slow');
    await arrival('slow', before);
    giveUp.abort(SHUTDOWN);
    expect(await end).toMatchObject({ error: { error: 'TimeoutError' } });
    await wait(20);
    expect(attempts).toEqual([]);
    close();
  });

  it('causes no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const { giveUp, end, close } = asking('slow', {
      credentials: () => wait(30).then(() => Promise.reject(new Error('too late'))),
    });
    giveUp.abort(tooLong);
    await end;
    await wait(100);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    close();
  });
});

describe('a thousand calls', () => {
  it('share connections, and leave no listener on a signal that they share', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const quick = await startStatusService({ q: answered(200, { status: 'RUNNING' }) });
    const { client, close } = observedClient(quick.url);
    const { signal } = new AbortController();
    const ask = () => client.queryStatus(watchedQuery({ queryId: 'q' }), signal);
    for (let round = 0; round < 500; round += 1) {
      await Promise.all([ask(), ask()]);
    }
    expect(quick.requests('q')).toBe(1_000);
    // A connection returns to its pool one turn of the event loop after its response: occasionally, one more is necessary.
    expect(quick.connections()).toBeLessThan(20);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await wait(10);
    process.off('warning', note);
    expect(warnings).toEqual([]);
    close();
    await quick.close();
  });
});
