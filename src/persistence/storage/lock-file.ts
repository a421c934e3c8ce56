import { constants, type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './storage-error.ts';

/** What a lock says. All locks of one holder have the same length, so that they can be renewed in place. */
export interface Lock {
  readonly host: string;
  /** Drawn by the holder. */
  readonly id: string;
  /** Whether it listens on a socket in the folder. */
  readonly socket: boolean;
}

/** A lock as it was found. */
export interface FoundLock {
  readonly file: string;
  readonly generation: number;
  /** No exporter has made it: it is a folder, a pipe, a link or the like. */
  readonly isForeign: boolean;
  /** Changes when its holder renews it. */
  readonly text: string;
  /** Undefined where the text is none of ours, or is still being written. */
  readonly lock: Lock | undefined;
}

const NAME = /^lock\.(\d+)$/;
/** Higher ones are no numbers that exporters have counted to: they are found, but not counted on from. */
const HIGHEST_GENERATION = 999_999_999_999_998;
/** More than a lock holds. */
const LONGEST_TEXT_BYTES = 4_096;
/** An id becomes a part of file names, and must not lead out of the folder. */
const ID = /^[\w-]{1,64}$/;
/** Neither follows a link nor waits for the other end of a pipe. */
const CAREFULLY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

export function lockFileName(generation: number): string {
  return `lock.${generation}`;
}

/** The generation of who takes over from all of these: whoever has found the same locks comes to the same one. */
export function nextGeneration(found: readonly FoundLock[]): number {
  const counted = found.map(({ generation }) => generation).filter((generation) => generation <= HIGHEST_GENERATION);
  return Math.max(0, ...counted) + 1;
}

/** `beats`: how often it was renewed. */
export function lockText({ host, id, socket }: Lock, beats: number): string {
  return `${JSON.stringify({ host, id, socket, beats: String(beats).padStart(12, '0') })}\n`;
}

/** All locks in a folder: one, unless exporters come and go just now. */
export async function findLocks(folder: string): Promise<FoundLock[]> {
  const found: FoundLock[] = [];
  for (const name of await readdir(folder)) {
    const generation = Number(NAME.exec(name)?.[1]);
    const file = join(folder, name);
    const lock = Number.isNaN(generation) ? undefined : await lookAt(file);
    if (lock !== undefined) {
      found.push({ file, generation, ...lock });
    }
  }
  return found;
}

/** Undefined when it is gone. Never waits, whatever has the name. */
async function lookAt(file: string): Promise<Pick<FoundLock, 'isForeign' | 'lock' | 'text'> | undefined> {
  try {
    const status = await lstat(file);
    if (!status.isFile()) {
      return { isForeign: true, text: '', lock: undefined };
    }
    const text = await readLock(file);
    // That of another user may not be read, but its holder is seen to renew it.
    const seen = text ?? `${status.mtimeMs} ${status.size}`;
    return { isForeign: false, text: seen, lock: text === undefined ? undefined : parseLock(text) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/**
 * Says that the holder lives on. Returns false where the lock is not its own any more. Never makes a file: another may
 * have the folder by now.
 */
export async function renewLock(file: string, lock: Lock, beats: number): Promise<boolean> {
  try {
    const handle = await open(file, constants.O_RDWR | CAREFULLY);
    try {
      if (parseLock(await textOf(handle))?.id !== lock.id) {
        return false;
      }
      await handle.write(lockText(lock, beats), 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (REPLACED.has(codeOf(error) ?? '')) {
      return false;
    }
    throw error;
  }
}

/** What opening a lock fails with that was removed, or replaced by a link, a folder or a socket. */
const REPLACED: ReadonlySet<string> = new Set(['ENOENT', 'ELOOP', 'EISDIR', 'ENXIO']);

/** Undefined when it may not be read. */
async function readLock(file: string): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | CAREFULLY);
  } catch (error) {
    if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') {
      return undefined;
    }
    throw error;
  }
  try {
    return await textOf(handle);
  } finally {
    await handle.close();
  }
}

/** The begin of a file; empty for what is not a file. */
async function textOf(handle: FileHandle): Promise<string> {
  if (!(await handle.stat()).isFile()) {
    return '';
  }
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(LONGEST_TEXT_BYTES), 0, LONGEST_TEXT_BYTES, 0);
  return buffer.toString('utf8', 0, bytesRead);
}

function parseLock(text: string): Lock | undefined {
  try {
    const { host, id, socket } = JSON.parse(text);
    return typeof host === 'string' && typeof id === 'string' && ID.test(id) && typeof socket === 'boolean'
      ? { host, id, socket }
      : undefined;
  } catch {
    return undefined;
  }
}
