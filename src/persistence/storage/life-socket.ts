import { once } from 'node:events';
import { access, lstat, open } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { codeOf, ignoreRefusal } from './storage-error.ts';

/** Longest path of a socket. The system's field has 108 bytes on Linux and 104 elsewhere, with the terminating null byte. */
const LONGEST_PATH_BYTES = 103;
/** On Linux, gives a short path to the entries of an open directory, whatever the length of its own path. */
const OPEN_DIRECTORIES = '/proc/self/fd';

/**
 * Opens a socket that shows other processes on this host that its owner is alive. Unlike a process ID, it is never reused.
 * Resolves to a function that closes it; undefined if the file system or the length of the path does not allow a socket.
 */
export async function openLifeSocket(directory: string, name: string): Promise<(() => Promise<void>) | undefined> {
  const path = await socketPath(directory, name);
  if (path === undefined) {
    return undefined;
  }
  const server = createServer((socket) => socket.on('error', () => undefined).destroy());
  try {
    await once(server.listen(path.text), 'listening');
  } catch {
    await path.close();
    return undefined;
  }
  server.on('error', () => undefined);
  server.unref();
  return async () => {
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await path.close();
  };
}

/**
 * Returns whether a process listens on the socket. A stopped process listens, too: the system accepts the connection.
 * `unknown`: there is no such socket, or access is denied.
 */
export async function probeLifeSocket(directory: string, name: string): Promise<'alive' | 'dead' | 'unknown'> {
  // An entry of another kind refuses connections as the socket of a dead process does.
  const status = await lstat(join(directory, name)).catch(ignoreRefusal);
  const path = status?.isSocket() ? await socketPath(directory, name) : undefined;
  if (path === undefined) {
    return 'unknown';
  }
  return new Promise<'alive' | 'dead' | 'unknown'>((resolve) => {
    const socket = connect(path.text);
    socket.once('connect', () => resolve('alive'));
    socket.once('error', (error) => {
      const code = codeOf(error);
      resolve(code === 'ECONNREFUSED' ? 'dead' : code === 'EAGAIN' ? 'alive' : 'unknown');
    });
    socket.once('close', () => resolve('unknown'));
  }).finally(() => path.close());
}

/** A path that is short enough. It must be closed with the socket. */
async function socketPath(
  directory: string,
  name: string,
): Promise<{ readonly text: string; close(): Promise<void> } | undefined> {
  const direct = join(directory, name);
  if (Buffer.byteLength(direct) <= LONGEST_PATH_BYTES) {
    return { text: direct, close: async () => undefined };
  }
  try {
    await access(OPEN_DIRECTORIES);
  } catch {
    return undefined;
  }
  const handle = await open(directory, 'r');
  return { text: `${OPEN_DIRECTORIES}/${handle.fd}/${name}`, close: () => handle.close() };
}
