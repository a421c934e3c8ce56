import { describe, expect, it } from 'vitest';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import type { Priority } from '../../src/scheduler/lane.ts';
import { type Target, Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

/** A request that ends after a second with a response, unless it has other values. */
interface Request {
  readonly target: Target;
  readonly priority?: Priority;
  readonly due?: number;
  readonly failing?: boolean;
  readonly takes?: number;
  readonly result?: 'good' | 'silent';
}

/** Makes requests of targets with a limit of four requests in flight each. `at` has the times of the requests. */
function setUp(concurrency = 64) {
  const clock = new FakeClock();
  const targets = new Targets(clock);
  const dispatcher = new Dispatcher({ clock, log: new RecordingLog(), targets, concurrency, timeLimit: 600_000 });
  const limits = { requestsPerSecond: 1_000, maxConcurrentRequests: 4 };
  const made: string[] = [];
  const at: number[] = [];
  const inFlight = new Map<Target, number>();
  const count = (target: Target, change: number) => inFlight.set(target, (inFlight.get(target) ?? 0) + change);
  const add = (name: string, { target, takes = 1_000, result = 'good', ...request }: Request) =>
    dispatcher.add<'good'>({
      target,
      priority: 'poll',
      due: clock.monotonic(),
      failing: false,
      ...request,
      async run() {
        made.push(name);
        at.push(clock.monotonic());
        count(target, 1);
        await new Promise<void>((resolve) => clock.setTimer(takes, resolve));
        count(target, -1);
        return result;
      },
      ended: () => undefined,
    });
  dispatcher.start();
  return {
    clock,
    targets,
    dispatcher,
    made,
    at,
    limits,
    target: (account: string) => targets.add(account, 'eu-west-1', limits),
    inFlight: (target: Target) => inFlight.get(target) ?? 0,
    add,
    addAll(count: number, request: Request) {
      for (let i = 0; i < count; i += 1) {
        add(`${request.target.account}-${i}`, request);
      }
    },
  };
}

describe('the slots of a target', () => {
  it('limit its requests in flight, also after the limit is reduced', async () => {
    const { clock, targets, limits, target, inFlight, addAll } = setUp();
    const a = target('a');
    addAll(12, { target: a });
    await clock.advance(500);
    expect(inFlight(a)).toBe(4);
    targets.add('a', 'eu-west-1', { ...limits, maxConcurrentRequests: 3 });
    await clock.advance(1_000);
    expect(inFlight(a)).toBe(3);
  });

  it('take the most urgent due request first, and healthy ones before failing ones', async () => {
    const { clock, targets, limits, target, made, add } = setUp();
    const a = target('a');
    targets.add('a', 'eu-west-1', { ...limits, maxConcurrentRequests: 1 });
    add('in flight', { target: a });
    await clock.advance(500);
    add('later stop', { target: a, priority: 'stop', due: 3_500 });
    add('early list', { target: a, priority: 'list', due: 100 });
    add('failing poll', { target: a, failing: true, due: 400 });
    add('poll', { target: a, due: 400 });
    await clock.advance(10_000);
    expect(made).toEqual(['in flight', 'poll', 'failing poll', 'early list', 'later stop']);
  });

  it('are at most half in use for failing requests', async () => {
    const { clock, target, made, inFlight, addAll } = setUp();
    const a = target('a');
    addAll(4, { target: a, failing: true });
    await clock.advance(500);
    expect(inFlight(a)).toBe(2);
    await clock.advance(1_000);
    expect(inFlight(a)).toBe(2);
    expect(made).toHaveLength(4);
  });

  it('are in use as soon as a request of any kind is due', async () => {
    const { clock, dispatcher, target, at, add } = setUp();
    const a = target('a');
    add('first', { target: a, due: 300 });
    add('list', { target: a, priority: 'list', due: 1_200 });
    add('stop', { target: a, priority: 'stop', due: 900 });
    add('poll', { target: a, due: 600 });
    await clock.advance(2_000);
    expect(at).toEqual([300, 600, 900, 1_200]);
    expect(dispatcher.lag('poll')).toBe(0);
  });

  it('are the reason for a lag if all of them are in use', async () => {
    const { clock, dispatcher, target, addAll } = setUp();
    const a = target('a');
    addAll(4, { target: a, takes: 10_000 });
    await clock.advance(1_000);
    addAll(1, { target: a });
    await clock.advance(2_500);
    expect([dispatcher.lag('poll'), dispatcher.lag('run')]).toEqual([2.5, 0]);
  });

  it('are two while the target is silent, and double with each response', async () => {
    const { clock, targets, limits, inFlight, add, addAll } = setUp();
    const a = targets.add('a', 'eu-west-1', { ...limits, maxConcurrentRequests: 8 });
    addAll(4, { target: a, result: 'silent' });
    await clock.advance(1_500);
    addAll(2, { target: a, due: 1_200, result: 'silent' });
    add('responding', { target: a, due: 1_300, takes: 500 });
    addAll(8, { target: a, due: 1_400, takes: 5_000 });
    await clock.advance(100);
    expect(inFlight(a), 'no slots were lost while nothing waited').toBe(2);
    await clock.advance(1_000);
    expect(inFlight(a)).toBe(2);
    await clock.advance(500);
    expect(inFlight(a), 'after one response').toBe(4);
  });

  it('stay as they are if a request gets no response that was sent before another got one', async () => {
    const { clock, target, inFlight, add, addAll } = setUp();
    const a = target('a');
    add('silent', { target: a, takes: 2_000, result: 'silent' });
    addAll(3, { target: a });
    await clock.advance(2_100);
    addAll(4, { target: a });
    await clock.advance(100);
    expect(inFlight(a)).toBe(4);
  });
});

describe('the slots of all targets', () => {
  it('are used by the targets in turn', async () => {
    const { clock, target, made, addAll } = setUp(1);
    addAll(3, { target: target('a') });
    addAll(3, { target: target('b') });
    await clock.advance(10_000);
    expect(made.map((name) => name[0])).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  it('are used by the others after a target is forgotten', async () => {
    const { clock, dispatcher, target, made, add } = setUp();
    const [a, b] = [target('a'), target('b')];
    add('a', { target: a });
    add('b', { target: b, due: 5_000 });
    await clock.advance(2_000);
    dispatcher.forget(a);
    dispatcher.forget(a);
    await clock.advance(10_000);
    expect(made).toEqual(['a', 'b']);
  });

  it('are all used by one target if no other has requests', async () => {
    const { clock, target, inFlight, add, addAll } = setUp(4);
    const [a, b] = [target('a'), target('b')];
    add('ended', { target: b, takes: 10 });
    await clock.advance(100);
    addAll(4, { target: a });
    await clock.advance(100);
    expect(inFlight(a)).toBe(4);
  });

  it('include one for a target whose requests failed before', async () => {
    const { clock, target, inFlight, add, addAll } = setUp(4);
    const [a, b] = [target('a'), target('b')];
    add('waiting', { target: b, failing: true, due: 60_000 });
    addAll(4, { target: a });
    await clock.advance(100);
    expect(inFlight(a)).toBe(3);
  });

  it('are half in use by one target while any number of others wait', async () => {
    const { clock, target, inFlight, add, addAll } = setUp(4);
    for (let i = 0; i < 10; i += 1) {
      add('waiting', { target: target(`other-${i}`), due: 60_000 });
    }
    const a = target('a');
    addAll(4, { target: a });
    await clock.advance(100);
    expect(inFlight(a)).toBe(2);
  });

  it('are more at once if the limit is raised', async () => {
    const { clock, dispatcher, target, inFlight, addAll } = setUp(2);
    const a = target('a');
    addAll(4, { target: a });
    await clock.advance(100);
    expect(inFlight(a)).toBe(2);
    dispatcher.setLimits({ concurrency: 4, timeLimit: 600_000 });
    await clock.advance(1);
    expect(inFlight(a)).toBe(4);
  });
});
