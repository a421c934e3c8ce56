import type { QueryView } from '../../registry/query-view.ts';
import type { ContributorsJson } from './contributor-table.ts';
import { Html, html } from './html.ts';
import { ASSETS, IMPORT_MAP } from './page-assets.ts';
import { type PageRequest, pageHref } from './page-request.ts';
import { selectPage } from './page-selection.ts';
import { renderQueryDetails } from './query-details.ts';
import { renderQueryList } from './query-list.ts';

export interface StatusPage {
  readonly version: string;
  /** Where links start: ends in `/`; empty for links relative to the page, which no proxy can break. */
  readonly linkBase: string;
  /** Begins with `/`. */
  readonly telemetryPath: string;
  /** Milliseconds since the Unix epoch: what relative times are told from. */
  readonly now: number;
}

/** The page of all queries, or of those that `request` asks for. Plain HTML, every value escaped, whole without its script. */
export async function renderListPage(
  page: StatusPage,
  queries: Iterable<QueryView>,
  request: PageRequest,
): Promise<string> {
  const { linkBase, now } = page;
  const list = renderQueryList({ linkBase, now, request, selection: await selectPage(queries, request) });
  return renderPage(page, 'Network Flow Monitor exporter', list);
}

/** The page of one query; `contributors`: undefined where no results are known. */
export function renderQueryPage(
  page: StatusPage,
  query: QueryView,
  contributors: ContributorsJson | undefined,
): string {
  const { linkBase, now } = page;
  const details = renderQueryDetails({ linkBase, now, query, contributors });
  return renderPage(page, `${query.name} – Network Flow Monitor exporter`, details);
}

/** The page for a name that no query has. */
export function renderMissingQueryPage(page: StatusPage, name: string): string {
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
