import { expect, it } from 'vitest';
import { Emitter } from '../../src/lib/emitter.ts';
import { RecordingLog } from '../support/recording-log.ts';

it('calls all listeners in order, and logs the failure of one that throws', () => {
  const log = new RecordingLog();
  const emitter = new Emitter<[number, string]>(log, 'change of a thing');
  const heard: unknown[] = [];
  emitter.on((...event) => heard.push(['first', ...event]));
  emitter.on(() => {
    throw new RangeError('too far');
  });
  emitter.on((...event) => heard.push(['third', ...event]));
  emitter.emit(1, 'a');
  expect(heard).toEqual([
    ['first', 1, 'a'],
    ['third', 1, 'a'],
  ]);
  expect(log.events).toEqual([
    {
      level: 'error',
      msg: 'listener failed',
      fields: { event: 'change of a thing', error: 'RangeError', reason: 'too far' },
    },
  ]);
});

it('does not call a removed listener that was added twice', () => {
  const emitter = new Emitter<[]>(new RecordingLog(), 'event');
  let calls = 0;
  const listener = () => {
    calls += 1;
  };
  const remove = emitter.on(listener);
  emitter.on(listener);
  expect(emitter.size).toBe(2);
  remove();
  remove();
  emitter.emit();
  expect([emitter.size, calls]).toEqual([1, 1]);
});
