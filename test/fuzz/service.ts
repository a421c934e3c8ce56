import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import type { TestScope } from '../support/daemon.ts';
import { type Answer, readOperations } from './answers.ts';

export interface FuzzService {
  readonly url: string;
  /** Answers so far, by operation. */
  readonly counts: ReadonlyMap<string, number>;
  /** The last answers that went out between two times of the wall clock, for whoever looks for a cause. */
  sentBetween(from: number, to: number): readonly string[];
}

const REMEMBERED = 2_000;

/**
 * Network Flow Monitor and STS, whose n-th answer of each operation is made of the model, the seed and n alone. It ends
 * with the scope.
 */
export async function startFuzzService({ onTestFinished }: TestScope, seed: number): Promise<FuzzService> {
  const operations = readOperations();
  const counts = new Map(operations.map(({ name }) => [name, 0]));
  const sent: { readonly at: number; readonly what: string }[] = [];
  const answerTo = (request: string): Answer => {
    const [method = '', target = ''] = request.split(' ', 2);
    const body = request.slice(request.indexOf('\r\n\r\n') + 4);
    const operation = operations.find(({ matches }) => matches({ method, target, body }));
    if (operation === undefined) {
      throw new Error(`a request of no operation: ${method} ${target} ${body}`);
    }
    const n = (counts.get(operation.name) ?? 0) + 1;
    counts.set(operation.name, n);
    const [answer = NO_ANSWER] = fc.sample(operation.answers, { seed: seed + n, numRuns: 1 });
    const bytes = Buffer.concat(answer.pieces);
    sent.push({
      at: Date.now(),
      what: `${operation.name} ${n}, ${bytes.length} bytes: ${JSON.stringify(bytes.toString('latin1', 0, 200))}`,
    });
    sent.splice(0, sent.length - REMEMBERED);
    return answer;
  };
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
      if (isWhole(received)) {
        void write(socket, answerTo(received));
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
  const sentBetween = (from: number, to: number) =>
    sent.filter(({ at }) => at >= from && at <= to).map(({ what }) => what);
  return { url: `http://127.0.0.1:${port}`, counts, sentBetween };
}

const NO_ANSWER: Answer = { pieces: [], pause: 0, end: 'reset' };

/** Head and body are there. */
function isWhole(request: string): boolean {
  const end = request.indexOf('\r\n\r\n');
  const [, length = '0'] = /^content-length: (\d+)/im.exec(request) ?? [];
  return end !== -1 && request.length >= end + 4 + Number(length);
}

async function write(socket: Socket, { pieces, pause, end }: Answer): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) {
      return;
    }
    socket.write(piece);
    if (pause > 0) {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  if (end === 'close') {
    socket.end();
  } else if (end === 'reset') {
    socket.resetAndDestroy();
  }
}
