import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { ByteCollector } from '../../lib/byte-collector.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Preconditions, Refusal, TagCondition } from '../../registry/registration.ts';
import type { Registrations } from '../../registry/registrations.ts';
import { HttpError, sendJson, writeJsonError } from '../server/respond.ts';
import { nameOf, notRegistered, queryJson } from './query-endpoints.ts';

const MAX_BODY_BYTES = 64 * 1024;

/**
 * `PUT /api/v1/queries/NAME`, on a pattern with `:name`: registers the query that the body defines, or replaces the
 * registered one. 201 if it is new, otherwise 200. The response body is the query as returned by GET. The request body is
 * read as JSON regardless of `Content-Type`, because curl and fetch send other types by default. This is safe: a page of
 * another site cannot send a PUT without a preflight request.
 */
export function putEndpoint(registrations: Registrations, clock: Pick<Clock, 'setTimer'>): RequestHandler {
  return async (request, response) => {
    if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
      throw new HttpError('unsupported_media_type', 'The body must be JSON without Content-Encoding');
    }
    const preconditions = readPreconditions(request.headers);
    const definition = await readJsonBody(request, response, clock);
    if (definition === undefined) {
      return;
    }
    const name = nameOf(request);
    const result = await registrations.put(name, definition, preconditions);
    if (!('query' in result)) {
      throw errorOf(name, result);
    }
    response.setHeader('ETag', `"${result.etag}"`);
    sendJson(response, result.outcome === 'created' ? 201 : 200, queryJson(result.query));
  };
}

/** `DELETE /api/v1/queries/NAME`: removes a query that was registered over HTTP, 204. */
export function deleteEndpoint(registrations: Registrations): RequestHandler {
  return async (request, response) => {
    const name = nameOf(request);
    const result = await registrations.remove(name, readPreconditions(request.headers));
    if (result.outcome !== 'removed') {
      throw errorOf(name, result);
    }
    response.writeHead(204).end();
  };
}

function errorOf(name: string, refusal: Refusal): HttpError {
  const query = `The query ${JSON.stringify(name)}`;
  switch (refusal.outcome) {
    case 'invalid': {
      const details = refusal.problems.map(({ path, got, expected }) => ({ path, value: got, expected }));
      const count = details.length === 1 ? 'an error' : `${details.length} errors`;
      return new HttpError('bad_request', `${query} was not registered: its definition has ${count}`, details);
    }
    case 'taken': {
      const owner = refusal.source === 'config' ? 'the configuration' : 'a discovery file';
      return new HttpError('conflict', `${query} is defined in ${owner}, and can be changed only there`);
    }
    case 'precondition failed':
      return new HttpError('precondition_failed', `${query} does not match If-Match or If-None-Match`);
    case 'unknown':
      return notRegistered(name);
    case 'interrupted': {
      const message = `${query} may be stored, but is not in effect: the exporter is shutting down, its configuration has changed, or another replica leads`;
      return new HttpError('unavailable', message);
    }
    case 'not stored':
      return new HttpError(
        'insufficient_storage',
        `${query} was not changed, because storing it failed: ${refusal.reason}`,
      );
  }
}

/** @throws HttpError */
export function readPreconditions(headers: IncomingHttpHeaders): Preconditions {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: readTags('If-Match', ifMatch, false) }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: readTags('If-None-Match', ifNoneMatch, true) }),
  };
}

/** An element of the list, possibly empty, and the following comma or end. */
const ELEMENT = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(?:,|$)/y;

function readTags(header: string, value: string, includesWeak: boolean): TagCondition {
  if (value.trim() === '*') {
    return '*';
  }
  const tags = new Set<string>();
  let named = false;
  ELEMENT.lastIndex = 0;
  while (ELEMENT.lastIndex < value.length) {
    const match = ELEMENT.exec(value);
    if (match === null) {
      throw unreadable(header, value);
    }
    const [, weak, tag] = match;
    named ||= tag !== undefined;
    if (tag !== undefined && (weak === undefined || includesWeak)) {
      tags.add(tag);
    }
  }
  if (!named) {
    throw unreadable(header, value);
  }
  return tags;
}

function unreadable(header: string, value: string): HttpError {
  const got = JSON.stringify(value.slice(0, 80));
  return new HttpError(
    'bad_request',
    `${header}: got ${got}, expected * or quoted tags separated by commas (for example, "a", "b")`,
  );
}

/**
 * Reads a JSON body. Undefined if the client disconnected, or its body was refused as too large. Express' own parser reads an
 * oversized body to its end before it responds, which may take forever. @throws HttpError for a body that is not JSON in UTF-8
 */
async function readJsonBody(request: IncomingMessage, response: ServerResponse, clock: Pick<Clock, 'setTimer'>) {
  const body = await readBody(request);
  if (body === 'too large') {
    response.setHeader('Connection', 'close');
    writeJsonError(response, new HttpError('payload_too_large', `The body is larger than ${MAX_BODY_BYTES} bytes`));
    hangUp(request, response, clock);
  }
  return Buffer.isBuffer(body) ? parseJson(body) : undefined;
}

/** Resolves as soon as the length exceeds the limit. */
function readBody(request: IncomingMessage): Promise<Buffer | 'too large' | 'aborted'> {
  if (Number(request.headers['content-length']) > MAX_BODY_BYTES) {
    return Promise.resolve('too large');
  }
  return new Promise((resolve) => {
    const collected = new ByteCollector();
    const onData = (chunk: Buffer) => {
      collected.add(chunk);
      if (collected.length > MAX_BODY_BYTES) {
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
