import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import type { TestScope } from './daemon.ts';

/** Creates an empty directory until the test ends. Concurrent tests must pass their scope. */
export function temporaryFolder(scope: TestScope = { onTestFinished }): string {
  const folder = mkdtempSync(join(tmpdir(), 'nfm-exporter-'));
  scope.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Creates an empty directory until all tests of the file have ended. */
export function temporaryFolderOfFile(): string {
  return temporaryFolder({ onTestFinished: (end) => afterAll(end) });
}
