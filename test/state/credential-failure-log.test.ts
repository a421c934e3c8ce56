import { describe, expect, it } from 'vitest';
import { FailureLog } from '../../src/actions/failure-log.ts';
import { ApiError } from '../../src/aws/errors.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { watchedQuery } from '../support/watched-query.ts';

const CAUSE = 'container credentials: agent 127.0.0.5:80: HTTP 500: throttled';

function setUp() {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const failures = new FailureLog(clock, log);
  const queries = Array.from({ length: 30 }, (_, i) =>
    watchedQuery({ name: `q${i}`, account: `account-${i % 10}`, region: 'eu-west-1' }),
  );
  const fail = (query: (typeof queries)[number], message = `role arn:aws:iam::1:role/${query.account}: ${CAUSE}`) =>
    failures.failed(query, new ApiError('CredentialsError', 'GetQueryStatusMonitorTopContributors', message));
  return { clock, log, failures, queries, fail };
}

describe('CredentialFailureLog', () => {
  it('logs one cause once with the number of accounts and queries, and once when it ends', async () => {
    const { clock, log, failures, queries, fail } = setUp();
    for (let poll = 0; poll < 50; poll += 1) {
      queries.forEach((query) => {
        fail(query);
      });
      failures.credentials.failed({ account: 'account-3', region: undefined }, CAUSE);
      await clock.advance(1_000);
    }
    const fields = { accounts: 10, queries: 30, error: 'CredentialsError', reason: CAUSE };
    expect(log.events.splice(0)).toEqual([{ level: 'warn', msg: 'queries failed', fields }]);
    queries.forEach((query) => {
      failures.recovered(query);
    });
    expect(log.events).toEqual([
      { level: 'info', msg: 'queries recovered', fields: { error: 'CredentialsError', duration: '50s' } },
    ]);
  });

  it('logs a cause again once the number has doubled, and hourly', async () => {
    const { clock, log, queries, fail } = setUp();
    const [first] = queries;
    if (first !== undefined) {
      fail(first);
    }
    await clock.advance(5_000);
    expect(log.events.splice(0)).toMatchObject([{ fields: { account: 'account-0', query: 'q0' } }]);
    for (let minute = 0; minute < 119; minute += 1) {
      queries.forEach((query) => {
        fail(query);
      });
      await clock.advance(60_000);
    }
    expect(log.events.map(({ fields }) => fields['queries'])).toEqual([30, 30]);
  });

  it('logs each cause on its own line', async () => {
    const { clock, log, queries, fail } = setUp();
    for (const [i, query] of queries.entries()) {
      fail(query, i % 2 === 0 ? CAUSE : 'profile x: the profile was not found');
    }
    await clock.advance(5_000);
    expect(log.events.map(({ fields }) => fields['queries'])).toEqual([15, 15]);
  });

  it('logs a cause that ends immediately, unless its queries are removed', async () => {
    const { clock, log, failures, queries, fail } = setUp();
    const [first, second] = queries;
    if (first === undefined || second === undefined) {
      throw new Error('no queries');
    }
    fail(first);
    failures.recovered(first);
    expect(log.messages()).toEqual(['query failed', 'query recovered']);
    fail(second);
    failures.forget(second);
    await clock.advance(10_000);
    expect(log.events).toHaveLength(2);
  });
});
