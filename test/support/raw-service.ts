import { createServer, type Socket } from 'node:net';
import type { TestScope } from './daemon.ts';

/** The head of a request. */
export interface RawRequestHead {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

/** A server on the loopback address that responds with any bytes. */
export interface RawService {
  readonly url: string;
  readonly requests: readonly RawRequestHead[];
}

/** Starts a server that responds with the given bytes to each request, and closes the connection. It ends with the scope. */
export async function startRawService(
  scope: TestScope,
  answer: (request: RawRequestHead) => Uint8Array,
): Promise<RawService> {
  const requests: RawRequestHead[] = [];
  const url = await startByteServer(scope, (socket, text) => {
    const [method = '', target = ''] = text.split(' ', 2);
    const request = { method, target };
    requests.push(request);
    socket.end(answer(request));
  });
  return { url, requests };
}

/** Starts a server that passes on each complete request, as text, with its connection. It ends with the scope. Returns its URL. */
export async function startByteServer(
  { onTestFinished }: TestScope,
  onRequest: (socket: Socket, request: string) => void,
): Promise<string> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
      if (isWhole(received)) {
        onRequest(socket, received);
        received = '';
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of open) {
      socket.destroy();
    }
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return `http://127.0.0.1:${port}`;
}

/** Whether head and body are complete. */
function isWhole(request: string): boolean {
  const end = request.indexOf('\r\n\r\n');
  const [, length = '0'] = /^content-length: (\d+)/im.exec(request) ?? [];
  return end !== -1 && request.length >= end + 4 + Number(length);
}
