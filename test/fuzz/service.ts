import type { Socket } from 'node:net';
import fc from 'fast-check';
import type { TestScope } from '../support/daemon.ts';
import { startByteServer } from '../support/raw-service.ts';
import { type Answer, readOperations } from './answers.ts';

export interface FuzzService {
  readonly url: string;
  /** Number of responses so far, by operation. */
  readonly counts: ReadonlyMap<string, number>;
  /** The last responses sent between two times of the wall clock, to help find a cause. */
  sentBetween(from: number, to: number): readonly string[];
}

const REMEMBERED = 2_000;

/**
 * Starts Network Flow Monitor and STS. The n-th response of each operation depends only on the model, the seed, and n. Both
 * stop with the scope.
 */
export async function startFuzzService(scope: TestScope, seed: number): Promise<FuzzService> {
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
  const url = await startByteServer(scope, (socket, request) => {
    void write(socket, answerTo(request));
  });
  const sentBetween = (from: number, to: number) =>
    sent.filter(({ at }) => at >= from && at <= to).map(({ what }) => what);
  return { url, counts, sentBetween };
}

const NO_ANSWER: Answer = { pieces: [], pause: 0, end: 'reset' };

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
