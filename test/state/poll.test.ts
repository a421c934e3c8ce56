import { describe, expect, it } from 'vitest';
import { FailureLog } from '../../src/actions/failure-log.ts';
import { createPoll } from '../../src/actions/poll.ts';
import { API_ERRORS, ApiError, type ApiErrorName } from '../../src/aws/errors.ts';
import type { QueryStatus } from '../../src/model/vocabulary.ts';
import { SHUTDOWN } from '../../src/scheduler/dispatcher.ts';
import { QueryStates } from '../../src/state/query-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { watchedQuery } from '../support/watched-query.ts';

const HOUR = 3_600_000;

/** Sets up polls of one query. Each returns the result of the given function. */
function setUp(answer: () => QueryStatus) {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const states = new QueryStates({ clock, giveUpAfter: HOUR, log });
  const query = handleOf(watchedQuery({ name: 'q' }));
  const state = states.register(query);
  const poll = createPoll({
    states,
    log,
    failures: new FailureLog(clock, log),
    clientOf: () => ({ queryStatus: async () => answer() }),
  });
  return { clock, log, states, state, poll: (signal = new AbortController().signal) => poll(query, signal) };
}

function failure(error: ApiErrorName): ApiError {
  return new ApiError(error, 'GetQueryStatusMonitorTopContributors', 'it failed', { attempts: 3 });
}

describe('a poll', () => {
  it.each([
    ['QUEUED', 'good'],
    ['RUNNING', 'good'],
    ['SUCCEEDED', 'finished'],
    ['FAILED', 'finished'],
    ['CANCELED', 'finished'],
  ] as const)('returns the outcome of status %s: %s', async (status, result) => {
    const { log, state, poll } = setUp(() => status);
    expect(await poll()).toBe(result);
    expect(state).toMatchObject({ status, up: true, polls: 1, pollErrors: 0 });
    expect(log.events).toEqual([
      {
        level: 'debug',
        msg: 'query status changed',
        fields: { account: 'default', aws_region: 'eu-west-1', query: 'q', status },
      },
    ]);
  });

  it('succeeds if a listener of the state throws', async () => {
    const { log, states, state, poll } = setUp(() => 'RUNNING');
    const seen: unknown[] = [];
    states.changed.on(() => {
      throw new TypeError('a mistake of ours');
    });
    states.changed.on(() => seen.push(state.status));
    expect(await poll()).toBe('good');
    expect(state).toMatchObject({ status: 'RUNNING', up: true, polls: 1, pollErrors: 0 });
    expect(seen).toEqual(['RUNNING']);
    expect(log.events).toContainEqual({
      level: 'error',
      msg: 'listener failed',
      fields: { event: 'change of a query', error: 'TypeError', reason: 'a mistake of ours' },
    });
  });

  it('logs a status only when it changes', async () => {
    const statuses: QueryStatus[] = ['QUEUED', 'QUEUED', 'RUNNING', 'RUNNING', 'SUCCEEDED'];
    const { log, poll } = setUp(() => statuses.shift() ?? 'SUCCEEDED');
    for (let i = 0; i < 5; i += 1) {
      await poll();
    }
    expect(log.events.map(({ fields }) => fields['status'])).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
  });

  it('backs off after errors and missing responses but not after throttling', async () => {
    const results = new Map<ApiErrorName, string>();
    for (const error of API_ERRORS) {
      const { state, poll } = setUp(() => {
        throw failure(error);
      });
      results.set(error, await poll());
      expect(state).toMatchObject({
        up: false,
        polls: 1,
        pollErrors: 1,
        lastFailure: { operation: 'status', error, message: 'it failed' },
      });
    }
    const silent = ['TimeoutError', 'NetworkError', 'CredentialsError'];
    expect(Object.fromEntries(results)).toEqual(
      Object.fromEntries(
        API_ERRORS.map((error) => [
          error,
          error === 'ThrottlingException' ? 'throttled' : silent.includes(error) ? 'silent' : 'failed',
        ]),
      ),
    );
  });

  it('logs a failed poll when the failure begins and when it ends', async () => {
    let works = false;
    const { log, poll } = setUp(() => {
      if (works) {
        return 'RUNNING';
      }
      throw failure('TimeoutError');
    });
    await poll();
    await poll();
    works = true;
    await poll();
    expect(log.messages()).toEqual(['query failed', 'query recovered', 'query status changed']);
  });

  it('gives up a query that the service has not known for giveUpAfter and logs it', async () => {
    const { clock, log, state, poll } = setUp(() => {
      throw failure('ResourceNotFoundException');
    });
    expect(await poll()).toBe('failed');
    await clock.advance(HOUR - 1);
    expect(await poll()).toBe('failed');
    await clock.advance(1);
    expect(await poll()).toBe('finished');
    expect(state.givenUp).toBe(true);
    expect(log.events.at(-1)).toMatchObject({ level: 'warn', fields: { query: 'q' } });
    expect(log.events.at(-1)?.msg).toContain('polling of unknown query ended');
  });

  it('does not count a poll that is aborted by a shutdown as failed', async () => {
    const { log, state, poll } = setUp(() => {
      throw failure('TimeoutError');
    });
    expect(await poll(AbortSignal.abort(SHUTDOWN))).toBe('finished');
    expect(state).toMatchObject({ up: undefined, polls: 0, pollErrors: 0 });
    expect(log.events).toEqual([]);
  });

  it('rethrows internal errors instead of treating them as API errors', async () => {
    const { state, poll } = setUp(() => {
      throw new TypeError('a mistake of ours');
    });
    await expect(poll()).rejects.toThrow('a mistake of ours');
    expect(state.polls).toBe(0);
  });
});
