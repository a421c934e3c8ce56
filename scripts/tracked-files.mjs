import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the regular files that Git tracks in a directory, as paths relative to it. @param {string} directory @returns {string[]} */
export function trackedFiles(directory) {
  const paths = execFileSync('git', ['ls-files', '-z'], { cwd: directory, encoding: 'utf8' }).split('\0');
  return paths.filter((path) => path !== '' && statSync(join(directory, path), { throwIfNoEntry: false })?.isFile());
}
