import { describe, expect, it } from 'vitest';
import { summarize } from '../../src/daemon/summary.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { ApiStats } from '../../src/state/api-stats.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { watchedQuery } from '../support/watched-query.ts';

const OPERATION = 'GetQueryStatusMonitorTopContributors';
const QUARTER = 15 * 60_000;

describe('summarize', () => {
  it('logs a summary of each target every 15 minutes at level info', async () => {
    const clock = new FakeClock();
    const log = new RecordingLog();
    const targets = new Targets(clock);
    const stats = new ApiStats(log);
    const [a, b] = ['a', 'b'].map((account) =>
      targets.add(account, 'eu-west-1', { requestsPerSecond: 5, maxConcurrentRequests: 8 }),
    );
    if (a === undefined || b === undefined) {
      throw new Error('two targets were made');
    }
    stats.expect(a, watchedQuery());
    stats.expect(b, watchedQuery());
    const stop = summarize(stats, clock, log);

    stats.attempted(a, OPERATION, { seconds: 0.1, error: undefined, up: true });
    stats.attempted(a, OPERATION, { seconds: 0.1, error: 'ThrottlingException', up: false });
    await clock.advance(QUARTER - 1);
    expect(log.events).toEqual([]);
    await clock.advance(1);
    const line = (account: string, requests: number, errors: number) => ({
      level: 'info',
      msg: 'requests summarized',
      fields: { account, aws_region: 'eu-west-1', requests, errors, duration: '900s' },
    });
    expect(log.events).toEqual([line('a', 2, 1), line('b', 0, 0)]);

    stats.attempted(b, OPERATION, { seconds: 0.1, error: undefined, up: true });
    await clock.advance(QUARTER);
    expect(log.events.slice(2)).toEqual([line('a', 0, 0), line('b', 1, 0)]);

    stop();
    await clock.advance(2 * QUARTER);
    expect(log.events).toHaveLength(4);
  });
});
