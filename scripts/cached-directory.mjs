import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../node_modules/.cache', import.meta.url));

/**
 * Resolves to a directory in the cache of the project. The first call for a key creates it.
 *
 * @param {string} name of its parent
 * @param {string | Uint8Array} key all that its files depend on
 * @param {(directory: string) => void | Promise<void>} fill writes the files
 */
export async function cachedDirectory(name, key, fill) {
  const parent = join(CACHE, name);
  const directory = join(parent, createHash('sha256').update(key).digest('hex').slice(0, 16));
  if (existsSync(directory)) {
    return directory;
  }
  mkdirSync(parent, { recursive: true });
  const part = mkdtempSync(join(parent, 'part-'));
  try {
    await fill(part);
    renameSync(part, directory);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(directory)) {
      throw error;
    }
  }
  return directory;
}
