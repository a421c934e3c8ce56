import TinyQueue from 'tinyqueue';

/** `due` is in milliseconds of the monotonic clock. */
type Due = { readonly due: number };

const byDue = (a: Due, b: Due) => a.due - b.due;

/** Removed tasks that a heap may hold beside as many live ones. Small heaps are not rebuilt at each removal. */
const SPARE = 32;

/** Tasks in order of due times. Operations cost O(log n) on average: the heap drops removed tasks later. */
export class TaskQueue<Task extends Due> {
  #heap = new TinyQueue<Task>([], byDue);
  readonly #live = new Set<Task>();

  push(task: Task): void {
    this.#live.add(task);
    this.#heap.push(task);
  }

  /** Returns the task that is due first without removing it; undefined if none waits. */
  peek(): Task | undefined {
    let first = this.#heap.peek();
    while (first !== undefined && !this.#live.has(first)) {
      this.#heap.pop();
      first = this.#heap.peek();
    }
    return first;
  }

  /** Removes a task. Returns whether it was in the queue. */
  remove(task: Task): boolean {
    const removed = this.#live.delete(task);
    if (removed && this.#heap.length > 2 * this.#live.size + SPARE) {
      this.#heap = new TinyQueue([...this.#live], byDue);
    }
    return removed;
  }
}
