import type { Clock } from '../runtime/clock.ts';

/** How long a reader of stdout or stderr that has stopped reading may hold up the end, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Keeps the process alive when the reader of its stdout or stderr has gone away, and Node's own warnings off stderr. */
export function guardStandardStreams(): void {
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  process.removeAllListeners('warning');
}

/**
 * Ends the process once what was written to stdout and stderr is out: on a pipe that may be after the write. Nothing else
 * is waited for, so that no connection or timer of a library keeps a process alive that has done its work.
 */
export async function exit(code: number, clock: Pick<Clock, 'setTimer'>): Promise<never> {
  clock.setTimer(PATIENCE_MS, () => process.exit(code));
  await Promise.all([process.stdout, process.stderr].map(flushed));
  process.exit(code);
}

/** Also when the stream is broken: then there is nothing to wait for. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
