import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, ignoreRefusal, ignoring, StorageError } from './storage-error.ts';

/** Access for the exporter's user only. */
export const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Replaces a file atomically, even if the machine crashes: temporary file, fsync, rename, fsync of the directory. Resolves
 * when the new file is durable.
 *
 * @param temporary an unused name on the same file system; removed in any case
 */
export async function replaceFile(file: string, content: string, temporary: string): Promise<void> {
  try {
    await writeDurably(temporary, content);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(ignoreRefusal);
    throw error;
  }
  await syncDirectory(dirname(file));
}

/** Opens a file for `work`, and closes it. */
export async function withFile<T>(
  file: string,
  flags: string | number,
  work: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const handle = await open(file, flags, FILE_MODE);
  try {
    return await work(handle);
  } finally {
    await handle.close();
  }
}

/** Creates a durable file. Rejects with EEXIST if it exists. */
export async function writeDurably(file: string, content: string): Promise<void> {
  await withFile(file, 'wx', async (handle) => {
    await handle.writeFile(content);
    await handle.sync();
  });
}

/**
 * Removes a file, or a directory of that name. Resolves when the removal is durable; rejects with ENOENT if there is none.
 *
 * @param temporary as for {@link replaceFile}
 */
export async function removeFile(file: string, temporary: string): Promise<void> {
  await rename(file, temporary);
  await rm(temporary, { recursive: true, force: true });
  await syncDirectory(dirname(file));
}

/** Makes changes of a directory's entries durable, if the file system supports that. */
export async function syncDirectory(directory: string): Promise<void> {
  await withFile(directory, 'r', async (handle) => {
    await handle.sync().catch(ignoring(['EINVAL', 'ENOTSUP']));
  });
}

/** Creates a durable directory and its parents. `mkdir` with `recursive` never returns if an existing parent allows none (/proc). */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    await makeOne(directory);
  } catch (error) {
    const above = dirname(directory);
    if (codeOf(error) !== 'ENOENT' || above === directory) {
      throw error;
    }
    await makeDirectory(above);
    await makeOne(directory);
  }
}

/** Does nothing if the directory exists. */
async function makeOne(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(directory)).isDirectory()) {
      return;
    }
    throw error;
  }
  await syncDirectory(dirname(directory));
}

/** Returns undefined if nothing has that name. @throws StorageError for a broken symbolic link; the error of the file system */
export async function kindOf(path: string): Promise<'directory' | 'other' | undefined> {
  const status = await stat(path).catch(ignoring(['ENOENT']));
  if (status === undefined && (await lstat(path).catch(ignoreRefusal)) !== undefined) {
    throw new StorageError(path, 'ENOENT', 'the target of the symbolic link is missing. Mount or create it.');
  }
  return status && (status.isDirectory() ? 'directory' : 'other');
}

/** Files that are kept after they were set aside, per directory: the newest. */
const MOST_SET_ASIDE = 20;
const MARK = '.damaged-';

/**
 * Renames an unusable entry, so that a person can inspect it. Returns the new name; undefined if it cannot be renamed.
 *
 * @param now milliseconds since the epoch
 */
export async function setAside(directory: string, name: string, now: number): Promise<string | undefined> {
  const aside = `${name}${MARK}${new Date(now).toISOString().replace(/[-:]/g, '')}`;
  return rename(join(directory, name), join(directory, aside)).then(() => aside, ignoreRefusal);
}

/** Removes all but the newest entries that were set aside in a directory, as far as possible. */
export async function removeOldSetAside(directory: string): Promise<void> {
  const names = (await readdir(directory).catch(ignoreRefusal)) ?? [];
  const timeOf = (name: string) => name.slice(name.lastIndexOf(MARK));
  const oldestFirst = names.filter((each) => each.includes(MARK)).sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
  for (const each of oldestFirst.slice(0, Math.max(0, oldestFirst.length - MOST_SET_ASIDE))) {
    await rm(join(directory, each), { recursive: true, force: true }).catch(ignoreRefusal);
  }
}
