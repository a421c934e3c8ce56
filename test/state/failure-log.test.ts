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
        new ApiError(error, OPERATION, 'no complete answer within 10 s', { attempts: 3, requestId: 'r-1' }),
      );
    },
    /** What was logged since the last time, with the number of queries or the query's name. */
    news: () => log.events.splice(0).map(({ msg, fields }) => `${msg} ${fields['query'] ?? fields['queries']}`),
  };
}

function queries(count: number, changes: Partial<WatchedQuery> = {}): WatchedQuery[] {
  return Array.from({ length: count }, (_, i) => watchedQuery({ ...changes, name: `q${i}` }));
}

describe('FailureLog', () => {
  it('tells when a failure begins, with all that is known, and when it ends', async () => {
    const { clock, log, failures, fail } = setUp();
    const query = watchedQuery({ name: 'q', account: 'payments', region: 'us-east-1' });
    fail(query);
    expect(log.events.splice(0)).toEqual([
      {
        level: 'warn',
        msg: 'query fails',
        fields: {
          account: 'payments',
          aws_region: 'us-east-1',
          query: 'q',
          operation: OPERATION,
          error: 'TimeoutError',
          attempts: 3,
          request_id: 'r-1',
          reason: 'no complete answer within 10 s',
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
        msg: 'query works again',
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

  it('has nothing to tell of queries that work', () => {
    const { log, failures } = setUp();
    failures.recovered(watchedQuery());
    failures.forget(watchedQuery());
    expect(log.events).toEqual([]);
  });

  it('reminds of a failure once an hour', async () => {
    const { clock, log, fail, news } = setUp();
    const query = watchedQuery({ name: 'q' });
    for (let minute = 0; minute <= 180; minute += 1) {
      fail(query);
      await clock.advance(60_000);
    }
    expect(log.events.map(({ fields }) => fields['duration'])).toEqual([undefined, '3600s', '7200s', '10800s']);
    expect(news()).toEqual(['query fails q', 'queries fail q', 'queries fail q', 'queries fail q']);
  });

  it('reminds once an hour of all queries that fail alike', async () => {
    const { clock, fail, news } = setUp();
    for (let minute = 0; minute < 180; minute += 1) {
      for (const query of queries(5)) {
        fail(query);
      }
      await clock.advance(60_000);
    }
    expect(news().slice(3)).toEqual(['queries fail 4', 'queries fail 5', 'queries fail 5']);
  });

  it('names the first queries that fail alike and counts the others, each time they are twice as many', () => {
    const { fail, news } = setUp();
    for (const query of queries(20)) {
      fail(query);
    }
    expect(news()).toEqual([
      'query fails q0',
      'query fails q1',
      'query fails q2',
      'queries fail 4',
      'queries fail 8',
      'queries fail 16',
    ]);
  });

  it('needs few lines for ten thousand queries that fail for an hour and work again', async () => {
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
      'query works again q0',
      'query works again q1',
      'query works again q2',
      'queries work again 8192',
    ]);
  });

  it('stays quiet when half of very many queries fail now and then', async () => {
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

  it('names a query that begins to fail after others have recovered', () => {
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
    expect(news()).toEqual(['query fails q3']);
    failures.recovered(d);
    expect(news()).toEqual(['query works again q3']);
  });

  it('names the last ones of many that still fail', () => {
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
    expect(news()).toEqual(['query fails q99']);
    failures.recovered(watchedQuery({ name: 'q99' }));
    expect(news()).toEqual(['query works again q99', 'queries work again 64']);
  });

  it('tells of a query that fails in another way now, and not that it works again', () => {
    const { failures, fail, news } = setUp();
    const query = watchedQuery({ name: 'q' });
    fail(query, 'TimeoutError');
    news();
    fail(query, 'NetworkError');
    expect(news()).toEqual(['query fails q']);
    failures.recovered(query);
    expect(news()).toEqual(['query works again q']);
  });

  it('does not say of many that fail in another way now that they work again', () => {
    const { log, failures, fail } = setUp();
    const all = queries(100);
    for (const error of ['TimeoutError', 'NetworkError'] as const) {
      for (const query of all) {
        fail(query, error);
      }
    }
    expect(log.messages()).not.toContain('queries work again');
    expect(log.events.at(-1)).toMatchObject({
      msg: 'queries no longer fail in this way',
      fields: { error: 'TimeoutError', queries: 64 },
    });
    for (const query of all) {
      failures.recovered(query);
    }
    expect(log.events.at(-1)).toMatchObject({ msg: 'queries work again', fields: { error: 'NetworkError' } });
  });

  it('forgets a query that is no longer polled, so that it does not keep the failure of others from ending', () => {
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
    expect(news()).toEqual(['query works again q1', 'query works again q2', 'queries no longer fail in this way 8']);
  });

  it('keeps targets and errors apart', () => {
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

  it('measures how long failures last whatever the wall clock says', async () => {
    const { clock, log, failures, fail } = setUp();
    const query = watchedQuery();
    fail(query);
    clock.jump(-10 * HOUR);
    await clock.advance(5_000);
    failures.recovered(query);
    expect(log.events.at(-1)?.fields).toMatchObject({ duration: '5s' });
  });
});
