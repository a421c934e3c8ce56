import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaskQueue } from '../../src/scheduler/task-queue.ts';
import { timeOf } from '../support/growth.ts';

interface Task {
  readonly due: number;
}

const tasks = (count: number): Task[] => Array.from({ length: count }, (_, i) => ({ due: (i * 7_919) % count }));

function filled(waiting: readonly Task[]): TaskQueue<Task> {
  const queue = new TaskQueue<Task>();
  for (const task of waiting) {
    queue.push(task);
  }
  return queue;
}

function take(queue: TaskQueue<Task>): Task | undefined {
  const first = queue.peek();
  if (first !== undefined) {
    queue.remove(first);
  }
  return first;
}

describe('TaskQueue', () => {
  it('returns the tasks that were not removed in order of their due times', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), due: fc.nat(50) }),
      fc.record({ kind: fc.constant('remove' as const), index: fc.nat(200) }),
      fc.record({ kind: fc.constant('pop' as const) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const queue = new TaskQueue<Task>();
        const pushed: Task[] = [];
        const waiting = new Set<Task>();
        const earliest = () => Math.min(...Array.from(waiting, ({ due }) => due));
        for (const each of actions) {
          if (each.kind === 'push') {
            const task = { due: each.due };
            pushed.push(task);
            waiting.add(task);
            queue.push(task);
          } else if (each.kind === 'remove') {
            // The task may have been removed or taken before.
            const task = pushed[each.index % Math.max(1, pushed.length)] ?? { due: 0 };
            expect(queue.remove(task)).toBe(waiting.delete(task));
          } else {
            const expected = waiting.size === 0 ? undefined : earliest();
            const taken = take(queue);
            expect(taken?.due).toBe(expected);
            expect(taken === undefined || waiting.delete(taken)).toBe(true);
          }
          expect(queue.peek()?.due).toBe(waiting.size === 0 ? undefined : earliest());
        }
      }),
    );
  });

  it('keeps the waiting tasks if many others are removed', () => {
    const waiting = tasks(200);
    const queue = filled(waiting);
    for (const task of waiting) {
      if (task.due % 20 !== 0) {
        queue.remove(task);
      }
    }
    const kept = Array.from({ length: 10 }, () => take(queue)?.due);
    expect(kept).toEqual([0, 20, 40, 60, 80, 100, 120, 140, 160, 180]);
    expect(take(queue)).toBeUndefined();
  });

  it('removes a task in constant time', () => {
    const removeAll = (count: number) => {
      const waiting = tasks(count);
      const queue = filled(waiting);
      return timeOf(() => {
        for (const task of waiting) {
          queue.remove(task);
        }
      });
    };
    removeAll(2_000);
    // 20 times the tasks take about 20 times the time. Scanning the queue at each removal would take 400 times the time.
    const small = Math.min(...Array.from({ length: 5 }, () => removeAll(2_000)));
    const large = Math.min(...Array.from({ length: 3 }, () => removeAll(40_000)));
    expect(large / Math.max(small, 0.2)).toBeLessThan(120);
  });
});
