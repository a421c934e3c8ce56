import type { ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { mapInTurns, SharedWork } from '../../lib/concurrency.ts';
import type { QueryView } from '../../registry/query-view.ts';
import { JSON_TYPE, sendBody, sendError, sendJson, sendParts } from '../server/respond.ts';

/**
 * `GET /api/v1/queries`: `{"queries": […]}`, in the order given. One list is rendered at a time, and requests that are
 * received before it begins share it.
 */
export function queriesEndpoint(queries: () => Iterable<QueryView>): RequestHandler {
  const list = new SharedWork(async () => listParts(queries()));
  return async (_request, response) => sendParts(response, 200, JSON_TYPE, await list.result());
}

/** Queries whose JSON is one part of the body. */
const QUERIES_PER_PART = 100;

async function listParts(queries: Iterable<QueryView>): Promise<readonly Uint8Array[]> {
  const texts = await mapInTurns(queries, (view) => JSON.stringify(queryJson(view)));
  const parts = Array.from({ length: Math.ceil(texts.length / QUERIES_PER_PART) }, (_, i) =>
    Buffer.from((i === 0 ? '' : ',') + texts.slice(i * QUERIES_PER_PART, (i + 1) * QUERIES_PER_PART).join(',')),
  );
  return [Buffer.from('{"queries":['), ...parts, Buffer.from(']}\n')];
}

/**
 * `GET /api/v1/queries/NAME`, on a pattern with `:name`: one query as it is in the list, or 404. Of a query that was
 * registered over HTTP, `ETag` is of what was registered, for conditions on further PUT and DELETE; what changes besides
 * does not change it.
 *
 * @param etag without quotes; undefined for queries that HTTP cannot change
 */
export function queryEndpoint(
  query: (name: string) => QueryView | undefined,
  etag: (name: string) => string | undefined,
): RequestHandler {
  return (request, response) => {
    const name = nameOf(request);
    const view = query(name);
    if (view === undefined) {
      sendNotRegistered(response, name);
      return;
    }
    const tag = etag(name);
    if (tag !== undefined) {
      response.setHeader('ETag', `"${tag}"`);
    }
    sendJson(response, 200, queryJson(view));
  };
}

/** What a path has for `:name`. Only wildcards of a pattern give lists. */
export function nameOf({ params }: Pick<Request, 'params'>): string {
  return typeof params['name'] === 'string' ? params['name'] : '';
}

export function sendNotRegistered(response: ServerResponse, name: string): void {
  const message = `No query of the name ${JSON.stringify(name)} is registered`;
  sendError(response, true, { code: 'not_found', message });
}

/** `GET /api/v1/queries/NAME/contributors`: the JSON that `contributors` gives of the last results, or 404. */
export function contributorsEndpoint(contributors: (name: string) => Promise<string> | undefined): RequestHandler {
  return async (request, response) => {
    const name = nameOf(request);
    const json = contributors(name);
    if (json === undefined) {
      const message = `No results of a query of the name ${JSON.stringify(name)} are known`;
      sendError(response, true, { code: 'not_found', message });
    } else {
      sendBody(response, 200, JSON_TYPE, Buffer.from(`${await json}\n`));
    }
  };
}

/**
 * Keys of a query under `/api/v1/queries`, in order: identity, then the keys of the configuration that define the query,
 * then its state. Only these are sent, whatever else a caller's object has.
 */
const JSON_KEYS = [
  'name',
  'type',
  'source',
  'account',
  'region',
  'monitorName',
  'scopeId',
  'queryId',
  'interval',
  'metricName',
  'destinationCategory',
  'limit',
  'schedule',
  'contributorLabels',
  'labels',
  'status',
  'statusSince',
  'up',
  'lastError',
  'lastSuccess',
  'nextPoll',
] as const satisfies readonly (keyof QueryView)[];

/** Returns what the JSON of a query is made of. A key that a query does not have is undefined: JSON omits it. */
export function queryJson(view: QueryView): Pick<QueryView, (typeof JSON_KEYS)[number]> {
  // A filter of the view's own keys by a list: the type names the result.
  return Object.fromEntries(JSON_KEYS.map((key) => [key, view[key]])) as ReturnType<typeof queryJson>;
}
