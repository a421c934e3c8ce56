import { describe, expect, it } from 'vitest';
import { Dispatcher, SHUTDOWN } from '../../src/scheduler/dispatcher.ts';
import { PRIORITIES, type Priority } from '../../src/scheduler/lane.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const LIMIT = 90_000;

function setUp() {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const targets = new Targets(clock);
  const target = targets.add('default', 'eu-west-1', { requestsPerSecond: 100, maxConcurrentRequests: 8 });
  const dispatcher = new Dispatcher({ clock, log, targets, concurrency: 8, timeLimit: LIMIT });
  const started: Priority[] = [];
  const aborted = new Map<Priority, unknown>();
  const ended: string[] = [];
  /** Adds a request that ends when it is aborted. */
  const add = (priority: Priority) =>
    dispatcher.add<'good'>({
      target,
      priority,
      due: clock.monotonic(),
      failing: false,
      run: (signal) =>
        new Promise((resolve) => {
          started.push(priority);
          signal.addEventListener('abort', () => {
            aborted.set(priority, signal.reason);
            resolve('silent');
          });
        }),
      ended: (result) => ended.push(`${priority} ${result}`),
    });
  dispatcher.start();
  return { clock, log, target, dispatcher, started, aborted, ended, add };
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

  it('aborts a request that exceeds the time limit, with a reason', async () => {
    const { clock, aborted, ended, add } = setUp();
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
