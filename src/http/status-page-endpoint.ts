import type { RequestHandler } from 'express';
import type { AppOptions } from './app-options.ts';
import type { ContributorsJson } from './contributor-table.ts';
import { STATUS_PAGE_POLICY } from './page-assets.ts';
import { readPageRequest } from './page-request.ts';
import { sendHtml } from './respond.ts';
import { replacePolicy } from './security-headers.ts';
import { renderListPage, renderMissingQueryPage, renderQueryPage } from './status-page.ts';

/** `GET /`: the registered queries, or with `?query=NAME` one of them with its contributors. */
export function statusPageEndpoint(options: AppOptions): RequestHandler {
  const { version, telemetryPath, externalUrl, clock } = options;
  const linkBase = externalUrl === undefined ? '' : `${externalUrl}/`;
  return async (request, response) => {
    replacePolicy(response, STATUS_PAGE_POLICY);
    const wanted = readPageRequest(request.url);
    const page = { version, linkBase, telemetryPath, now: clock.now() };
    if (wanted.query === undefined) {
      sendHtml(response, 200, renderListPage(page, options.queries(), wanted));
      return;
    }
    const query = options.query(wanted.query);
    if (query === undefined) {
      sendHtml(response, 404, renderMissingQueryPage(page, wanted.query));
      return;
    }
    const json = await options.contributors(wanted.query);
    // Written by `rowsJson` or `datapointsJson`.
    const contributors: ContributorsJson | undefined = json === undefined ? undefined : JSON.parse(json);
    sendHtml(response, 200, renderQueryPage(page, query, contributors));
  };
}
