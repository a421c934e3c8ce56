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
  ['compression of results', async () => () => KeptJson.of({ rows: [] })],
  ['decompression of results', async () => () => kept.text()],
  ['files', async () => () => readFile(import.meta.filename)],
  [
    'a file that is closed',
    async () => {
      const file = await openFile(import.meta.filename);
      return () => file.close();
    },
  ],
])('waits for %s while the machine is busy', async (_what, prepare) => {
  const clock = new SteppedClock(0);
  const work = await prepare();
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
