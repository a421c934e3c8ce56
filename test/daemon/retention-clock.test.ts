import { expect, test } from 'vitest';
import { Retention } from '../../src/registry/retention.ts';
import { QueryStates } from '../../src/state/query-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { watchedQuery } from '../support/watched-query.ts';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** A registered query that has ended just now, and the names of those that were removed since. */
function setUp(clock: FakeClock) {
  const states = new QueryStates({ clock, giveUpAfter: HOUR });
  const query = watchedQuery({ source: 'http' });
  states.register(query);
  states.answered(query.name, 'SUCCEEDED');
  const removed: string[] = [];
  const retention = new Retention({
    clock,
    retention: () => HOUR,
    state: (name) => states.get(name),
    log: new RecordingLog(),
    remove: async (name) => removed.push(name) > 0,
  });
  return { states, retention, removed };
}

test.each([2 * HOUR, YEAR, -2 * HOUR, -YEAR])(
  'a query stays for its retention, though the clock jumps by %i ms before a reload',
  async (jump) => {
    const clock = new FakeClock();
    const { states, retention, removed } = setUp(clock);
    retention.reconsider(states.all());
    await clock.advance(HOUR / 2);
    clock.jump(jump);
    retention.reconsider(states.all());
    await clock.advance(HOUR / 2 - 1_000);
    expect(removed).toEqual([]);
    await clock.advance(2_000);
    expect(removed).toHaveLength(1);
  },
);

test('a query whose end was seen by a clock that was ahead stays for its retention, and no longer', async () => {
  const clock = new FakeClock();
  clock.jump(YEAR);
  const { states, retention, removed } = setUp(clock);
  clock.jump(-YEAR);
  retention.reconsider(states.all());
  await clock.advance(HOUR + 1_000);
  expect(removed).toHaveLength(1);
});
