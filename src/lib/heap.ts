import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the heap near to what is in use from now on. Polling makes short-lived objects at a steady pace, and V8 by default
 * lets them pile up to several times what is in use before it collects them.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size');
}

/**
 * Lets the heap grow while `work` makes many objects that stay: collecting garbage at every small step of that growth takes
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
