import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_ERRORS, ApiError } from '../../src/aws/errors.ts';
import { readDataPage, readRowPage } from '../../src/results/results.ts';
import { type ObservedClient, observedClient } from '../aws/status-service.ts';
import { type RawService, startRawService } from '../support/raw-service.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { scopeQuery, watchedQuery } from '../support/watched-query.ts';
import { anyAnswer } from './hostile-answer.ts';

const WATCHED = watchedQuery();
const DATA = scopeQuery('workload-insights-top-contributors-data');
const WINDOW = { start: 0, end: 900_000 };

/** All calls to the service. */
const CALLS: Readonly<Record<string, (client: ObservedClient['client'], signal: AbortSignal) => Promise<unknown>>> = {
  startQuery: (client, signal) => client.startQuery(scheduledQuery(), WINDOW, signal),
  queryStatus: (client, signal) => client.queryStatus(WATCHED, signal),
  'queryResults of rows': (client, signal) => client.queryResults(WATCHED, undefined, readRowPage, signal),
  'queryResults of data points': (client, signal) => client.queryResults(DATA, undefined, readDataPage, signal),
  stopQuery: (client, signal) => client.stopQuery(WATCHED, signal),
  listMonitors: (client, signal) => client.listMonitors(undefined, signal),
  listScopes: (client, signal) => client.listScopes(undefined, signal),
  monitorTags: (client, signal) => client.monitorTags('arn:aws:networkflowmonitor:eu-west-1:1:monitor/m', signal),
  subjectStatus: (client, signal) => client.subjectStatus('monitor', 'checkout', signal),
};

const ends: (() => Promise<void> | void)[] = [];
let service: RawService;
let observed: ObservedClient;
let answer: Uint8Array = Buffer.of();

beforeAll(async () => {
  const scope = { onTestFinished: (end: () => Promise<void> | void) => ends.push(end) };
  service = await startRawService(scope, () => answer);
  observed = observedClient(service.url, { timeout: 1_000 });
  ends.push(() => observed.close());
});
afterAll(async () => {
  for (const end of ends) {
    await end();
  }
});

describe.each(Object.keys(CALLS))('%s', (name) => {
  test('succeeds, or fails with an API error that fits a log line, for any response', async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(anyAnswer, async (bytes) => {
        answer = bytes;
        const thrown = await CALLS[name]?.(observed.client, AbortSignal.timeout(5_000)).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (thrown !== undefined && !(thrown instanceof ApiError)) {
          throw thrown;
        }
        if (thrown !== undefined) {
          expect(API_ERRORS).toContain(thrown.error);
          expect(thrown.message).toMatch(/^[^\n\r]{1,420}$/);
        }
        const outcome = thrown?.error ?? 'answered';
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 100 },
    );
    // No object has got members by a `__proto__`.
    expect(Reflect.get({}, 'status')).toBeUndefined();
    // The responses were not all of one kind.
    expect(outcomes.size).toBeGreaterThan(3);
  });
});
