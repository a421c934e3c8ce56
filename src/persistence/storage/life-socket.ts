import { access, lstat, open } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { codeOf } from './storage-error.ts';

/** A socket's path is at most this long: the field of the system is 108 bytes on Linux, 104 elsewhere, its end included. */
const LONGEST_PATH_BYTES = 103;
/** Linux's way to a file of an open folder, however long the folder's name is. */
const OPEN_FOLDERS = '/proc/self/fd';

/** A socket that tells others on this host, by taking connections, that its process is alive: no pid is as good. */
export interface LifeSocket {
  close(): Promise<void>;
}

/** Undefined where the folder's file system, or its name's length, allows no socket. */
export async function openLifeSocket(folder: string, name: string): Promise<LifeSocket | undefined> {
  const path = await socketPath(folder, name);
  if (path === undefined) {
    return undefined;
  }
  const server = createServer((socket) => socket.on('error', () => undefined).destroy());
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(path.text, () => resolve(true));
  });
  if (!listening) {
    await path.close();
    return undefined;
  }
  server.on('error', () => undefined);
  server.unref();
  return {
    async close() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await path.close();
    },
  };
}

/**
 * Whether a process listens on the socket. A process that is stopped listens, too: the system takes the connection.
 * `unknown`: there is no such socket, or it must not be asked.
 */
export async function askLifeSocket(folder: string, name: string): Promise<'alive' | 'dead' | 'unknown'> {
  // What is not a socket refuses connections as the socket of a dead process does.
  const isSocket = await lstat(join(folder, name)).then(
    (status) => status.isSocket(),
    () => false,
  );
  const path = isSocket ? await socketPath(folder, name) : undefined;
  if (path === undefined) {
    return 'unknown';
  }
  const answer = await new Promise<'alive' | 'dead' | 'unknown'>((resolve) => {
    const socket = connect(path.text);
    socket.once('connect', () => resolve('alive'));
    socket.once('error', (error) => {
      const code = codeOf(error);
      resolve(code === 'ECONNREFUSED' ? 'dead' : code === 'EAGAIN' ? 'alive' : 'unknown');
    });
    socket.once('close', () => resolve('unknown'));
  }).finally(() => path.close());
  return answer;
}

/** A path that is short enough, to be closed when the socket is. */
async function socketPath(
  folder: string,
  name: string,
): Promise<{ readonly text: string; close(): Promise<void> } | undefined> {
  const direct = join(folder, name);
  if (Buffer.byteLength(direct) <= LONGEST_PATH_BYTES) {
    return { text: direct, close: async () => undefined };
  }
  try {
    await access(OPEN_FOLDERS);
  } catch {
    return undefined;
  }
  const handle = await open(folder, 'r');
  return { text: `${OPEN_FOLDERS}/${handle.fd}/${name}`, close: () => handle.close() };
}
