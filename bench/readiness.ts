import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningDaemon } from './processes.ts';

/** Milliseconds between two looks. */
const LOOK_EVERY = 10;

/** Milliseconds from the start of the process until `/-/ready` returns 200, accurate to 10 ms. */
export async function readyAfter({ port, startedAt }: RunningDaemon): Promise<number> {
  for (;;) {
    const { status } = await fetch(`http://127.0.0.1:${port}/-/ready`);
    if (status === 200) {
      return performance.now() - startedAt;
    }
    await sleep(LOOK_EVERY);
  }
}
