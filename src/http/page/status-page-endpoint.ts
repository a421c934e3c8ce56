import type { RequestHandler } from 'express';
import { FairQueue, nextTurn, QueueFullError } from '../../lib/concurrency.ts';
import type { AppOptions } from '../app-options.ts';
import { replacePolicy } from '../security/security-headers.ts';
import { sendError } from '../server/http-error.ts';
import { sendHtml } from '../server/respond.ts';
import type { ContributorsJson } from './contributor-table.ts';
import { STATUS_PAGE_POLICY } from './page-assets.ts';
import { type PageRequest, readPageRequest } from './page-request.ts';
import { renderListPage, renderMissingQueryPage, renderQueryPage } from './status-page.ts';

/** Pages that may wait to be rendered. One more is answered 503. */
const MOST_WAITING = 100;
const RETRY_SECONDS = 5;

/**
 * `GET /`: the registered queries, or with `?query=NAME` one of them with its contributors. One page is rendered at a time,
 * since each can take some 10 ms; clients take turns.
 */
export function statusPageEndpoint(options: AppOptions): RequestHandler {
  const queue = new FairQueue({ atOnce: 1, mostWaiting: MOST_WAITING });
  return async (request, response) => {
    replacePolicy(response, STATUS_PAGE_POLICY);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const { status, page } = await queue.run(request.socket.remoteAddress ?? '', gone.signal, () =>
        render(options, readPageRequest(request.url)),
      );
      sendHtml(response, status, page);
    } catch (error) {
      if (error instanceof QueueFullError) {
        response.setHeader('Retry-After', RETRY_SECONDS);
        sendError(response, false, { code: 'unavailable', message: 'Too many requests wait for a page' });
      } else if (!gone.signal.aborted) {
        throw error;
      }
    }
  };
}

async function render(options: AppOptions, wanted: PageRequest): Promise<{ status: number; page: string }> {
  const { version, telemetryPath, externalUrl, clock } = options;
  const linkBase = externalUrl === undefined ? '' : `${externalUrl}/`;
  const page = { version, linkBase, telemetryPath, now: clock.now() };
  await nextTurn();
  if (wanted.query === undefined) {
    return { status: 200, page: await renderListPage(page, options.queries(), wanted) };
  }
  const query = options.query(wanted.query);
  if (query === undefined) {
    return { status: 404, page: renderMissingQueryPage(page, wanted.query) };
  }
  const json = await options.contributors(wanted.query);
  // Written by `rowsJson` or `datapointsJson`.
  const contributors: ContributorsJson | undefined = json === undefined ? undefined : JSON.parse(json);
  return { status: 200, page: renderQueryPage(page, query, contributors) };
}
