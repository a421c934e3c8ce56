import { expect, it } from 'vitest';
import type { RunActions, Runnable } from '../../src/model/run.ts';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { Polls } from '../../src/scheduler/polls.ts';
import { Runs } from '../../src/scheduler/runs.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MINUTE = 60_000;
const PLACE = { account: 'default', region: 'eu-west-1' };

it('makes polls, starts, and status requests before further pages of results', async () => {
  const clock = new FakeClock();
  const targets = new Targets(clock);
  const { budget } = targets.add(PLACE.account, PLACE.region, { requestsPerSecond: 5, maxConcurrentRequests: 8 });
  const dispatcher = new Dispatcher({ clock, log: new RecordingLog(), targets, concurrency: 64, timeLimit: MINUTE });
  const send = async (signal: AbortSignal) => {
    const place = budget.reserve();
    await budget.acquire(signal);
    place();
  };
  let pages = 0;
  const succeeded: string[] = [];
  const actions: RunActions<Runnable> = {
    async start(_query, run, signal) {
      await send(signal);
      run.queryId = 'id';
      return 'done';
    },
    async status(_query, _run, signal) {
      await send(signal);
      return 'done';
    },
    async results({ name }, _run, signal) {
      await send(signal);
      pages += 1;
      return name.startsWith('endless') ? 'again' : 'done';
    },
    stop: async () => 'done',
    ended: ({ name }, _run, outcome) => {
      if (outcome === 'succeeded') {
        succeeded.push(name);
      }
    },
    skipped: () => undefined,
    clockSetBack: () => undefined,
  };
  const runs = new Runs({
    clock,
    targets,
    dispatcher,
    actions,
    runLimitOf: () => 10,
    journal: undefined,
    leavesRuns: false,
    rateOf: () => 1,
  });
  const polled: number[] = [];
  const polls = new Polls<Runnable & { readonly interval: number }>({
    clock,
    targets,
    dispatcher,
    poll: async (_query, signal) => {
      await send(signal);
      polled.push(clock.monotonic());
      return 'good';
    },
    counted: () => undefined,
  });
  const schedule = { every: 15 * MINUTE, lookback: 15 * MINUTE, delay: 0, timeout: 10 * MINUTE };
  for (let i = 0; i < 5; i += 1) {
    runs.add(handleOf({ name: `endless-${i}`, ...PLACE, schedule }));
  }
  dispatcher.start();
  runs.start();
  await clock.advance(30_000);
  polls.add([handleOf({ name: 'watched', ...PLACE, schedule, interval: 5_000 })]);
  runs.add(handleOf({ name: 'short', ...PLACE, schedule }));
  await clock.advance(60_000);
  // The budget is exhausted, but every poll is on time.
  expect(pages).toBeGreaterThan(300);
  expect(polled.length).toBeGreaterThanOrEqual(12);
  expect(succeeded).toEqual(['short']);
});
