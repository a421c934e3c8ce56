import type { RequestHandler } from 'express';
import { FairQueue, nextTurn, QueueFullError } from '../../lib/concurrency.ts';
import type { QueryView } from '../../registry/query-view.ts';
import type { AppOptions } from '../app-options.ts';
import { replacePolicy } from '../security/security-headers.ts';
import { HttpError, sendHtml } from '../server/respond.ts';
import type { ContributorsJson } from './contributor-table.ts';
import { Html, html } from './html.ts';
import { ASSETS, IMPORT_MAP, STATUS_PAGE_POLICY } from './page-assets.ts';
import { type PageRequest, pageHref, readPageRequest } from './page-request.ts';
import { selectPage } from './page-selection.ts';
import { renderQueryDetails } from './query-details.ts';
import { renderQueryList } from './query-list.ts';

interface StatusPage {
  readonly version: string;
  /** Where links start: ends in `/`; empty for links relative to the page, which no proxy can break. */
  readonly linkBase: string;
  /** Begins with `/`. */
  readonly telemetryPath: string;
  /** Milliseconds since the Unix epoch: what relative times are told from. */
  readonly now: number;
}

/** The page of all queries, or of those that `request` asks for. Plain HTML, every value escaped, whole without its script. */
async function renderListPage(page: StatusPage, queries: Iterable<QueryView>, request: PageRequest): Promise<string> {
  const { linkBase, now } = page;
  const list = renderQueryList({ linkBase, now, request, selection: await selectPage(queries, request) });
  return renderPage(page, 'Network Flow Monitor exporter', list);
}

/** The page of one query; `contributors`: undefined where no results are known. */
function renderQueryPage(page: StatusPage, query: QueryView, contributors: ContributorsJson | undefined): string {
  const { linkBase, now } = page;
  const details = renderQueryDetails({ linkBase, now, query, contributors });
  return renderPage(page, `${query.name} – Network Flow Monitor exporter`, details);
}

/** The page for a name that no query has. */
function renderMissingQueryPage(page: StatusPage, name: string): string {
  return renderPage(
    page,
    'Network Flow Monitor exporter',
    html`<h2>No such query</h2>
<p class="card empty">No query of the name ${JSON.stringify(name)} is registered. <a href="${pageHref(page.linkBase)}">All queries</a></p>`,
  );
}

/** Scripts and styles are asked for relative to the page, wherever its links go: only that is sure to be this host. */
function renderPage({ version, linkBase, telemetryPath, now }: StatusPage, title: string, main: Html): string {
  const links = [
    { href: telemetryPath.slice(1), text: 'Metrics' },
    { href: 'api/v1/queries', text: 'Queries as JSON' },
    { href: 'api/openapi.json', text: 'API description' },
    { href: '-/healthy', text: 'Health' },
    { href: '-/ready', text: 'Readiness' },
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${ASSETS}/status-page.css">
${IMPORT_MAP_ELEMENT}
${SCRIPT_ELEMENT}
</head>
<body>
<a class="skip" href="#main">Skip to the queries</a>
<header>
<h1>Network Flow Monitor exporter <span class="version">${version}</span></h1>
<p>Runs and watches queries of AWS Network Flow Monitor and exports what they find to Prometheus. <span id="live"></span></p>
<nav aria-label="Endpoints"><ul class="buttons">
${links.map(({ href, text }) => html`<li><a href="${linkBase}${href}">${text}</a></li>\n`)}</ul></nav>
</header>
<main id="main" tabindex="-1" data-now="${now}">
${main}
</main>
<p id="news" class="unseen" role="status"></p>
</body>
</html>
`.toString();
}

const SCRIPT_ELEMENT = new Html(`<script type="module" src="${ASSETS}/status-page.js"></script>`);
const IMPORT_MAP_ELEMENT = new Html(`<script type="importmap">${IMPORT_MAP}</script>`);

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
        throw new HttpError('unavailable', 'Too many requests wait for a page');
      }
      if (!gone.signal.aborted) {
        throw error;
      }
    }
  };
}

async function render(options: AppOptions, wanted: PageRequest): Promise<{ status: number; page: string }> {
  const { site, queries, context } = options;
  const { version, telemetryPath, externalUrl } = site;
  const linkBase = externalUrl === undefined ? '' : `${externalUrl}/`;
  const page = { version, linkBase, telemetryPath, now: context.clock.now() };
  await nextTurn();
  if (wanted.query === undefined) {
    return { status: 200, page: await renderListPage(page, queries.all(), wanted) };
  }
  const query = queries.get(wanted.query);
  if (query === undefined) {
    return { status: 404, page: renderMissingQueryPage(page, wanted.query) };
  }
  const json = await queries.contributors(wanted.query);
  // Written by `rowsJson` or `datapointsJson`.
  const contributors: ContributorsJson | undefined = json === undefined ? undefined : JSON.parse(json);
  return { status: 200, page: renderQueryPage(page, query, contributors) };
}
