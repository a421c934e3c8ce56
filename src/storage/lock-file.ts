import { open, readdir, readFile } from 'node:fs/promises';
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
  readonly text: string;
  /** Undefined where the text is none of ours, or is still being written. */
  readonly lock: Lock | undefined;
}

const NAME = /^lock\.(\d{1,15})$/;

export function lockFileName(generation: number): string {
  return `lock.${generation}`;
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
    const text = Number.isNaN(generation) ? undefined : await readLock(join(folder, name));
    if (text !== undefined) {
      found.push({ file: join(folder, name), generation, text, lock: parseLock(text) });
    }
  }
  return found;
}

/**
 * Says that the holder lives on. Returns false where the lock is not its own any more. Never makes a file: another may
 * have the folder by now.
 */
export async function renewLock(file: string, lock: Lock, beats: number): Promise<boolean> {
  const before = await readLock(file);
  if (before === undefined || parseLock(before)?.id !== lock.id) {
    return false;
  }
  try {
    const handle = await open(file, 'r+');
    try {
      await handle.write(lockText(lock, beats), 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return false;
    }
    throw error;
  }
}

/** Undefined when it is gone. */
async function readLock(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

function parseLock(text: string): Lock | undefined {
  try {
    const { host, id, socket } = JSON.parse(text);
    return typeof host === 'string' && typeof id === 'string' && typeof socket === 'boolean'
      ? { host, id, socket }
      : undefined;
  } catch {
    return undefined;
  }
}
