import { expect, test } from 'vitest';
import { FairQueue, QueueFullError } from '../../src/lib/concurrency.ts';

/** A queue whose tasks end on demand. */
function heldQueue(bounds: { atOnce: number; mostWaiting: number }) {
  const queue = new FairQueue(bounds);
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const run = (origin: string, name: string, signal = new AbortController().signal) =>
    queue.run(origin, signal, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.push(resolve));
      return name;
    });
  const endOne = async () => {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { run, begun, endOne };
}

test('runs a limited number of tasks, with turns for each origin', async () => {
  const { run, begun, endOne } = heldQueue({ atOnce: 1, mostWaiting: 10 });
  const results = Promise.all([
    ...['a1', 'a2', 'a3', 'a4'].map((name) => run('a', name)),
    ...['b1', 'b2'].map((name) => run('b', name)),
    run('c', 'c1'),
  ]);
  for (let i = 0; i < 7; i += 1) {
    expect(begun).toHaveLength(i + 1);
    await endOne();
  }
  expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  expect(await results).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']);
});

test('rejects tasks of a full queue, and frees the slots of aborted ones', async () => {
  const { run, begun, endOne } = heldQueue({ atOnce: 2, mostWaiting: 1 });
  const running = [run('a', 'a1'), run('a', 'a2')];
  const leaver = new AbortController();
  const left = run('b', 'b1', leaver.signal);
  await expect(run('c', 'c1')).rejects.toThrow(QueueFullError);
  leaver.abort();
  await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  const waits = run('c', 'c2');
  await endOne();
  await endOne();
  await endOne();
  expect(begun).toEqual(['a1', 'a2', 'c2']);
  expect(await Promise.all([...running, waits])).toEqual(['a1', 'a2', 'c2']);
});

test('passes the slot of a failed task to the next one', async () => {
  const queue = new FairQueue({ atOnce: 1, mostWaiting: 1 });
  const { signal } = new AbortController();
  const fails = queue.run('a', signal, () => Promise.reject(new TypeError('bad')));
  const works = queue.run('a', signal, () => Promise.resolve('good'));
  await expect(fails).rejects.toThrow('bad');
  expect(await works).toBe('good');
  expect(await queue.run('a', signal, () => Promise.resolve('again'))).toBe('again');
});
