import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

it('makes the requests that a forgotten target still has, and those of a target with its name', async () => {
  const clock = new FakeClock();
  const targets = new Targets(clock);
  const limits = { requestsPerSecond: 100, maxConcurrentRequests: 1 };
  const target = targets.add('default', 'eu-west-1', limits);
  const dispatcher = new Dispatcher({ clock, log: new RecordingLog(), targets, concurrency: 8, timeLimit: 60_000 });
  const made: string[] = [];
  const add = (name: string, at: typeof target, due: number) =>
    dispatcher.add<'good'>({
      target: at,
      priority: 'poll',
      due,
      failing: false,
      run: async () => {
        await new Promise<void>((resolve) => clock.setTimer(1_000, resolve));
        made.push(name);
        return 'good';
      },
      ended: () => undefined,
    });
  dispatcher.start();
  add('in flight', target, 0);
  add('waiting', target, 5_000);
  const cancel = add('canceled', target, 50_000);
  await clock.advance(500);
  dispatcher.forget(target);
  targets.remove(target);
  const again = targets.add('default', 'eu-west-1', limits);
  add('again', again, 3_000);
  await clock.advance(10_000);
  expect(made).toEqual(['in flight', 'again', 'waiting']);
  expect(dispatcher.lag('poll')).toBe(0);
  cancel();
  await clock.advance(60_000);
  expect(made).toHaveLength(3);
});

it('keeps nothing of a forgotten target once its requests have ended', async () => {
  const clock = new FakeClock();
  const targets = new Targets(clock);
  const dispatcher = new Dispatcher({ clock, log: new RecordingLog(), targets, concurrency: 8, timeLimit: 60_000 });
  dispatcher.start();
  /** Adds a target with a request, and forgets it before or after the end of the request. */
  const forgotten = async (region: string, isEarly: boolean): Promise<WeakRef<object>> => {
    const target = targets.add('default', region, { requestsPerSecond: 100, maxConcurrentRequests: 1 });
    dispatcher.add<'good'>({
      target,
      priority: 'poll',
      due: 0,
      failing: false,
      run: () => new Promise((resolve) => clock.setTimer(1_000, () => resolve('good'))),
      ended: () => undefined,
    });
    await clock.advance(isEarly ? 500 : 2_000);
    dispatcher.forget(target);
    targets.remove(target);
    return new WeakRef(target);
  };
  const found = [await forgotten('eu-west-1', true), await forgotten('us-east-1', false)];
  await clock.advance(5_000);
  setFlagsFromString('--expose-gc');
  await new Promise((resolve) => setImmediate(resolve));
  runInNewContext('gc')();
  expect(found.map((reference) => reference.deref())).toEqual([undefined, undefined]);
});
