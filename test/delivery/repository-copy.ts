import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolderOfFile } from '../support/temporary-folder.ts';

/** Lists the files that Git would publish, relative to the project's root. */
export function publishedFiles(): string[] {
  return run('git', ['ls-files', '-co', '--exclude-standard']).stdout.trim().split('\n');
}

/**
 * Copies the published files, or those that `isCopied` accepts, into a repository of their own, staged, until all tests of
 * the file have ended.
 */
export function copyOfRepository(isCopied: (path: string) => boolean = () => true): string {
  const folder = temporaryFolderOfFile();
  for (const path of publishedFiles().filter(isCopied)) {
    cpSync(`${PROJECT}${path}`, join(folder, path), { verbatimSymlinks: true });
  }
  run('git', ['init', '--quiet'], { cwd: folder });
  run('git', ['add', '--all', '--force'], { cwd: folder });
  return folder;
}
