import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueWindows } from '../../src/scheduler/due-windows.ts';
import { FakeClock } from '../support/fake-clock.ts';

const MINUTE = 60_000;
const interval = fc.integer({ min: 1, max: 60 }).map((minutes) => minutes * MINUTE);

test('covers nothing twice and skips no earlier windows after a schedule change', async () => {
  await fc.assert(
    fc.asyncProperty(interval, interval, fc.integer({ min: 0, max: 200 }), async (first, second, minutes) => {
      const clock = new FakeClock();
      const scheduleOf = (every: number) => ({ every, lookback: every, delay: 0, timeout: MINUTE });
      const windows = new DueWindows('q', scheduleOf(first), clock);
      let covered = windows.first?.window.end ?? expect.fail('no window is wanted');
      const look = () => {
        const due = windows.check();
        if (due?.wanted !== undefined) {
          expect(due.leftBehind).toBe(0);
          expect(due.wanted.window.start).toBeGreaterThanOrEqual(covered);
          covered = due.wanted.window.end;
        }
        return due?.wanted;
      };
      for (let i = 0; i < minutes; i += 1) {
        await clock.advance(MINUTE);
        look();
      }
      windows.reschedule(scheduleOf(second));
      const latest = clock.now() + 3 * second + first;
      let found = look();
      while (found === undefined) {
        await clock.advance(MINUTE);
        found = look();
        expect(clock.now()).toBeLessThanOrEqual(latest);
      }
      expect(found.window.end % second).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('changes nothing if the schedule is set to an equal one', () => {
  const schedule = { every: MINUTE, lookback: MINUTE, delay: 0, timeout: MINUTE };
  const windows = new DueWindows('q', schedule, new FakeClock());
  const next = windows.nextDueAt();
  windows.reschedule({ ...schedule });
  expect(windows.nextDueAt()).toBe(next);
});
