import { expect, test } from 'vitest';
import { Retention } from '../../src/registry/retention.ts';
import { QueryStates } from '../../src/state/query-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { watchedQuery } from '../support/watched-query.ts';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** A registered query that has ended just now, and the names of those that were removed since. */
function setUp(clock: FakeClock) {
  const states = new QueryStates({ clock, giveUpAfter: HOUR, log: new RecordingLog() });
  const registration = handleOf(watchedQuery({ source: 'http' }));
  const state = states.register(registration);
  states.pollSucceeded(registration, 'SUCCEEDED');
  const removed: string[] = [];
  const retention = new Retention({
    clock,
    retention: () => HOUR,
    log: new RecordingLog(),
    remove: async (name) => removed.push(name) > 0,
  });
  /** A reload, after which all that is known is known again. */
  const reconsider = () => {
    retention.reconsider();
    retention.changed(state);
  };
  return { reconsider, removed };
}

test.each([2 * HOUR, YEAR, -2 * HOUR, -YEAR])(
  'a query stays for its retention, though the clock jumps by %i ms before a reload',
  async (jump) => {
    const clock = new FakeClock();
    const { reconsider, removed } = setUp(clock);
    reconsider();
    await clock.advance(HOUR / 2);
    clock.jump(jump);
    reconsider();
    await clock.advance(HOUR / 2 - 1_000);
    expect(removed).toEqual([]);
    await clock.advance(2_000);
    expect(removed).toHaveLength(1);
  },
);

test('keeps a query whose end was observed by a fast clock for exactly its retention', async () => {
  const clock = new FakeClock();
  clock.jump(YEAR);
  const { reconsider, removed } = setUp(clock);
  clock.jump(-YEAR);
  reconsider();
  await clock.advance(HOUR + 1_000);
  expect(removed).toHaveLength(1);
});
