import { expect, it } from 'vitest';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { type ListingResult, Listings } from '../../src/scheduler/listings.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MINUTE = 60_000;
const EVERY = 5 * MINUTE;

/** Returns the times at which a listing with a constant result is started within 20 minutes. */
async function beginnings(result: ListingResult): Promise<number[]> {
  const clock = new FakeClock();
  const targets = new Targets(clock);
  const target = targets.add('default', 'eu-west-1', { requestsPerSecond: 5, maxConcurrentRequests: 8 });
  const dispatcher = new Dispatcher({ clock, log: new RecordingLog(), targets, concurrency: 64, timeLimit: MINUTE });
  const begun: number[] = [];
  const listings = new Listings({
    clock,
    dispatcher,
    kinds: ['monitors'],
    list: async () => {
      begun.push(clock.monotonic());
      return result;
    },
  });
  listings.add(target, EVERY);
  dispatcher.start();
  await clock.advance(4 * EVERY - 1);
  return begun;
}

it('restarts an endless listing at the usual interval', async () => {
  const done = await beginnings('done');
  expect(done.length).toBeLessThanOrEqual(5);
  expect(await beginnings('unending')).toEqual(done);
});

it('restarts a failed listing after a few seconds', async () => {
  const [first = 0, second = 0] = await beginnings('failed');
  expect(second - first).toBeLessThanOrEqual(6_000);
});
