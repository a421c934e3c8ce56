import type { Request, RequestHandler } from 'express';
import { mapInTurns, SharedWork } from '../../lib/concurrency.ts';
import type { QueryView } from '../../registry/query-view.ts';
import type { Registrations } from '../../registry/registrations.ts';
import type { ServedQueries } from '../app-options.ts';
import { HttpError, JSON_TYPE, sendBody, sendJson, sendParts } from '../server/respond.ts';
import { QUERY_KEYS } from './openapi-schemas.ts';

/** `GET /api/v1/queries`: `{"queries": […]}`. One list is rendered at a time; requests received before it begins share it. */
export function queriesEndpoint(queries: ServedQueries): RequestHandler {
  const list = new SharedWork(async () => listParts(queries.all()));
  return async (_request, response) => sendParts(response, 200, JSON_TYPE, await list.result());
}

const QUERIES_PER_PART = 100;

async function listParts(queries: Iterable<QueryView>): Promise<readonly Uint8Array[]> {
  const texts = await mapInTurns(queries, (view) => JSON.stringify(queryJson(view)));
  const parts = Array.from({ length: Math.ceil(texts.length / QUERIES_PER_PART) }, (_, i) =>
    Buffer.from((i === 0 ? '' : ',') + texts.slice(i * QUERIES_PER_PART, (i + 1) * QUERIES_PER_PART).join(',')),
  );
  return [Buffer.from('{"queries":['), ...parts, Buffer.from(']}\n')];
}

/**
 * `GET /api/v1/queries/NAME`, on a pattern with `:name`: one query as in the list, or 404. For a query registered over HTTP,
 * `ETag` is the tag of its definition, for conditions of PUT and DELETE; the state of the query does not change it.
 */
export function queryEndpoint(queries: ServedQueries, registrations: Registrations | undefined): RequestHandler {
  return (request, response) => {
    const name = nameOf(request);
    const view = queries.get(name);
    if (view === undefined) {
      throw notRegistered(name);
    }
    const tag = registrations?.etag(name);
    if (tag !== undefined) {
      response.setHeader('ETag', `"${tag}"`);
    }
    sendJson(response, 200, queryJson(view));
  };
}

/** Returns the value of `:name`. Only wildcards have lists as values. */
export function nameOf({ params }: Pick<Request, 'params'>): string {
  return typeof params['name'] === 'string' ? params['name'] : '';
}

export function notRegistered(name: string): HttpError {
  return new HttpError('not_found', `No query named ${JSON.stringify(name)} is registered`);
}

/** `GET /api/v1/queries/NAME/contributors`: the JSON of the last results, or 404. */
export function contributorsEndpoint(queries: ServedQueries): RequestHandler {
  return async (request, response) => {
    const name = nameOf(request);
    const json = queries.contributors(name);
    if (json === undefined) {
      throw new HttpError('not_found', `No results of a query named ${JSON.stringify(name)} are available`);
    }
    sendBody(response, 200, JSON_TYPE, Buffer.from(`${await json}\n`));
  };
}

/** Returns the JSON of a query: only the documented members of its view, so that others are never exposed. */
export function queryJson(view: QueryView): Record<string, unknown> {
  return Object.fromEntries(Object.entries(view).filter(([key]) => QUERY_KEYS.has(key)));
}
