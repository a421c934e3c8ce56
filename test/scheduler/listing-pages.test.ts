import { expect, it } from 'vitest';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { type ListingResult, Listings } from '../../src/scheduler/listings.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

it('starts each listing with the first page, also after one that has failed', async () => {
  const clock = new FakeClock();
  const targets = new Targets(clock);
  const target = targets.add('default', 'eu-west-1', { requestsPerSecond: 5, maxConcurrentRequests: 8 });
  const dispatcher = new Dispatcher({ clock, log: new RecordingLog(), targets, concurrency: 64, timeLimit: 60_000 });
  const results: ListingResult[] = ['again', 'done', 'again', 'failed', 'again', 'again', 'done'];
  const first: boolean[] = [];
  const listings = new Listings({
    clock,
    dispatcher,
    kinds: ['monitors'],
    list: async (_target, _kind, isFirst) => {
      first.push(isFirst);
      return results.shift() ?? 'done';
    },
  });
  listings.add(target, 300_000);
  dispatcher.start();
  await clock.advance(600_000);
  expect(first.slice(0, 7)).toEqual([true, false, true, false, true, false, false]);
});
