import { expect, it } from 'vitest';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { type ListingResult, Listings } from '../../src/scheduler/listings.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MINUTE = 60_000;
const EVERY = 5 * MINUTE;

/** Lists a target. `resultOf` gives the result of each request, from the number of earlier requests. */
function listed(resultOf: (before: number) => ListingResult) {
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
      return resultOf(begun.length - 1);
    },
  });
  listings.add(target, EVERY);
  dispatcher.start();
  return { clock, target, listings, begun };
}

/** Returns the times at which a listing with a constant result is started within 20 minutes. */
async function beginnings(result: ListingResult): Promise<number[]> {
  const { clock, begun } = listed(() => result);
  await clock.advance(4 * EVERY - 1);
  return begun;
}

/** The times between listings, in whole seconds. */
function waits(begun: readonly number[]): readonly number[] {
  return begun.slice(1).map((time, i) => Math.round((time - (begun[i] ?? 0)) / 1_000));
}

it('restarts an endless listing at the usual interval', async () => {
  const done = await beginnings('done');
  expect(done.length).toBeLessThanOrEqual(5);
  expect(await beginnings('unending')).toEqual(done);
});

it.each(['failed', 'silent'] as const)('doubles the wait after each %s listing, up to the interval', async (result) => {
  const begun = await beginnings(result);
  expect(waits(begun)).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
});

it('resets the wait after a complete listing', async () => {
  const { clock, begun } = listed((before) => (before === 3 ? 'done' : 'failed'));
  await clock.advance(3 * EVERY);
  const [a, b, c, , ...others] = waits(begun);
  expect([a, b, c]).toEqual([5, 10, 20]);
  expect(others.slice(0, 3)).toEqual([5, 10, 20]);
});

it('requests the next page immediately', async () => {
  const { clock, begun } = listed((before) => (before % 4 === 3 ? 'done' : 'again'));
  await clock.advance(EVERY / 2);
  expect(begun).toHaveLength(4);
  expect(begun.at(-1)).toBeLessThan(1_000);
});

it('stops listing a removed target', async () => {
  const waiting = listed(() => 'done');
  await waiting.clock.advance(1_000);
  waiting.listings.remove(waiting.target);
  await waiting.clock.advance(4 * EVERY);
  expect(waiting.begun).toHaveLength(1);

  const underWay = listed((before) => {
    if (before === 1) {
      underWay.listings.remove(underWay.target);
    }
    return 'again';
  });
  await underWay.clock.advance(4 * EVERY);
  expect(underWay.begun).toHaveLength(2);
});
