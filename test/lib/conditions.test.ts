import { expect, test } from 'vitest';
import { Conditions, Reminders } from '../../src/lib/conditions.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

test('warns when a condition begins, hourly while it lasts, and logs its end once', async () => {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const warnings = new Conditions({ clock, log, begun: 'begun', ended: 'ended' });
  warnings.over('a', {});
  for (let minute = 0; minute < 150; minute += 5) {
    warnings.found('a', { of: 'a' });
    await clock.advance(300_000);
  }
  warnings.found('b', { of: 'b' });
  warnings.over('a', { of: 'a' });
  warnings.over('a', { of: 'a' });
  warnings.forget('b');
  warnings.over('b', { of: 'b' });
  expect(log.events).toEqual([
    { level: 'warn', msg: 'begun', fields: { of: 'a' } },
    { level: 'warn', msg: 'begun', fields: { of: 'a', duration: '3600s' } },
    { level: 'warn', msg: 'begun', fields: { of: 'a', duration: '7200s' } },
    { level: 'warn', msg: 'begun', fields: { of: 'b' } },
    { level: 'info', msg: 'ended', fields: { of: 'a', duration: '9000s' } },
  ]);
});

const HOUR = 3_600_000;

test('makes a reminder due immediately for a new key, and again after an hour', async () => {
  const clock = new FakeClock();
  const hourly = new Reminders(clock);
  expect([hourly.isDue('a'), hourly.isDue('a'), hourly.isDue('b')]).toEqual([true, false, true]);
  clock.jump(2 * HOUR);
  await clock.advance(HOUR - 1);
  expect(hourly.isDue('a')).toBe(false);
  await clock.advance(1);
  expect([hourly.isDue('a'), hourly.isDue('a'), hourly.isDue('b')]).toEqual([true, false, true]);
});

test('logs a changed kind of a condition immediately, with the duration of all kinds', async () => {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const conditions = new Conditions({ clock, log, level: 'error', begun: 'begun', lasts: 'lasts', ended: 'ended' });
  conditions.found('a', { of: 'x' }, { kind: 'x' });
  await clock.advance(5_000);
  conditions.found('a', { of: 'x' }, { kind: 'x' });
  conditions.found('a', { of: 'y' }, { kind: 'y' });
  conditions.found('b', {}, { isLogged: true });
  conditions.over('b');
  expect(log.events).toEqual([
    { level: 'error', msg: 'begun', fields: { of: 'x' } },
    { level: 'error', msg: 'lasts', fields: { of: 'y', duration: '5s' } },
    { level: 'info', msg: 'ended', fields: { duration: '0s' } },
  ]);
});
