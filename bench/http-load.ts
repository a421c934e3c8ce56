import { connect, type Socket } from 'node:net';

export interface Scrape {
  /** Milliseconds from the request to the last byte of its answer. */
  readonly ms: number;
  /** Bytes of the answer, its head included. */
  readonly bytes: number;
}

/** One scrape over a connection of its own, by a client that does nothing with what it gets but count it. */
export async function scrape(port: number, gzip: boolean): Promise<Scrape> {
  const socket = await open(port);
  const begin = performance.now();
  socket.write(requestHead(gzip));
  const bytes = await new Promise<number>((resolve, reject) => {
    let head = '';
    let received = 0;
    let expected = Number.POSITIVE_INFINITY;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (expected === Number.POSITIVE_INFINITY) {
        head += chunk.toString('latin1');
        expected = lengthOf(head);
      }
      if (received >= expected) {
        resolve(received);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the answer ended after ${received} of ${expected} bytes`)));
  });
  const ms = performance.now() - begin;
  socket.destroy();
  return { ms, bytes };
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function requestHead(gzip: boolean): string {
  const encoding = gzip ? 'Accept-Encoding: gzip\r\n' : '';
  return `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/plain;version=0.0.4\r\n${encoding}\r\n`;
}

/** Bytes of a whole answer; infinite as long as its head is not complete. @throws Error when the answer is none with a length. */
function lengthOf(head: string): number {
  const end = head.indexOf('\r\n\r\n');
  if (end < 0) {
    return Number.POSITIVE_INFINITY;
  }
  const length = /^content-length: (\d+)\r$/im.exec(head)?.[1];
  if (!head.startsWith('HTTP/1.1 200 ') || length === undefined) {
    throw new Error(`expected 200 with a length, got ${head.slice(0, end)}`);
  }
  return end + 4 + Number(length);
}
