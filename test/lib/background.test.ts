import { expect, test, vi } from 'vitest';
import { background } from '../../src/lib/background.ts';
import { RecordingLog } from '../support/recording-log.ts';

test.each<[unknown, string, string]>([
  [new TypeError('no such thing'), 'TypeError', 'no such thing'],
  ['a text', 'string', 'a text'],
  [undefined, 'undefined', 'undefined'],
])('logs the failure %o of background work at level error', async (thrown, error, reason) => {
  const log = new RecordingLog();
  background(log, 'cleanup', Promise.reject(thrown));
  await vi.waitFor(() => expect(log.events).toHaveLength(1));
  expect(log.events).toEqual([
    { level: 'error', msg: 'background work failed', fields: { work: 'cleanup', error, reason } },
  ]);
});

test('logs nothing about background work that succeeds', async () => {
  const log = new RecordingLog();
  background(log, 'cleanup', Promise.resolve('done'));
  await Promise.resolve();
  expect(log.events).toEqual([]);
});
