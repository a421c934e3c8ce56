import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

/** An empty folder that is gone when the test ends. */
export function temporaryFolder(): string {
  return folderUntil(onTestFinished);
}

/** An empty folder that is gone when all tests of the file have ended. */
export function temporaryFolderOfFile(): string {
  return folderUntil(afterAll);
}

function folderUntil(ends: (end: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'nfm-exporter-'));
  ends(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
