import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import type { Clock } from '../../lib/clock.ts';
import type { Preconditions, TagCondition } from '../../registry/preconditions.ts';
import type { Refusal, Registrations } from '../../registry/registration.ts';
import { sendError, sendJson, writeJsonError } from '../server/respond.ts';
import { nameOf, queryJson, sendNotRegistered } from './query-endpoints.ts';
import {
  BodyFormatError,
  BodyTooLargeError,
  hangUp,
  parseJson,
  RequestAbortedError,
  readBody,
} from './request-body.ts';

const MAX_BODY_BYTES = 64 * 1024;

/**
 * `PUT /api/v1/queries/NAME`, on a pattern with `:name`: registers the query that the body defines, or replaces the one
 * there. 201 when it is new, else 200; the query as GET has it. The body is JSON whatever `Content-Type` says: curl and
 * fetch give other types unless they are told, and no page of another site can send a PUT without asking first.
 */
export function putEndpoint(registrations: Registrations, clock: Pick<Clock, 'setTimer'>): RequestHandler {
  return async (request, response) => {
    if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
      const message = 'The body must be JSON without a Content-Encoding';
      sendError(response, true, { code: 'unsupported_media_type', message });
      return;
    }
    const preconditions = preconditionsOf(request, response);
    if (preconditions === undefined) {
      return;
    }
    const definition = await definitionOf(request, response, clock);
    if (definition === undefined) {
      return;
    }
    const name = nameOf(request);
    const answer = await registrations.put(name, definition, preconditions);
    if ('query' in answer) {
      response.setHeader('ETag', `"${answer.etag}"`);
      sendJson(response, answer.outcome === 'created' ? 201 : 200, queryJson(answer.query));
    } else {
      sendRefusal(response, name, answer);
    }
  };
}

/** `DELETE /api/v1/queries/NAME`: removes a query that was registered over HTTP, 204. */
export function deleteEndpoint(registrations: Registrations): RequestHandler {
  return async (request, response) => {
    const preconditions = preconditionsOf(request, response);
    if (preconditions === undefined) {
      return;
    }
    const name = nameOf(request);
    const answer = await registrations.remove(name, preconditions);
    if (answer.outcome === 'removed') {
      response.writeHead(204).end();
    } else {
      sendRefusal(response, name, answer);
    }
  };
}

/** Undefined once the request is refused. */
function preconditionsOf(request: Request, response: ServerResponse): Preconditions | undefined {
  try {
    return readPreconditions(request.headers);
  } catch (error) {
    if (!(error instanceof PreconditionError)) {
      throw error;
    }
    sendError(response, true, { code: 'bad_request', message: error.message });
    return undefined;
  }
}

/** Undefined once the request is refused, or its sender gone. */
async function definitionOf(
  request: Request,
  response: ServerResponse,
  clock: Pick<Clock, 'setTimer'>,
): Promise<unknown> {
  try {
    return parseJson(await readBody(request, MAX_BODY_BYTES));
  } catch (error) {
    if (error instanceof BodyTooLargeError) {
      response.setHeader('Connection', 'close');
      writeJsonError(response, { code: 'payload_too_large', message: error.message });
      hangUp(request, response, clock);
    } else if (error instanceof BodyFormatError) {
      sendError(response, true, { code: 'bad_request', message: error.message });
    } else if (!(error instanceof RequestAbortedError)) {
      throw error;
    }
    return undefined;
  }
}

function sendRefusal(response: ServerResponse, name: string, refusal: Refusal): void {
  const quoted = JSON.stringify(name);
  switch (refusal.outcome) {
    case 'invalid': {
      const details = refusal.problems.map(({ path, got, expected }) => ({ path, value: got, expected }));
      const message = `The query ${quoted} is not registered: its definition has ${countOf(details.length)}`;
      sendError(response, true, { code: 'bad_request', message, details });
      return;
    }
    case 'taken': {
      const owner = refusal.source === 'config' ? 'the configuration' : 'a discovery file';
      const message = `The query ${quoted} belongs to ${owner}, and can be changed only there`;
      sendError(response, true, { code: 'conflict', message });
      return;
    }
    case 'precondition failed': {
      const message = `The query ${quoted} is not in the state that If-Match or If-None-Match asks for`;
      sendError(response, true, { code: 'precondition_failed', message });
      return;
    }
    case 'unknown':
      sendNotRegistered(response, name);
      return;
    case 'interrupted': {
      const message = `The query ${quoted} may be stored, but is not in force: the exporter ends or has another configuration`;
      sendError(response, true, { code: 'unavailable', message });
      return;
    }
    case 'not stored': {
      const message = `The query ${quoted} could not be stored, and nothing is changed: ${refusal.reason}`;
      sendError(response, true, { code: 'insufficient_storage', message });
      return;
    }
  }
}

function countOf(problems: number): string {
  return problems === 1 ? 'an error' : `${problems} errors`;
}

/** A header of conditions that cannot be read. */
export class PreconditionError extends Error {
  override readonly name = 'PreconditionError';

  constructor(header: string, value: string) {
    super(
      `${header}: got ${JSON.stringify(value.slice(0, 80))}, expected * or quoted tags such as "abc" between commas`,
    );
  }
}

/** @throws PreconditionError */
export function readPreconditions(headers: IncomingHttpHeaders): Preconditions {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: readTags('If-Match', ifMatch, false) }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: readTags('If-None-Match', ifNoneMatch, true) }),
  };
}

/** An element of the list, which may be empty, and the comma or end after it. */
const ELEMENT = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(?:,|$)/y;

function readTags(header: string, value: string, weakToo: boolean): TagCondition {
  if (value.trim() === '*') {
    return '*';
  }
  const tags = new Set<string>();
  let named = false;
  ELEMENT.lastIndex = 0;
  while (ELEMENT.lastIndex < value.length) {
    const match = ELEMENT.exec(value);
    if (match === null) {
      throw new PreconditionError(header, value);
    }
    const [, weak, tag] = match;
    named ||= tag !== undefined;
    if (tag !== undefined && (weak === undefined || weakToo)) {
      tags.add(tag);
    }
  }
  if (!named) {
    throw new PreconditionError(header, value);
  }
  return tags;
}
