import { describe, expect, it } from 'vitest';
import { Dispatcher, SHUTDOWN } from '../../src/scheduler/dispatcher.ts';
import { PRIORITIES, type Priority } from '../../src/scheduler/lane.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const LIMIT = 90_000;

/** Requests end when they are aborted, or after one attempt if a budget is set. */
function setUp(budget?: { readonly requestsPerSecond: number }) {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const targets = new Targets(clock);
  const limits = { requestsPerSecond: 100, maxConcurrentRequests: 8, ...budget };
  const target = targets.add('default', 'eu-west-1', limits);
  const dispatcher = new Dispatcher({ clock, log, targets, concurrency: 8, timeLimit: LIMIT });
  const started: Priority[] = [];
  const aborted = new Map<Priority, unknown>();
  const ended: string[] = [];
  const attempt = async (signal: AbortSignal) => {
    const place = target.budget.reserve();
    await target.budget.acquire(signal);
    place();
    return 'good' as const;
  };
  const add = (priority: Priority) =>
    dispatcher.add<'good'>({
      target,
      priority,
      due: clock.monotonic(),
      failing: false,
      run(signal) {
        started.push(priority);
        if (budget !== undefined) {
          return attempt(signal);
        }
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.set(priority, signal.reason);
            resolve('silent');
          });
        });
      },
      ended: (result) => ended.push(`${priority} ${result}`),
    });
  dispatcher.start();
  return { clock, log, targets, target, dispatcher, started, aborted, ended, add };
}

describe('Dispatcher', () => {
  it('aborts requests in flight on shutdown except starts and stops', async () => {
    const { clock, dispatcher, aborted, add } = setUp();
    for (const priority of PRIORITIES) {
      add(priority);
    }
    await clock.advance(0);
    dispatcher.windDown();
    expect([...aborted.keys()].sort()).toEqual(
      PRIORITIES.filter((priority) => priority !== 'start' && priority !== 'stop').sort(),
    );
    expect(new Set(aborted.values())).toEqual(new Set([SHUTDOWN]));
    dispatcher.stop();
    expect([...aborted.keys()].sort()).toEqual([...PRIORITIES].sort());
  });

  it('makes only stops after the shutdown has begun', async () => {
    const { clock, dispatcher, started, add } = setUp();
    dispatcher.windDown();
    for (const priority of PRIORITIES) {
      add(priority);
    }
    await clock.advance(1_000);
    expect(started).toEqual(['stop']);
  });

  it('makes no request before the start or after the stop', async () => {
    const { clock, targets, dispatcher: started } = setUp();
    started.stop();
    const made: string[] = [];
    const limits = { concurrency: 8, timeLimit: LIMIT };
    const idle = new Dispatcher({ clock, log: new RecordingLog(), targets, ...limits });
    const add = (dispatcher: Dispatcher, name: string) =>
      dispatcher.add<'good'>({
        target: targets.get('default', 'eu-west-1'),
        priority: 'poll',
        due: clock.monotonic(),
        failing: false,
        async run() {
          made.push(name);
          return 'good';
        },
        ended: () => undefined,
      });
    add(started, 'after the stop');
    add(idle, 'before the start');
    await clock.advance(5_000);
    expect(made).toEqual([]);
    idle.start();
    await clock.advance(1);
    expect(made).toEqual(['before the start']);
  });

  it('starts the most urgent call when the budget allows one', async () => {
    const { clock, started, add } = setUp({ requestsPerSecond: 1 });
    add('list');
    add('list');
    await clock.advance(100);
    add('stop');
    await clock.advance(900);
    expect(started).toEqual(['list']);
    await clock.advance(2_000);
    expect(started).toEqual(['list', 'stop', 'list']);
  });

  it('starts a call after waiting retries, at once', async () => {
    const { clock, target, dispatcher, started, add } = setUp({ requestsPerSecond: 4 });
    const retries = Array.from({ length: 5 }, () => target.budget.acquire());
    add('poll');
    await clock.advance(1_000);
    expect(started).toEqual([]);
    await clock.advance(300);
    await Promise.all(retries);
    expect(started).toEqual(['poll']);
    expect(dispatcher.lag('poll')).toBe(0);
  });

  it('reports a standstill only if its timers never fire while it runs', async () => {
    const { clock, dispatcher } = setUp();
    await clock.advance(100_000);
    expect(dispatcher.standstill()).toBeUndefined();
    dispatcher.stop();
    await clock.advance(100_000);
    expect(dispatcher.standstill()).toBeUndefined();
    const frozen = new Dispatcher({
      clock: { now: () => clock.now(), monotonic: () => clock.monotonic(), setTimer: () => () => undefined },
      log: new RecordingLog(),
      targets: new Targets(clock),
      concurrency: 1,
      timeLimit: 1_000,
    });
    frozen.start();
    await clock.advance(30_000);
    expect(frozen.standstill()).toBeUndefined();
    await clock.advance(1_000);
    expect(frozen.standstill()).toContain('31 s');
  });

  it('aborts a request that exceeds the time limit, with a reason', async () => {
    const { clock, aborted, ended, add } = setUp();
    await clock.advance(LIMIT);
    add('poll');
    await clock.advance(LIMIT);
    expect(aborted.size).toBe(0);
    await clock.advance(1_000);
    expect(aborted.get('poll')).toMatchObject({ message: 'the request exceeded its limit of 90 s' });
    expect(ended).toEqual(['poll silent']);
  });

  it('logs a rejection as an internal error, and ends the request', async () => {
    const { clock, log, target, dispatcher, ended } = setUp();
    dispatcher.add<'good'>({
      target,
      priority: 'poll',
      due: clock.monotonic(),
      failing: false,
      run: () => Promise.reject(new TypeError('a mistake')),
      ended: (result) => ended.push(result),
    });
    await clock.advance(0);
    expect(ended).toEqual(['silent']);
    expect(log.events).toEqual([
      {
        level: 'error',
        msg: 'unexpected error in request',
        fields: { account: 'default', aws_region: 'eu-west-1', error: 'TypeError: a mistake' },
      },
    ]);
  });
});
