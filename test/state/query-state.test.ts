import { describe, expect, it } from 'vitest';
import type { ApiErrorName } from '../../src/aws/errors.ts';
import { QUERY_STATUSES } from '../../src/model/vocabulary.ts';
import { currentStatus, type QueryState, QueryStates } from '../../src/state/query-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { watchedQuery } from '../support/watched-query.ts';

const HOUR = 3_600_000;
/** What an earlier process stored of a query without responses. */
const NOTHING = {
  status: undefined,
  statusSince: undefined,
  up: undefined,
  lastFailure: undefined,
  lastSuccess: undefined,
};

function setUp(changes: Parameters<typeof watchedQuery>[0] = {}) {
  const clock = new FakeClock();
  const changed: QueryState[] = [];
  const states = new QueryStates({ clock, giveUpAfter: HOUR, log: new RecordingLog() });
  const q = handleOf(watchedQuery({ name: 'q', ...changes }));
  const state = states.register(q);
  states.changed.on(() => changed.push(state));
  return {
    q,
    clock,
    changed,
    states,
    state,
    shown: () => currentStatus(state, clock.monotonic()),
    fail: (error: ApiErrorName) => states.pollFailed(q, { error, message: 'it failed' }),
  };
}

describe('QueryStates', () => {
  it('stores only the registration of a query before the first response', () => {
    const { clock, state, states, shown } = setUp();
    expect(shown()).toBeUndefined();
    expect(state).toMatchObject({
      registeredAt: clock.now(),
      statusSince: undefined,
      up: undefined,
      lastFailure: undefined,
      lastSuccess: undefined,
      polls: 0,
      pollErrors: 0,
      givenUp: false,
    });
    expect(states.untried).toBe(1);
  });

  it('emits every change after it was made', () => {
    const { q, changed, states, fail } = setUp();
    states.pollSucceeded(q, 'QUEUED');
    expect(changed.map(({ status, up, polls }) => ({ status, up, polls }))).toEqual([
      { status: 'QUEUED', up: true, polls: 1 },
    ]);
    fail('TimeoutError');
    expect(changed).toHaveLength(2);
    expect(changed[1]).toMatchObject({ up: false, polls: 2, pollErrors: 1 });
  });

  it('sets statusSince when a status is first seen, and lastSuccess at each successful poll', async () => {
    const { q, clock, state, states } = setUp();
    const start = clock.now();
    expect(states.pollSucceeded(q, 'RUNNING')).toBeUndefined();
    await clock.advance(30_000);
    expect(states.pollSucceeded(q, 'RUNNING')).toBe('RUNNING');
    expect(state).toMatchObject({ statusSince: start, lastSuccess: start + 30_000 });
    await clock.advance(30_000);
    expect(states.pollSucceeded(q, 'SUCCEEDED')).toBe('RUNNING');
    expect(state).toMatchObject({ statusSince: start + 60_000, lastSuccess: start + 60_000 });
  });

  it('keeps the status after a failed poll, with the failure until the next successful poll', async () => {
    const { q, clock, state, states, shown, fail } = setUp();
    states.pollSucceeded(q, 'RUNNING');
    const answeredAt = clock.now();
    await clock.advance(30_000);
    fail('AccessDeniedException');
    expect(shown()).toBe('RUNNING');
    expect(state).toMatchObject({
      up: false,
      lastSuccess: answeredAt,
      lastFailure: { operation: 'status', error: 'AccessDeniedException', message: 'it failed', at: clock.now() },
    });
    states.pollSucceeded(q, 'RUNNING');
    expect(state).toMatchObject({ up: true, lastFailure: undefined });
  });

  it('counts polls and failed polls', () => {
    const { q, state, states, fail } = setUp();
    states.pollSucceeded(q, 'QUEUED');
    fail('ThrottlingException');
    fail('UnknownStatus');
    states.pollSucceeded(q, 'RUNNING');
    expect(state).toMatchObject({ polls: 4, pollErrors: 2 });
  });

  it('counts a query as tried after one poll, successful or not', () => {
    const { states, fail } = setUp();
    const other = handleOf(watchedQuery({ name: 'other' }));
    states.register(other);
    expect(states.untried).toBe(2);
    fail('NetworkError');
    fail('NetworkError');
    expect(states.untried).toBe(1);
    states.pollSucceeded(other, 'QUEUED');
    expect(states.untried).toBe(0);
  });

  it('throws for a query that is not registered', () => {
    const { states } = setUp();
    expect(() => states.pollSucceeded(handleOf(watchedQuery({ name: 'nobody' })), 'QUEUED')).toThrow('nobody');
  });
});

describe('the status of a query', () => {
  it.each(['QUEUED', 'RUNNING'] as const)(
    'returns %s until the last successful response is older than staleAfter',
    async (status) => {
      const { q, clock, states, shown } = setUp({ staleAfter: 90_000 });
      states.pollSucceeded(q, status);
      await clock.advance(90_000);
      expect(shown()).toBe(status);
      await clock.advance(1);
      expect(shown()).toBeUndefined();
    },
  );

  it.each(['SUCCEEDED', 'FAILED', 'CANCELED'] as const)('never makes %s stale', async (status) => {
    const { q, clock, states, shown } = setUp({ staleAfter: 90_000 });
    states.pollSucceeded(q, 'RUNNING');
    states.pollSucceeded(q, status);
    await clock.advance(1_000 * HOUR);
    expect(shown()).toBe(status);
  });

  it('extends the validity of a status with each successful poll but not with failed ones', async () => {
    const { q, clock, states, shown, fail } = setUp({ staleAfter: 90_000 });
    states.pollSucceeded(q, 'RUNNING');
    await clock.advance(60_000);
    states.pollSucceeded(q, 'RUNNING');
    await clock.advance(60_000);
    fail('NetworkError');
    expect(shown()).toBe('RUNNING');
    await clock.advance(30_001);
    expect(shown()).toBeUndefined();
  });

  it('returns a stale status again after the next successful poll with its first time', async () => {
    const { q, clock, state, states, shown } = setUp({ staleAfter: 90_000 });
    const firstSeen = clock.now();
    states.pollSucceeded(q, 'RUNNING');
    await clock.advance(200_000);
    expect(shown()).toBeUndefined();
    states.pollSucceeded(q, 'RUNNING');
    expect(shown()).toBe('RUNNING');
    expect(state.statusSince).toBe(firstSeen);
  });

  it.each([1, -1])('measures the age of a status by the monotonic clock (wall clock jumps by %i day)', async (days) => {
    const { q, clock, states, shown } = setUp({ staleAfter: 90_000 });
    states.pollSucceeded(q, 'RUNNING');
    clock.jump(days * 24 * HOUR);
    expect(shown()).toBe('RUNNING');
    await clock.advance(90_000);
    expect(shown()).toBe('RUNNING');
    await clock.advance(1);
    expect(shown()).toBeUndefined();
  });

  it.each(QUERY_STATUSES)('accepts %s as the first status', (status) => {
    const { q, states, shown } = setUp();
    states.pollSucceeded(q, status);
    expect(shown()).toBe(status);
  });
});

describe('a query that the exporter started', () => {
  it('counts a poll without success or failure while the service does not know the new query', () => {
    const { q, changed, states, state, shown } = setUp();
    states.callSucceeded(q);
    states.runStarted(q);
    const { lastSuccess } = state;
    const told = changed.length;
    states.unknownYet(q);
    expect(state).toMatchObject({ polls: 1, pollErrors: 0, up: true, lastFailure: undefined, lastSuccess });
    expect(shown()).toBeUndefined();
    expect(changed).toHaveLength(told + 1);
  });

  it('keeps the status of the last run until the next one has started', () => {
    const { q, states, state, shown } = setUp();
    states.pollSucceeded(q, 'FAILED');
    states.callFailed(q, { operation: 'start', error: 'ValidationException', message: 'no' });
    expect(shown()).toBe('FAILED');
    expect(state).toMatchObject({ up: false, lastFailure: { operation: 'start', error: 'ValidationException' } });
    states.callSucceeded(q);
    states.runStarted(q);
    expect(shown()).toBeUndefined();
    expect(state).toMatchObject({ statusSince: undefined, up: true, lastFailure: undefined });
  });
});

describe('a query unknown to the service', () => {
  it('gives up a query once the service has not known it for giveUpAfter', async () => {
    const { clock, state, fail } = setUp();
    expect(fail('ResourceNotFoundException')).toBe(false);
    await clock.advance(HOUR - 1);
    expect(fail('ResourceNotFoundException')).toBe(false);
    await clock.advance(1);
    expect(fail('ResourceNotFoundException')).toBe(true);
    expect(state).toMatchObject({ givenUp: true, up: false });
  });

  it('restarts giveUpAfter after a successful poll', async () => {
    const { q, clock, states, fail } = setUp();
    fail('ResourceNotFoundException');
    await clock.advance(HOUR - 1);
    states.pollSucceeded(q, 'QUEUED');
    fail('ResourceNotFoundException');
    await clock.advance(HOUR - 1);
    expect(fail('ResourceNotFoundException')).toBe(false);
    await clock.advance(1);
    expect(fail('ResourceNotFoundException')).toBe(true);
  });

  it('restarts giveUpAfter after a response with an unknown status', async () => {
    const { clock, fail } = setUp();
    fail('ResourceNotFoundException');
    await clock.advance(HOUR);
    expect(fail('UnknownStatus')).toBe(false);
    expect(fail('ResourceNotFoundException')).toBe(false);
  });

  it('continues giveUpAfter during other errors, which do not give up a query', async () => {
    const { clock, fail } = setUp();
    fail('ResourceNotFoundException');
    await clock.advance(HOUR);
    expect(fail('NetworkError')).toBe(false);
    expect(fail('ThrottlingException')).toBe(false);
    expect(fail('ResourceNotFoundException')).toBe(true);
  });

  it.each(['AccessDeniedException', 'ValidationException', 'InternalServerException', 'TimeoutError'] as const)(
    'never gives up a query because of %s',
    async (error) => {
      const { clock, fail } = setUp();
      fail(error);
      await clock.advance(100 * HOUR);
      expect(fail(error)).toBe(false);
    },
  );

  it.each([2, -2])('measures giveUpAfter by the monotonic clock (wall clock jumps by %i h)', async (hours) => {
    const { clock, fail } = setUp();
    fail('ResourceNotFoundException');
    clock.jump(hours * HOUR);
    expect(fail('ResourceNotFoundException')).toBe(false);
    await clock.advance(HOUR);
    expect(fail('ResourceNotFoundException')).toBe(true);
  });

  it.each([
    ['RUNNING', 60_000, 240_000],
    ['RUNNING', -60_000, 300_000],
    ['QUEUED', 299_999, 1],
  ] as const)('restores %s, which is stale as counted from the last success %i ms ago', async (status, ago, fresh) => {
    const { q, clock, states, shown } = setUp();
    states.restore(q, { ...NOTHING, status, lastSuccess: clock.now() - ago });
    await clock.advance(fresh);
    expect(shown()).toBe(status);
    await clock.advance(1);
    expect(shown()).toBeUndefined();
    expect(states.untried, 'it is polled again').toBe(1);
  });

  it('restores a terminal status, which never becomes stale, and does not wait for its poll', async () => {
    const { q, clock, states, shown } = setUp();
    states.restore(q, { ...NOTHING, status: 'SUCCEEDED', lastSuccess: clock.now() });
    expect(states.untried).toBe(0);
    expect(states.isTerminal(q)).toBe(true);
    await clock.advance(100 * HOUR);
    expect(shown()).toBe('SUCCEEDED');
  });

  it('waits for the poll of a query that was restored without a status', () => {
    const { q, states, shown } = setUp();
    states.restore(q, { ...NOTHING, up: false });
    expect(states.untried).toBe(1);
    expect(states.isTerminal(q)).toBe(false);
    expect(shown()).toBeUndefined();
  });

  it.each([
    [600_000, 600_000],
    [60_000, 60_000],
  ])('applies a changed staleAfter of %i ms to the known status', async (staleAfter, fresh) => {
    const { q, clock, states, shown, changed } = setUp();
    states.pollSucceeded(q, 'RUNNING');
    changed.length = 0;
    Object.assign(q, { query: { ...q.query, staleAfter } });
    states.change(q);
    expect(changed).toHaveLength(1);
    await clock.advance(fresh);
    expect(shown()).toBe('RUNNING');
    await clock.advance(1);
    expect(shown()).toBeUndefined();
  });

  it('waits only for the polls of watched queries that were registered at the start', () => {
    const { states } = setUp();
    states.register(handleOf(scheduledQuery({ name: 'scheduled' })));
    expect(states.untried).toBe(1);
    states.started();
    states.register(handleOf(watchedQuery({ name: 'later' })));
    expect(states.untried).toBe(1);
  });

  it('keeps a terminal status across a changed staleAfter', async () => {
    const { q, clock, states, shown } = setUp();
    states.pollSucceeded(q, 'FAILED');
    Object.assign(q, { query: { ...q.query, staleAfter: 1_000 } });
    states.change(q);
    await clock.advance(HOUR);
    expect(shown()).toBe('FAILED');
  });
});
