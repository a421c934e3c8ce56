import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../lib/clock.ts';

/** A request's body that is larger than what is read. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';

  constructor(limit: number) {
    super(`The body is larger than ${limit} bytes`);
  }
}

/** A request's body that is no JSON. */
export class BodyFormatError extends Error {
  override readonly name = 'BodyFormatError';
}

/** The client went away before its request was all there. */
export class RequestAbortedError extends Error {
  override readonly name = 'RequestAbortedError';
}

/**
 * A request's body, of at most `limit` bytes. Express' own parser reads what is too large to its end before it answers,
 * which may never come.
 *
 * @throws BodyTooLargeError as soon as the length is known, or reached; RequestAbortedError
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length']) > limit) {
    return Promise.reject(new BodyTooLargeError(limit));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer) => {
      length += chunk.byteLength;
      chunks.push(chunk);
      if (length > limit) {
        request.off('data', onData);
        reject(new BodyTooLargeError(limit));
      }
    };
    request.on('data', onData);
    request.once('end', () => resolve(Buffer.concat(chunks)));
    // Stays when the promise is settled: an error that nobody listens for would end the process.
    request.on('error', () => reject(new RequestAbortedError()));
  });
}

/** @throws BodyFormatError that says what is wrong, and where JSON.parse tells it */
export function parseJson(body: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new BodyFormatError('The body is no UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BodyFormatError(`The body is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** How long a client may go on sending what was refused. */
const LINGER_MS = 2_000;

/**
 * Ends a response whose body is written, and the connection with it, though the request is not all there. Closed at
 * once, with data on its way, the kernel would reset the connection, and the client might never see the answer: so what
 * comes is dropped until the client has seen it, or its time is over.
 */
export function hangUp(request: IncomingMessage, response: ServerResponse, clock: Pick<Clock, 'setTimer'>): void {
  const end = () => {
    cancel();
    response.end();
  };
  const cancel = clock.setTimer(LINGER_MS, end);
  request.once('end', end);
  request.once('close', end);
  request.resume();
}
