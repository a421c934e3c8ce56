import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:net';
import type { TestScope } from './daemon.ts';

/** Lets a server listen on a free port of the loopback address until the test ends. Returns its URL. */
export async function listenOnLoopback({ onTestFinished }: TestScope, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : undefined}`;
}

/** Returns a port of the loopback address that nothing listens on now, for a program that cannot choose one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
