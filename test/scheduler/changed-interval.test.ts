import { describe, expect, it } from 'vitest';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { type Pollable, type PollResult, Polls } from '../../src/scheduler/polls.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Handles } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MINUTE = 60_000;

interface MutableQuery extends Pollable {
  interval: number;
}

/** Polls queries with an interval of a minute. A poll lasts `duration` milliseconds. */
function polling(count: number, options: { duration?: number; result?: PollResult; isFinished?: boolean } = {}) {
  const { duration = 0, result = 'good', isFinished = false } = options;
  const clock = new FakeClock();
  const targets = new Targets(clock);
  const target = targets.add('default', 'eu-west-1', { requestsPerSecond: 50, maxConcurrentRequests: 8 });
  const dispatcher = new Dispatcher({ clock, log: new RecordingLog(), targets, concurrency: 64, timeLimit: MINUTE });
  const begun: { readonly name: string; readonly at: number }[] = [];
  const polls = new Polls<Pollable>({
    clock,
    targets,
    dispatcher,
    poll: async ({ name }) => {
      begun.push({ name, at: clock.monotonic() });
      await new Promise<void>((resolve) => clock.setTimer(duration, resolve));
      return result;
    },
    counted: () => undefined,
  });
  const handles = new Handles<Pollable>();
  const queries = Array.from({ length: count }, (_, i): MutableQuery => {
    return { name: `q${i}`, account: 'default', region: 'eu-west-1', interval: MINUTE };
  });
  polls.add(
    queries.map((query) => handles.add(query)),
    () => isFinished,
  );
  dispatcher.start();
  return {
    clock,
    polls,
    begun,
    target,
    remove: (name: string) => handles.with(name, (handle) => polls.remove(handle)),
    nextPoll: (name: string) => handles.with(name, (handle) => polls.nextPoll(handle)),
    change(interval: number) {
      for (const query of queries) {
        query.interval = interval;
        handles.with(query.name, (handle) => polls.change(handle));
      }
    },
    /** Returns the times of polls of a query since the last call. */
    times: (name: string) => begun.splice(0).flatMap((poll) => (poll.name === name ? [poll.at] : [])),
  };
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, i) => time - (times[i] ?? 0));
}

describe('a changed interval', () => {
  it('applies at once if it is shorter, at an even place', async () => {
    const { clock, begun, change } = polling(4);
    await clock.advance(2.5 * MINUTE);
    begun.splice(0);
    const changedAt = clock.monotonic();
    change(MINUTE / 6);
    await clock.advance(MINUTE);
    for (const name of ['q0', 'q1', 'q2', 'q3']) {
      const own = begun.filter((poll) => poll.name === name).map(({ at }) => at);
      expect(own.length, name).toBeGreaterThanOrEqual(6);
      expect((own[0] ?? Number.NaN) - changedAt, name).toBeLessThan(MINUTE / 6);
      expect(new Set(gaps(own)), name).toEqual(new Set([MINUTE / 6]));
    }
    const places = new Set(begun.map(({ at }) => at % (MINUTE / 6)));
    expect(places.size).toBe(4);
  });

  it('delays no poll if it is longer', async () => {
    const { clock, times, nextPoll, change } = polling(2);
    await clock.advance(2.5 * MINUTE);
    times('q1');
    const due = nextPoll('q1');
    change(10 * MINUTE);
    expect(nextPoll('q1')).toBe(due);
    await clock.advance(40 * MINUTE);
    const [first, ...others] = times('q1');
    // Timers have a precision of a millisecond.
    expect((first ?? Number.NaN) + clock.now() - clock.monotonic()).toBe(Math.ceil(due ?? Number.NaN));
    expect(others.length).toBeGreaterThanOrEqual(3);
    expect(new Set(gaps(others))).toEqual(new Set([10 * MINUTE]));
  });

  it('applies after a poll in flight', async () => {
    const { clock, times, nextPoll, change } = polling(1, { duration: 20_000 });
    await clock.advance(10_000);
    expect(nextPoll('q0')).toBeUndefined();
    change(MINUTE / 2);
    expect(nextPoll('q0')).toBeUndefined();
    await clock.advance(10 * MINUTE);
    const begun = times('q0');
    expect(begun.length).toBeGreaterThan(15);
    expect(new Set(gaps(begun.slice(1)))).toEqual(new Set([MINUTE / 2]));
  });

  it('changes nothing if it equals the earlier one', async () => {
    const { clock, times, nextPoll, change } = polling(2);
    await clock.advance(0.7 * MINUTE);
    const due = nextPoll('q1');
    change(MINUTE);
    expect(nextPoll('q1')).toBe(due);
    times('q1');
    await clock.advance(5 * MINUTE);
    expect(times('q1')).toHaveLength(5);
  });

  it.each([
    ['finished', { result: 'finished' }],
    ['that finished before', { isFinished: true }],
  ] as const)('does not resume the polls of a query %s', async (_name, options) => {
    const { clock, times, nextPoll, change } = polling(1, options);
    await clock.advance(MINUTE);
    times('q0');
    change(MINUTE / 6);
    expect(nextPoll('q0')).toBeUndefined();
    await clock.advance(10 * MINUTE);
    expect(times('q0')).toEqual([]);
  });

  it('does not resume the polls of a removed query', async () => {
    const { clock, begun, remove, change } = polling(1);
    await clock.advance(MINUTE);
    remove('q0');
    begun.splice(0);
    change(MINUTE / 6);
    await clock.advance(10 * MINUTE);
    expect(begun).toEqual([]);
  });

  it('changes the planned requests per second', () => {
    const { polls, target, change } = polling(30);
    expect(polls.planned().get(target)).toBe(0.5);
    change(MINUTE / 4);
    expect(polls.planned().get(target)).toBe(2);
  });
});

describe('the time of the next poll', () => {
  it('is on the wall clock, and not in the past if the poll is delayed', async () => {
    const { clock, nextPoll } = polling(1, { duration: 100 });
    await clock.advance(1_000);
    const next = nextPoll('q0') ?? Number.NaN;
    clock.jump(5_000);
    expect(nextPoll('q0')).toBe(next + 5_000);
    expect(next - clock.now()).toBeLessThanOrEqual(MINUTE);
  });
});
