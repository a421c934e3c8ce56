import { describe, expect, it } from 'vitest';
import { FailureLog } from '../../src/actions/failure-log.ts';
import { ApiError, type ApiErrorName } from '../../src/aws/errors.ts';
import type { WatchedQuery } from '../../src/model/query.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { watchedQuery } from '../support/watched-query.ts';

const OPERATION = 'GetQueryStatusMonitorTopContributors';
const HOUR = 3_600_000;

function setUp() {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const failures = new FailureLog(clock, log);
  return {
    clock,
    log,
    failures,
    fail(query: WatchedQuery, error: ApiErrorName = 'TimeoutError') {
      failures.failed(
        query,
        new ApiError(error, OPERATION, 'no complete response within 10 s', { attempts: 3, requestId: 'r-1' }),
      );
    },
    /** Returns the messages since the last call, with the number of queries or the name of the query. */
    news: () => log.events.splice(0).map(({ msg, fields }) => `${msg} ${fields['query'] ?? fields['queries']}`),
  };
}

function queries(count: number, changes: Partial<WatchedQuery> = {}): WatchedQuery[] {
  return Array.from({ length: count }, (_, i) => watchedQuery({ ...changes, name: `q${i}` }));
}

describe('FailureLog', () => {
  it('logs a failure with its details when it begins, and when it ends', async () => {
    const { clock, log, failures, fail } = setUp();
    const query = watchedQuery({ name: 'q', account: 'payments', region: 'us-east-1' });
    fail(query);
    expect(log.events.splice(0)).toEqual([
      {
        level: 'warn',
        msg: 'query failed',
        fields: {
          account: 'payments',
          aws_region: 'us-east-1',
          query: 'q',
          operation: OPERATION,
          error: 'TimeoutError',
          attempts: 3,
          request_id: 'r-1',
          reason: 'no complete response within 10 s',
        },
      },
    ]);
    await clock.advance(90_000);
    fail(query);
    expect(log.events).toEqual([]);
    failures.recovered(query);
    expect(log.events).toEqual([
      {
        level: 'info',
        msg: 'query recovered',
        fields: {
          account: 'payments',
          aws_region: 'us-east-1',
          query: 'q',
          operation: OPERATION,
          error: 'TimeoutError',
          duration: '90s',
        },
      },
    ]);
  });

  it('logs nothing about successful queries', () => {
    const { log, failures } = setUp();
    failures.recovered(watchedQuery());
    failures.forget(watchedQuery());
    expect(log.events).toEqual([]);
  });

  it('logs a lasting failure hourly', async () => {
    const { clock, log, fail, news } = setUp();
    const query = watchedQuery({ name: 'q' });
    for (let minute = 0; minute <= 180; minute += 1) {
      fail(query);
      await clock.advance(60_000);
    }
    expect(log.events.map(({ fields }) => fields['duration'])).toEqual([undefined, '3600s', '7200s', '10800s']);
    expect(news()).toEqual(['query failed q', 'queries failed q', 'queries failed q', 'queries failed q']);
  });

  it('logs all queries with the same failure on one hourly line', async () => {
    const { clock, fail, news } = setUp();
    for (let minute = 0; minute < 180; minute += 1) {
      for (const query of queries(5)) {
        fail(query);
      }
      await clock.advance(60_000);
    }
    expect(news().slice(3)).toEqual(['queries failed 4', 'queries failed 5', 'queries failed 5']);
  });

  it('logs the first queries with the same failure by name, then their number each time it doubles', () => {
    const { fail, news } = setUp();
    for (const query of queries(20)) {
      fail(query);
    }
    expect(news()).toEqual([
      'query failed q0',
      'query failed q1',
      'query failed q2',
      'queries failed 4',
      'queries failed 8',
      'queries failed 16',
    ]);
  });

  it('logs few lines for ten thousand queries that fail for an hour and recover', async () => {
    const { clock, failures, fail, news } = setUp();
    const all = queries(10_000);
    for (let round = 0; round < 10; round += 1) {
      for (const query of all) {
        fail(query);
      }
      await clock.advance(300_000);
    }
    expect(news()).toHaveLength(3 + 12);
    for (const query of all) {
      failures.recovered(query);
    }
    expect(news()).toEqual([
      'query recovered q0',
      'query recovered q1',
      'query recovered q2',
      'queries recovered 8192',
    ]);
  });

  it('logs few lines if half of very many queries failed occasionally', async () => {
    const { clock, failures, fail, news } = setUp();
    const all = queries(1_000);
    let state = 1;
    for (let round = 0; round < 50; round += 1) {
      for (const query of all) {
        state = (state * 16_807) % 2_147_483_647;
        if (state % 2 === 0) {
          fail(query);
        } else {
          failures.recovered(query);
        }
      }
      await clock.advance(30_000);
    }
    expect(news().length).toBeLessThan(40);
  });

  it('logs a query by name that fails after others have recovered', () => {
    const { failures, fail, news } = setUp();
    const [a, b, c, d] = queries(4);
    if (a === undefined || b === undefined || c === undefined || d === undefined) {
      throw new Error('four queries were made');
    }
    for (const query of [a, b, c]) {
      fail(query);
    }
    failures.recovered(a);
    news();
    fail(d);
    expect(news()).toEqual(['query failed q3']);
    failures.recovered(d);
    expect(news()).toEqual(['query recovered q3']);
  });

  it('logs the last failing queries of many by name', () => {
    const { failures, fail, news } = setUp();
    const all = queries(100);
    for (const query of all) {
      fail(query);
    }
    for (const query of all.slice(0, 99)) {
      failures.recovered(query);
    }
    news();
    fail(watchedQuery({ name: 'q99' }));
    expect(news()).toEqual(['query failed q99']);
    failures.recovered(watchedQuery({ name: 'q99' }));
    expect(news()).toEqual(['query recovered q99', 'queries recovered 64']);
  });

  it('logs a changed failure of a query without logging a recovery', () => {
    const { failures, fail, news } = setUp();
    const query = watchedQuery({ name: 'q' });
    fail(query, 'TimeoutError');
    news();
    fail(query, 'NetworkError');
    expect(news()).toEqual(['query failed q']);
    failures.recovered(query);
    expect(news()).toEqual(['query recovered q']);
  });

  it('logs changed failures of many queries without logging a recovery', () => {
    const { log, failures, fail } = setUp();
    const all = queries(100);
    for (const error of ['TimeoutError', 'NetworkError'] as const) {
      for (const query of all) {
        fail(query, error);
      }
    }
    expect(log.messages()).not.toContain('queries recovered');
    expect(log.events.at(-1)).toMatchObject({
      msg: 'query failures ended',
      fields: { error: 'TimeoutError', queries: 64 },
    });
    for (const query of all) {
      failures.recovered(query);
    }
    expect(log.events.at(-1)).toMatchObject({ msg: 'queries recovered', fields: { error: 'NetworkError' } });
  });

  it('forgets a removed query, so that the failure of others can end', () => {
    const { failures, fail, news } = setUp();
    const all = queries(10);
    for (const query of all) {
      fail(query, 'ResourceNotFoundException');
    }
    news();
    for (const query of all) {
      if (query.name === 'q0') {
        failures.forget(query);
      } else {
        failures.recovered(query);
      }
    }
    expect(news()).toEqual(['query recovered q1', 'query recovered q2', 'query failures ended 8']);
  });

  it('groups failures by target and error', () => {
    const { fail, news } = setUp();
    for (const region of ['eu-west-1', 'us-east-1']) {
      for (const account of ['a', 'b']) {
        for (const error of ['TimeoutError', 'NetworkError'] as const) {
          fail(watchedQuery({ name: `${region} ${account} ${error}`, region, account }), error);
        }
      }
    }
    expect(news()).toHaveLength(8);
    expect(news()).toEqual([]);
  });

  it('measures the duration of failures by the monotonic clock', async () => {
    const { clock, log, failures, fail } = setUp();
    const query = watchedQuery();
    fail(query);
    clock.jump(-10 * HOUR);
    await clock.advance(5_000);
    failures.recovered(query);
    expect(log.events.at(-1)?.fields).toMatchObject({ duration: '5s' });
  });
});
