import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { TestScope } from './daemon.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Whether file systems can be mounted, which requires root and does not work in every container. */
export const CAN_MOUNT =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', '/mnt']).status === 0;

/** Mounts a file system of a size in kilobytes until the scope ends. */
export function smallDisk(kilobytes: number, scope: TestScope = { onTestFinished }): string {
  const folder = temporaryFolder(scope);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'none', folder]);
  scope.onTestFinished(() => {
    execFileSync('umount', ['-l', folder]);
  });
  return folder;
}

/** Fills a small disk. Returns the file whose removal frees the space. */
export function fill(folder: string): string {
  const filler = join(folder, 'filler');
  expect(() => writeFileSync(filler, Buffer.alloc(4 * 1024 * 1024))).toThrow('ENOSPC');
  return filler;
}
