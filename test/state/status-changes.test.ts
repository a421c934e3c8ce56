import { describe, expect, test } from 'vitest';
import { QueryStates } from '../../src/state/query-state.ts';
import { RunStates } from '../../src/state/run-state.ts';
import { type StatusChange, StatusChanges } from '../../src/state/status-changes.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { watchedQuery } from '../support/watched-query.ts';

function setUp() {
  const clock = new FakeClock();
  const states = new QueryStates({ clock, giveUpAfter: 3_600_000 });
  const runStates = new RunStates(clock);
  const changes = new StatusChanges({ clock, states, runStates });
  for (const name of ['a', 'b']) {
    states.register(watchedQuery({ name }));
  }
  return { clock, states, runStates, changes };
}

type Parts = ReturnType<typeof setUp>;

describe('changes of status', () => {
  test.each<[string, (parts: Parts) => void]>([
    ['a first status', ({ states }) => states.answered('a', 'QUEUED')],
    ['an error', ({ states }) => states.failed('a', { error: 'TimeoutError', message: '' })],
    ['a query that comes', ({ states }) => states.register(watchedQuery({ name: 'c' }))],
    ['a query that leaves', ({ states }) => states.remove('a')],
    [
      'another query of the same name',
      ({ states }) => {
        states.remove('a');
        states.register(watchedQuery({ name: 'a', queryId: 'other' }));
      },
    ],
    [
      'several changes in a row',
      ({ states }) => {
        states.answered('a', 'QUEUED');
        states.answered('a', 'RUNNING');
      },
    ],
  ])('%s is told once, and within half a second', async (_, change) => {
    const parts = setUp();
    const told: StatusChange[] = [];
    parts.changes.subscribe((each) => told.push(...each));
    await parts.clock.advance(2_000);
    expect(told).toEqual([]);
    change(parts);
    await parts.clock.advance(500);
    expect(told).toHaveLength(1);
    await parts.clock.advance(10_000);
    expect(told).toHaveLength(1);
  });

  test('tells which query it was, and whether it has left', async () => {
    const { clock, states, changes } = setUp();
    const told: StatusChange[] = [];
    changes.subscribe((each) => told.push(...each));
    states.answered('b', 'RUNNING');
    states.remove('a');
    await clock.advance(500);
    expect(told).toEqual([
      { name: 'b', kind: 'changed' },
      { name: 'a', kind: 'removed' },
    ]);
  });

  test('the same answer again is none, nor is the same error; a status that grows too old is one', async () => {
    const { clock, states, changes } = setUp();
    states.answered('a', 'RUNNING');
    states.failed('b', { error: 'TimeoutError', message: 'one' });
    const told: StatusChange[] = [];
    changes.subscribe((each) => told.push(...each));
    await clock.advance(1_000);
    states.answered('a', 'RUNNING');
    states.failed('b', { error: 'TimeoutError', message: 'two' });
    await clock.advance(299_000);
    expect(told).toEqual([]);
    await clock.advance(1_500);
    expect(told).toEqual([{ name: 'a', kind: 'changed' }]);
    states.failed('b', { error: 'NetworkError', message: 'three' });
    await clock.advance(500);
    states.requestFailed('b', { operation: 'stop', error: 'NetworkError', message: 'four' });
    await clock.advance(500);
    expect(told.slice(1)).toEqual([
      { name: 'b', kind: 'changed' },
      { name: 'b', kind: 'changed' },
    ]);
  });

  test('the end of a run is one', async () => {
    const { clock, states, runStates, changes } = setUp();
    states.register(scheduledQuery({ name: 's' }));
    runStates.register(scheduledQuery({ name: 's' }));
    const told: StatusChange[] = [];
    changes.subscribe((each) => told.push(...each));
    runStates.ended('s', 'failed', 1_000);
    await clock.advance(500);
    runStates.skipped('s', 2);
    await clock.advance(500);
    expect(told).toEqual([
      { name: 's', kind: 'changed' },
      { name: 's', kind: 'changed' },
    ]);
    expect(runStates.get('s')?.recent.list()).toMatchObject([
      { outcome: 'failed', duration: 1_000 },
      { outcome: 'skipped', duration: undefined },
    ]);
  });

  test('nothing is looked at while nobody listens', async () => {
    const { clock, states, changes } = setUp();
    let looks = 0;
    const all = states.all.bind(states);
    states.all = () => {
      looks += 1;
      return all();
    };
    await clock.advance(5_000);
    expect(looks).toBe(0);
    const told: StatusChange[] = [];
    const leave = changes.subscribe((each) => told.push(...each));
    await clock.advance(5_000);
    expect(looks).toBeGreaterThan(5);
    leave();
    leave();
    looks = 0;
    states.answered('a', 'RUNNING');
    await clock.advance(5_000);
    expect(looks).toBe(0);
    changes.subscribe((each) => told.push(...each));
    await clock.advance(5_000);
    expect(told).toEqual([]);
  });
});
