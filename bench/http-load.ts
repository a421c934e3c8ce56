import { connect, type Socket } from 'node:net';

export interface Scrape {
  /** Milliseconds from the request to the last byte of its response. */
  readonly ms: number;
  /** Bytes of the response, including its header. */
  readonly bytes: number;
}

/** One scrape over a connection of its own, by a client that does nothing with what it gets but count it. */
export async function scrape(port: number, gzip: boolean): Promise<Scrape> {
  const counter = new AnswerCounter();
  const socket = await open(port, (bytes) => counter.add(bytes));
  const begin = performance.now();
  socket.write(requestHead(gzip));
  const bytes = await new Promise<number>((resolve, reject) => {
    counter.onEnd = resolve;
    counter.onError = reject;
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the response ended too early, after ${counter.received} bytes`)));
  });
  const ms = performance.now() - begin;
  socket.destroy();
  return { ms, bytes };
}

/** All reads of the socket use the same buffer, so that large responses create no garbage. */
const BUFFER_BYTES = 1_048_576;

function open(port: number, received: (bytes: Buffer) => void): Promise<Socket> {
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  return new Promise((resolve, reject) => {
    const onread = {
      buffer,
      callback(length: number) {
        received(buffer.subarray(0, length));
        return true;
      },
    };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Empty last chunk at the end of a chunked response. */
const CHUNKED_END = Buffer.from('\r\n0\r\n\r\n');

/** Counts the bytes of one response until it is complete. */
class AnswerCounter {
  onEnd: (bytes: number) => void = () => undefined;
  onError: (error: unknown) => void = () => undefined;
  received = 0;
  #head = '';
  /** Bytes of the whole response; undefined until its header is complete. */
  #length: number | 'chunked' | undefined;
  #tail: Buffer = Buffer.alloc(0);

  add(bytes: Buffer): void {
    this.received += bytes.length;
    if (this.#length === undefined) {
      this.#head += bytes.toString('latin1');
      try {
        this.#length = lengthOf(this.#head);
      } catch (error) {
        this.onError(error);
        return;
      }
    }
    // A copy of a few bytes, since the buffer is used again.
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-CHUNKED_END.length)]).subarray(-CHUNKED_END.length);
    const whole =
      this.#length === 'chunked'
        ? this.#tail.equals(CHUNKED_END)
        : this.#length !== undefined && this.received >= this.#length;
    if (whole) {
      this.onEnd(this.received);
    }
  }
}

function requestHead(gzip: boolean): string {
  const encoding = gzip ? 'Accept-Encoding: gzip\r\n' : '';
  return `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/plain;version=0.0.4\r\n${encoding}\r\n`;
}

/** Bytes of a whole response; undefined until its header is complete. @throws Error if the length is unknown. */
function lengthOf(head: string): number | 'chunked' | undefined {
  const end = head.indexOf('\r\n\r\n');
  if (end < 0) {
    return undefined;
  }
  const lines = head.slice(0, end + 2);
  const length = /^content-length: (\d+)\r$/im.exec(lines)?.[1];
  const chunked = /^transfer-encoding: chunked\r$/im.test(lines);
  if (!head.startsWith('HTTP/1.1 200 ') || (length === undefined && !chunked)) {
    throw new Error(`expected 200 with a length or in chunks, got ${lines}`);
  }
  return length === undefined ? 'chunked' : end + 4 + Number(length);
}
