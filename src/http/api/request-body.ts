import type { IncomingMessage, ServerResponse } from 'node:http';
import { ByteCollector } from '../../lib/byte-collector.ts';
import type { Clock } from '../../lib/clock.ts';
import { HttpError, writeJsonError } from '../server/respond.ts';

/**
 * Reads a JSON body of at most `limit` bytes. Undefined if the client disconnected, or its body was refused as too large.
 * Express' own parser reads an oversized body to its end before it responds, which may take forever.
 *
 * @throws HttpError for a body that is not JSON in UTF-8
 */
export async function readJsonBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
  clock: Pick<Clock, 'setTimer'>,
): Promise<unknown> {
  const body = await readBody(request, limit);
  if (body === 'too large') {
    response.setHeader('Connection', 'close');
    writeJsonError(response, new HttpError('payload_too_large', `The body is larger than ${limit} bytes`));
    hangUp(request, response, clock);
  }
  return Buffer.isBuffer(body) ? parseJson(body) : undefined;
}

/** Resolves as soon as the length exceeds the limit. */
function readBody(request: IncomingMessage, limit: number): Promise<Buffer | 'too large' | 'aborted'> {
  if (Number(request.headers['content-length']) > limit) {
    return Promise.resolve('too large');
  }
  return new Promise((resolve) => {
    const collected = new ByteCollector();
    const onData = (chunk: Buffer) => {
      collected.add(chunk);
      if (collected.length > limit) {
        request.off('data', onData);
        resolve('too large');
      }
    };
    request.on('data', onData);
    request.once('end', () => resolve(collected.take()));
    // Not removed when the promise is settled: an error without a listener would end the process.
    request.on('error', () => resolve('aborted'));
  });
}

/** @throws HttpError */
function parseJson(body: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new HttpError('bad_request', 'The body is not valid UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HttpError('bad_request', `The body is not valid JSON: ${reason}`);
  }
}

/** How long a client may continue to send a refused body, in milliseconds. */
const LINGER_MS = 2_000;

/**
 * Ends a response whose body is written, and the connection with it, although the request is incomplete. If it were closed
 * at once with data in transit, the kernel would reset the connection, and the client might never see the response. So
 * further data is dropped until the client has read the response, or the time is up.
 */
function hangUp(request: IncomingMessage, response: ServerResponse, clock: Pick<Clock, 'setTimer'>): void {
  const end = () => {
    cancel();
    response.end();
  };
  const cancel = clock.setTimer(LINGER_MS, end);
  request.once('end', end);
  request.once('close', end);
  request.resume();
}
