import type { Clock } from '../lib/clock.ts';
import { reasonOf } from '../lib/system-error.ts';

/** How long a reader of stdout or stderr that has stopped reading may hold up the end, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Why what was written to stdout is not there, unless its reader has gone away. */
let lost: string | undefined;

/**
 * Keeps the process alive when the reader of its stdout or stderr has gone away, and Node's own warnings off stderr. Says
 * once on stderr if stdout takes no more for another reason, such as a full disk.
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
 * Ends the process once what was written to stdout and stderr is out: on a pipe that may be after the write. Nothing else
 * is waited for, so that no connection or timer of a library keeps a process alive that has done its work. The exit code
 * is 1 instead of 0 if output was lost.
 */
export async function exit(code: number, clock: Pick<Clock, 'setTimer'>): Promise<never> {
  const end = () => process.exit(code === 0 && lost !== undefined ? 1 : code);
  clock.setTimer(PATIENCE_MS, end);
  await Promise.all([process.stdout, process.stderr].map(flushed));
  return end();
}

/** Also when the stream is broken: then there is nothing to wait for. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
