import { expect, test } from 'vitest';
import { offsetOf } from '../../src/scheduler/due-windows.ts';

const MINUTE = 60_000;

test.each([
  { every: 60 * MINUTE, within: 5 * MINUTE },
  { every: 2 * MINUTE, within: MINUTE },
])('spreads due times of a schedule of $every ms over $within ms', ({ every, within }) => {
  const schedule = { every, lookback: every, delay: 0, timeout: MINUTE };
  const offsets = Array.from({ length: 200 }, (_, i) => offsetOf(`query-${i}`, schedule));
  expect(Math.min(...offsets)).toBeLessThan(0.1 * within);
  expect(Math.min(...offsets)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...offsets)).toBeGreaterThan(0.9 * within);
  expect(Math.max(...offsets)).toBeLessThan(within);
});
