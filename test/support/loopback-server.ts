import type { Server } from 'node:http';
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
