import { expect, test } from 'vitest';
import { LastingWarnings } from '../../src/lib/lasting-warnings.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

test('warns when a state begins, hourly while it lasts, and logs its end once', async () => {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const warnings = new LastingWarnings({ clock, log, begun: 'begun', ended: 'ended' });
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
