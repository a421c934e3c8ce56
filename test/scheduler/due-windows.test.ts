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

const SCHEDULE = { every: 10 * MINUTE, lookback: 10 * MINUTE, delay: 0, timeout: MINUTE };

test('counts windows that were due between checks once, and never runs them after the clock is set back', async () => {
  const clock = new FakeClock();
  const windows = new DueWindows('q', SCHEDULE, clock);
  const first = windows.first?.window.n ?? expect.fail('no window is wanted');
  await clock.advance(SCHEDULE.every);
  windows.check();
  await clock.advance(5 * SCHEDULE.every);
  const due = windows.check();
  expect(due?.leftBehind).toBe(4);
  const newest = due?.wanted?.window.n ?? expect.fail('no window is wanted');
  expect(windows.check()).toBeUndefined();

  clock.jump(-4 * SCHEDULE.every);
  expect(windows.check()).toMatchObject({ wanted: undefined, leftBehind: 0, wasSetBack: true });
  const again: (number | undefined)[] = [];
  while (again.at(-1) === undefined) {
    await clock.advance(MINUTE);
    const found = windows.check();
    if (found !== undefined) {
      again.push(found.wanted?.window.n);
    }
    expect(clock.monotonic()).toBeLessThan(20 * SCHEDULE.every);
  }
  expect(newest).toBeGreaterThanOrEqual(first + 5);
  expect(again.at(-1)).toBe(newest + 1);
});

test('counts windows that were due before the first check', async () => {
  const clock = new FakeClock();
  const windows = new DueWindows('q', SCHEDULE, clock);
  const first = windows.first?.window.n ?? expect.fail('no window is wanted');
  await clock.advance(6 * SCHEDULE.every);
  expect(windows.check()).toMatchObject({ wanted: { window: { n: first + 5 } }, leftBehind: 4 });
});

test('counts no windows that the wall clock has jumped over', async () => {
  const clock = new FakeClock();
  const windows = new DueWindows('q', SCHEDULE, clock);
  await clock.advance(20 * SCHEDULE.every);
  windows.check();
  clock.jump(10 * SCHEDULE.every);
  expect(windows.check()).toMatchObject({ leftBehind: 0, wasSetBack: false });
});

test('does not treat a longer delay as a clock that was set back', async () => {
  const clock = new FakeClock();
  const windows = new DueWindows('q', SCHEDULE, clock);
  await clock.advance(SCHEDULE.every);
  windows.check();
  windows.reschedule({ ...SCHEDULE, delay: 5 * SCHEDULE.every });
  expect(windows.check()?.wasSetBack ?? false).toBe(false);
});

test('runs every window if windows overlap', async () => {
  const clock = new FakeClock();
  const windows = new DueWindows('q', { ...SCHEDULE, lookback: 60 * MINUTE }, clock);
  const found = [windows.first?.window.n];
  for (let i = 0; i < 3; i += 1) {
    await clock.advance(windows.nextDueAt() - clock.now());
    found.push(windows.check()?.wanted?.window.n);
  }
  const [first = Number.NaN] = found;
  expect(found).toEqual([first, first + 1, first + 2, first + 3]);
});

test.each([10, 60])(
  'schedules the first window of a shorter interval within that interval for a lookback of %d minutes',
  async (lookback) => {
    for (let minutes = 0; minutes < 20; minutes += 1) {
      const clock = new FakeClock();
      const windows = new DueWindows('q', { ...SCHEDULE, every: 60 * MINUTE, lookback: 60 * MINUTE }, clock);
      await clock.advance(60 * MINUTE + minutes * MINUTE);
      windows.check();
      windows.reschedule({ ...SCHEDULE, lookback: lookback * MINUTE });
      expect(windows.nextDueAt() - clock.now()).toBeLessThanOrEqual(SCHEDULE.every);
    }
  },
);

test('remembers consecutive windows as one span', async () => {
  const clock = new FakeClock();
  const windows = new DueWindows('q', SCHEDULE, clock);
  const start = windows.first?.window.start ?? expect.fail('no window is wanted');
  for (let i = 0; i < 30; i += 1) {
    await clock.advance(windows.nextDueAt() - clock.now());
    const { window, covered } = windows.check()?.wanted ?? expect.fail('no window is wanted');
    expect(covered).toEqual([{ start, end: window.end }]);
  }
});

test('skips windows that were run before, in any order', () => {
  const clock = new FakeClock();
  const now = clock.now();
  const span = (from: number, to: number) => ({ start: now + from * SCHEDULE.every, end: now + to * SCHEDULE.every });
  const nextDue = (...covered: readonly ReturnType<typeof span>[]) =>
    new DueWindows('q', SCHEDULE, clock, covered).nextDueAt();
  expect(nextDue(span(2, 3), span(1, 2), span(0, 1)) - nextDue()).toBe(3 * SCHEDULE.every);
  expect(nextDue(span(5, 6), span(0, 1)) - nextDue()).toBe(SCHEDULE.every);
  expect(nextDue(span(1, 2)) - nextDue(), 'windows before the span').toBe(0);
});

test('remembers the newest 16 spans of windows that were run apart from each other', () => {
  const clock = new FakeClock();
  const end = Math.floor(clock.now() / SCHEDULE.every) * SCHEDULE.every - SCHEDULE.every;
  const earlier = Array.from({ length: 20 }, (_, i) => {
    const start = end - 2 * (20 - i) * SCHEDULE.every;
    return { start, end: start + SCHEDULE.every };
  });
  const { first } = new DueWindows('q', SCHEDULE, clock, earlier);
  const { window, covered } = first ?? expect.fail('no window is wanted');
  expect(covered).toEqual([...earlier.slice(-15), { start: window.start, end: window.end }]);
});
