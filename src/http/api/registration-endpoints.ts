import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import type { Clock } from '../../lib/clock.ts';
import type { Preconditions, Refusal, TagCondition } from '../../registry/registration.ts';
import type { Registrations } from '../../registry/registrations.ts';
import { HttpError, sendJson } from '../server/respond.ts';
import { nameOf, notRegistered, queryJson } from './query-endpoints.ts';
import { readJsonBody } from './request-body.ts';

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
    const definition = await readJsonBody(request, response, MAX_BODY_BYTES, clock);
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
    case 'precondition failed': {
      const message = `${query} does not match If-Match or If-None-Match`;
      return new HttpError('precondition_failed', message);
    }
    case 'unknown':
      return notRegistered(name);
    case 'interrupted': {
      const message = `${query} may be stored, but is not in effect: the exporter is shutting down, its configuration has changed, or another replica leads`;
      return new HttpError('unavailable', message);
    }
    case 'not stored': {
      const message = `${query} was not changed, because storing it failed: ${refusal.reason}`;
      return new HttpError('insufficient_storage', message);
    }
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
