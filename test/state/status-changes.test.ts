import { describe, expect, test } from 'vitest';
import { QueryStates } from '../../src/state/query-state.ts';
import { RunStates } from '../../src/state/run-state.ts';
import { type StatusChange, StatusChanges } from '../../src/state/status-changes.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { watchedQuery } from '../support/watched-query.ts';

function setUp() {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const states = new QueryStates({ clock, giveUpAfter: 3_600_000, log });
  const runStates = new RunStates({ clock, log, changed: states.changed });
  const changes = new StatusChanges({ clock, states, log });
  const a = handleOf(watchedQuery({ name: 'a' }));
  const b = handleOf(watchedQuery({ name: 'b' }));
  states.register(a);
  states.register(b);
  return { clock, states, runStates, changes, a, b };
}

type Parts = ReturnType<typeof setUp>;

describe('StatusChanges', () => {
  test.each<[string, (parts: Parts) => void]>([
    ['a first status', ({ states, a }) => states.pollSucceeded(a, 'QUEUED')],
    ['an error', ({ states, a }) => states.pollFailed(a, { error: 'TimeoutError', message: '' })],
    ['a registered query', ({ states }) => states.register(handleOf(watchedQuery({ name: 'c' })))],
    ['a query that leaves', ({ states, a }) => states.remove(a)],
    [
      'another query of the same name',
      ({ states, a }) => {
        states.remove(a);
        states.register(handleOf(watchedQuery({ name: 'a', queryId: 'other' })));
      },
    ],
    [
      'several changes in a row',
      ({ states, a }) => {
        states.pollSucceeded(a, 'QUEUED');
        states.pollSucceeded(a, 'RUNNING');
      },
    ],
  ])('reports %s once within half a second', async (_, change) => {
    const parts = setUp();
    const received: StatusChange[] = [];
    parts.changes.subscribe((each) => received.push(...each));
    await parts.clock.advance(2_000);
    expect(received).toEqual([]);
    change(parts);
    await parts.clock.advance(500);
    expect(received).toHaveLength(1);
    await parts.clock.advance(10_000);
    expect(received).toHaveLength(1);
  });

  test('reports the name of a changed query and whether it was removed', async () => {
    const { clock, states, changes, a, b } = setUp();
    const received: StatusChange[] = [];
    changes.subscribe((each) => received.push(...each));
    states.pollSucceeded(b, 'RUNNING');
    states.remove(a);
    await clock.advance(500);
    expect(received).toEqual([
      { name: 'b', kind: 'changed' },
      { name: 'a', kind: 'removed' },
    ]);
  });

  test('reports a status that becomes stale but no repeated status or error', async () => {
    const { clock, states, changes, a, b } = setUp();
    states.pollSucceeded(a, 'RUNNING');
    states.pollFailed(b, { error: 'TimeoutError', message: 'one' });
    const received: StatusChange[] = [];
    changes.subscribe((each) => received.push(...each));
    await clock.advance(1_000);
    states.pollSucceeded(a, 'RUNNING');
    states.pollFailed(b, { error: 'TimeoutError', message: 'two' });
    await clock.advance(299_000);
    expect(received).toEqual([]);
    await clock.advance(1_500);
    expect(received).toEqual([{ name: 'a', kind: 'changed' }]);
    states.pollFailed(b, { error: 'NetworkError', message: 'three' });
    await clock.advance(500);
    states.callFailed(b, { operation: 'stop', error: 'NetworkError', message: 'four' });
    await clock.advance(500);
    expect(received.slice(1)).toEqual([
      { name: 'b', kind: 'changed' },
      { name: 'b', kind: 'changed' },
    ]);
  });

  test('reports the end of a run', async () => {
    const { clock, states, runStates, changes } = setUp();
    const s = handleOf(scheduledQuery({ name: 's' }));
    states.register(s);
    runStates.register(s);
    const received: StatusChange[] = [];
    changes.subscribe((each) => received.push(...each));
    runStates.ended(s, 'failed', 1_000);
    await clock.advance(500);
    runStates.skipped(s, 2);
    await clock.advance(500);
    expect(received).toEqual([
      { name: 's', kind: 'changed' },
      { name: 's', kind: 'changed' },
    ]);
    expect(runStates.get(s)?.recent.list()).toMatchObject([
      { outcome: 'failed', duration: 1_000 },
      { outcome: 'skipped', duration: undefined },
    ]);
  });

  test('reports a stale status that is confirmed again', async () => {
    const { clock, states, changes, a } = setUp();
    states.pollSucceeded(a, 'RUNNING');
    const received: StatusChange[] = [];
    changes.subscribe((each) => received.push(...each));
    await clock.advance(301_000);
    expect(received.splice(0)).toEqual([{ name: 'a', kind: 'changed' }]);
    states.pollFailed(a, { error: 'TimeoutError', message: '' });
    await clock.advance(500);
    expect(received.splice(0)).toHaveLength(1);
    states.callSucceeded(a);
    await clock.advance(500);
    expect(received.splice(0)).toHaveLength(1);
    states.pollSucceeded(a, 'RUNNING');
    await clock.advance(500);
    expect(received.splice(0)).toEqual([{ name: 'a', kind: 'changed' }]);
    await clock.advance(299_000);
    expect(received).toEqual([]);
    await clock.advance(1_500);
    expect(received).toHaveLength(1);
  });

  test('checks nothing without listeners, and all queries only when a status may be stale', async () => {
    const { clock, states, changes, a, b } = setUp();
    let looks = 0;
    const all = states.all.bind(states);
    states.all = () => {
      looks += 1;
      return all();
    };
    await clock.advance(5_000);
    expect(looks).toBe(0);
    const received: StatusChange[] = [];
    const leave = changes.subscribe((each) => received.push(...each));
    states.pollSucceeded(a, 'RUNNING');
    for (let second = 0; second < 299; second += 1) {
      await clock.advance(1_000);
      states.pollSucceeded(b, 'RUNNING');
    }
    expect(looks).toBe(1);
    await clock.advance(5_000);
    expect(looks).toBe(2);
    leave();
    leave();
    looks = 0;
    states.pollSucceeded(a, 'RUNNING');
    await clock.advance(5_000);
    expect(looks).toBe(0);
    received.length = 0;
    changes.subscribe((each) => received.push(...each));
    await clock.advance(5_000);
    expect(received).toEqual([]);
  });

  test('sets no timer after the last listener was removed, and reports nothing of the time in between', async () => {
    const { clock, states, changes, a, b } = setUp();
    const received: StatusChange[] = [];
    const first = changes.subscribe(() => undefined);
    const second = changes.subscribe((each) => received.push(...each));
    first();
    states.pollSucceeded(a, 'RUNNING');
    await clock.advance(500);
    expect(received.splice(0), 'a listener is left').toHaveLength(1);
    states.pollSucceeded(b, 'RUNNING');
    expect(clock.timers).toBeGreaterThan(0);
    second();
    expect(clock.timers).toBe(0);
    // It becomes stale, and is confirmed, without a listener.
    await clock.advance(301_000);
    changes.subscribe((each) => received.push(...each));
    await clock.advance(1_000);
    expect(received).toEqual([]);
    states.pollSucceeded(a, 'RUNNING');
    await clock.advance(500);
    expect(received).toEqual([{ name: 'a', kind: 'changed' }]);
  });
});
