import { lstat, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, ignoreRefusal, StorageError } from './storage-error.ts';

/** Only for the user that the exporter runs as. */
export const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Writes a file so that at any moment, a crash of the machine included, there is the old one or the new one, whole:
 * a temporary file, fsync, rename, fsync of the folder. Resolves when the new one is durable.
 *
 * @param temporary a name that nobody else uses, on the same file system; gone when this ends, well or not
 */
export async function replaceFile(file: string, content: string, temporary: string): Promise<void> {
  try {
    await writeDurably(temporary, content);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(ignoreRefusal);
    throw error;
  }
  await syncFolder(dirname(file));
}

/** Creates a file. Rejects with EEXIST when there is one. */
export async function writeDurably(file: string, content: string): Promise<void> {
  const handle = await open(file, 'wx', FILE_MODE);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Removes a file, or whatever has its name. Resolves when that is durable; rejects with ENOENT when there is none.
 *
 * @param temporary as for {@link replaceFile}
 */
export async function removeFile(file: string, temporary: string): Promise<void> {
  await rename(file, temporary);
  await rm(temporary, { recursive: true, force: true });
  await syncFolder(dirname(file));
}

/** Makes what was created, renamed or removed in a folder durable, where the file system knows of such a thing. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'EINVAL' && code !== 'ENOTSUP') {
      throw error;
    }
  } finally {
    await handle.close();
  }
}

/** Makes a folder, with those above it, unless it is there. */
export async function makeFolder(folder: string): Promise<void> {
  const made = await makeMissing(folder);
  if (made !== undefined) {
    await syncFolder(dirname(made));
  }
}

/**
 * As `mkdir` with `recursive`, which never returns if a folder cannot be made in one that is there, as in /proc.
 *
 * @returns the uppermost folder that was made; undefined if none was missing
 */
async function makeMissing(folder: string): Promise<string | undefined> {
  try {
    return await makeOne(folder);
  } catch (error) {
    const above = dirname(folder);
    if (codeOf(error) !== 'ENOENT' || above === folder) {
      throw error;
    }
    const uppermost = await makeMissing(above);
    const made = await makeOne(folder);
    return uppermost ?? made;
  }
}

/** Returns undefined if it is there. */
async function makeOne(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder, { mode: FOLDER_MODE });
    return folder;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(folder)).isDirectory()) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Returns undefined when there is nothing of that name.
 *
 * @throws StorageError for a symbolic link that leads to nothing; what the file system throws when it cannot be looked at
 */
export async function kindOf(path: string): Promise<'folder' | 'other' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw error;
    }
  }
  if (await isThere(path)) {
    throw new StorageError(path, 'ENOENT', 'the symbolic link leads to nothing; mount or create its target');
  }
  return undefined;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
