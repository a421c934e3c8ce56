import type { Clock } from '../lib/clock.ts';
import { reasonOf } from '../lib/system-error.ts';

/** Longest delay of the exit by a reader of stdout or stderr that has stopped reading, in milliseconds. */
const PATIENCE_MS = 5_000;

/** The reason why output to stdout was lost, unless its reader has closed it. */
let lost: string | undefined;

/**
 * Keeps the process alive if the reader of stdout or stderr has closed it, and keeps Node's own warnings off stderr. Prints
 * one line to stderr if writes to stdout fail for another reason (for example, a full disk).
 */
export function guardStandardStreams(): void {
  process.stdout.on('error', (error) => {
    const { code }: NodeJS.ErrnoException = error;
    if (code !== 'EPIPE' && lost === undefined) {
      lost = reasonOf(error);
      process.stderr.write(`nfm-exporter: cannot write to standard output: ${lost}\n`);
    }
  });
  process.stderr.on('error', () => undefined);
  process.removeAllListeners('warning');
}

/**
 * Ends the process once stdout and stderr are flushed, which may be after the write if they are pipes. Does not wait for
 * anything else, so that no connection or timer of a library keeps the process alive. The exit code is 1 instead of 0 if
 * output was lost.
 */
export async function exit(code: number, clock: Pick<Clock, 'setTimer'>): Promise<never> {
  const end = () => process.exit(code === 0 && lost !== undefined ? 1 : code);
  clock.setTimer(PATIENCE_MS, end);
  await Promise.all([process.stdout, process.stderr].map(flushed));
  return end();
}

/** Also resolves if the stream is broken. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
