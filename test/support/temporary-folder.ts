import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import type { TestScope } from './daemon.ts';

/** An empty folder that is gone when the test ends; tests that run at once say which one. */
export function temporaryFolder(scope: TestScope = { onTestFinished }): string {
  const folder = mkdtempSync(join(tmpdir(), 'nfm-exporter-'));
  scope.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An empty folder that is gone when all tests of the file have ended. */
export function temporaryFolderOfFile(): string {
  return temporaryFolder({ onTestFinished: (end) => afterAll(end) });
}
