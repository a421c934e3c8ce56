import { expect, it } from 'vitest';
import { Hourly } from '../../src/actions/hourly.ts';
import { FakeClock } from '../support/fake-clock.ts';

const HOUR = 3_600_000;

it('lets each thing be said at once, and again only when an hour has passed', async () => {
  const clock = new FakeClock();
  const hourly = new Hourly(clock);
  expect([hourly.isDue('a'), hourly.isDue('a'), hourly.isDue('b')]).toEqual([true, false, true]);
  clock.jump(2 * HOUR);
  await clock.advance(HOUR - 1);
  expect(hourly.isDue('a')).toBe(false);
  await clock.advance(1);
  expect([hourly.isDue('a'), hourly.isDue('a'), hourly.isDue('b')]).toEqual([true, false, true]);
});
