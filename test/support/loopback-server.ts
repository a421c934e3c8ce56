import { randomInt } from 'node:crypto';
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

/** Each worker of the test runner has ports of its own, which differ by this number. More than there are workers. */
const STEP = 16;
const WORKER = Number(process.env['VITEST_POOL_ID'] ?? 0) % STEP;
const returned = new Set<number>();

/**
 * Returns a port of the loopback address that nothing listens on now, for a program that cannot choose one. It is below those that the
 * system gives to connections and to port 0, and no other test gets it, so that a program can be restarted on it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = STEP * randomInt(10_000 / STEP, 32_768 / STEP) + WORKER;
    if (returned.has(port)) {
      continue;
    }
    returned.add(port);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
      return port;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) {
        throw error;
      }
    }
  }
}
