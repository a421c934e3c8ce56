import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the heap close to the memory in use from now on. Polling creates short-lived objects at a steady rate. By default, V8
 * lets the heap grow to several times the memory in use before it collects them.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size');
}

/**
 * Lets the heap grow while `work` creates many lasting objects: otherwise, garbage collection at each step of the growth takes
 * longer than the work. Ends with {@link keepHeapSmall}.
 */
export async function withGrowingHeap<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString('--no-optimize-for-size');
  try {
    return await work();
  } finally {
    keepHeapSmall();
  }
}
