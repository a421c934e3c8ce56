import { constants, type FileHandle, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { members, parsedJson } from '../../lib/json-values.ts';
import { withFile } from './files.ts';
import { ignoring } from './storage-error.ts';

/** The content of a lock. All locks of one holder have the same length, so that they can be renewed in place. */
export interface Lock {
  readonly host: string;
  /** Random; drawn by the holder. */
  readonly id: string;
  /** Whether the holder listens on a socket in the directory. */
  readonly socket: boolean;
}

export interface FoundLock {
  readonly file: string;
  readonly generation: number;
  /** Not created by an exporter: a directory, a pipe, or a link. */
  readonly isForeign: boolean;
  /** Changes when the holder renews the lock. */
  readonly text: string;
  /** Undefined if the text is not that of an exporter, or is being written. */
  readonly lock: Lock | undefined;
}

const NAME = /^lock\.(\d+)$/;
/** Higher generations were not created by exporters. They are found, but the next generation ignores them. */
const HIGHEST_GENERATION = 999_999_999_999_998;
/** Larger than any lock. */
const LONGEST_TEXT_BYTES = 4_096;
/** An ID becomes a part of file names, and must not lead out of the directory. */
const ID = /^[\w-]{1,64}$/;
/** Does not follow links, and does not wait for the other end of a pipe. */
const CAREFULLY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The name of the next holder's lock. Processes that have found the same locks compute the same name. */
export function nextLockName(found: readonly FoundLock[]): string {
  const counted = found.map(({ generation }) => generation).filter((generation) => generation <= HIGHEST_GENERATION);
  return `lock.${Math.max(0, ...counted) + 1}`;
}

/** `renewals`: how often the lock was renewed. */
export function lockText({ host, id, socket }: Lock, renewals: number): string {
  return `${JSON.stringify({ host, id, socket, beats: String(renewals).padStart(12, '0') })}\n`;
}

/** Returns all locks in a directory: usually one, more while exporters start or shut down. */
export async function findLocks(directory: string): Promise<FoundLock[]> {
  const found: FoundLock[] = [];
  for (const name of await readdir(directory)) {
    const generation = Number(NAME.exec(name)?.[1]);
    const file = join(directory, name);
    const lock = Number.isNaN(generation) ? undefined : await inspect(file).catch(ignoring(['ENOENT']));
    if (lock !== undefined) {
      found.push({ file, generation, ...lock });
    }
  }
  return found;
}

/** Never waits, whatever the kind of the entry. */
async function inspect(file: string): Promise<Pick<FoundLock, 'isForeign' | 'lock' | 'text'>> {
  const status = await lstat(file);
  if (!status.isFile()) {
    return { isForeign: true, text: '', lock: undefined };
  }
  const text = await withFile(file, constants.O_RDONLY | CAREFULLY, textOf).catch(ignoring(['EACCES', 'EPERM']));
  // The lock of another user may be unreadable, but its times show renewals.
  const seen = text ?? `${status.mtimeMs} ${status.size}`;
  return { isForeign: false, text: seen, lock: text === undefined ? undefined : parseLock(text) };
}

/**
 * Renews a lock. Returns false if another process has replaced or removed it. Never creates a file: another process may
 * have locked the directory.
 */
export async function renewLock(file: string, lock: Lock, renewals: number): Promise<boolean> {
  const renewed = withFile(file, constants.O_RDWR | CAREFULLY, async (handle) => {
    if (parseLock(await textOf(handle))?.id !== lock.id) {
      return false;
    }
    await handle.write(lockText(lock, renewals), 0);
    await handle.sync();
    return true;
  });
  return (await renewed.catch(ignoring(REPLACED))) ?? false;
}

/** Errors of opening a lock that was removed, or replaced by a link, a directory, or a socket. */
const REPLACED = ['ENOENT', 'ELOOP', 'EISDIR', 'ENXIO'];

/** The first bytes of a file; empty for an entry of another kind. */
async function textOf(handle: FileHandle): Promise<string> {
  if (!(await handle.stat()).isFile()) {
    return '';
  }
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(LONGEST_TEXT_BYTES), 0, LONGEST_TEXT_BYTES, 0);
  return buffer.toString('utf8', 0, bytesRead);
}

function parseLock(text: string): Lock | undefined {
  const { host, id, socket } = members(parsedJson(text));
  return typeof host === 'string' && typeof id === 'string' && ID.test(id) && typeof socket === 'boolean'
    ? { host, id, socket }
    : undefined;
}
