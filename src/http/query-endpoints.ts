import type { RequestHandler } from 'express';
import { sendError } from './http-error.ts';
import { type QueryView, queryJson } from './query-view.ts';
import { JSON_TYPE, sendBody, sendJson } from './respond.ts';

/** `GET /api/v1/queries`: `{"queries": […]}`, in the order given. */
export function queriesEndpoint(queries: () => readonly QueryView[]): RequestHandler {
  return (_request, response) => sendJson(response, 200, { queries: queries().map(queryJson) });
}

/** `GET /api/v1/queries/NAME`, on a pattern with `:name`: one query as it is in the list, or 404. */
export function queryEndpoint(query: (name: string) => QueryView | undefined): RequestHandler {
  return (request, response) => {
    const { name } = request.params;
    // Only wildcards of a pattern give lists.
    const view = typeof name === 'string' ? query(name) : undefined;
    if (view === undefined) {
      const message = `No query of the name ${JSON.stringify(name)} is registered`;
      sendError(response, true, { code: 'not_found', message });
    } else {
      sendJson(response, 200, queryJson(view));
    }
  };
}

/** `GET /api/v1/queries/NAME/contributors`: the JSON that `contributors` gives of the last results, or 404. */
export function contributorsEndpoint(contributors: (name: string) => Promise<string> | undefined): RequestHandler {
  return async (request, response) => {
    const { name } = request.params;
    const json = typeof name === 'string' ? contributors(name) : undefined;
    if (json === undefined) {
      const message = `No results of a query of the name ${JSON.stringify(name)} are known`;
      sendError(response, true, { code: 'not_found', message });
    } else {
      sendBody(response, 200, JSON_TYPE, Buffer.from(`${await json}\n`));
    }
  };
}
