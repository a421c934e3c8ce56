import { execFileSync } from 'node:child_process';
import { closeSync, open, openSync } from 'node:fs';
import { open as openFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { KeptJson } from '../../src/results/kept-json.ts';
import { SteppedClock } from './stepped-clock.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Node's default number of threads for files and compression. */
const THREADS = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
const BUSY_MS = 100;

const kept = await KeptJson.of({ rows: [] });
const file = await openFile(import.meta.filename);

/** Blocks all threads of this process for files and compression: opening a pipe waits for its writer. */
function blockThreads(): void {
  const pipes = Array.from({ length: THREADS }, () => {
    const pipe = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    open(pipe, 'r', (_error, descriptor) => closeSync(descriptor));
    return pipe;
  });
  setTimeout(() => {
    for (const pipe of pipes) {
      closeSync(openSync(pipe, 'w'));
    }
  }, BUSY_MS);
}

it.each([
  ['compression of results', () => KeptJson.of({ rows: [] })],
  ['decompression of results', () => kept.text()],
  ['files', () => readFile(import.meta.filename)],
  ['a file that is closed', () => file.close()],
])('waits for %s while the machine is busy', async (_what, work) => {
  const clock = new SteppedClock(0);
  blockThreads();
  let doneAt: number | undefined;
  const done = work().then(() => {
    doneAt = clock.monotonic();
  });
  clock.setTimer(1_000, () => undefined);

  await clock.advance(60_000);

  await done;
  expect(doneAt).toBe(0);
});
