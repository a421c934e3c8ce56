import type { RequestHandler } from 'express';
import { FairQueue, nextTurn } from '../../lib/concurrency.ts';
import type { AppOptions } from '../app-options.ts';
import { HTML, inQueue, replacePolicy, sendBody, TSV } from '../server/respond.ts';
import { type ContributorsJson, contributorsOf, contributorsTsv, selectContributors } from './contributor-rows.ts';
import { renderContributors } from './contributor-table.ts';
import { collectFlows } from './flow-overview.ts';
import { renderFlows } from './flows-page.ts';
import { rateMonitors } from './health.ts';
import { Html, html } from './html.ts';
import { ASSETS, IMPORT_MAP, STATUS_PAGE_POLICY } from './page-assets.ts';
import { type PageContext, type PageRequest, pageHref, readPageRequest } from './page-request.ts';
import { selectPage } from './page-selection.ts';
import { renderQueryDetails } from './query-details.ts';
import { renderQueryList } from './query-list.ts';

/**
 * Scripts and styles are requested relative to the page, wherever its links lead: only that is sure to be this host. `current`
 * is the link to this page, if there is one in the header.
 */
function renderPage({ site, linkBase, now }: PageContext, title: string, main: Html, current = ''): string {
  const links = [
    { href: 'flows', text: 'Flows' },
    { href: site.telemetryPath.slice(1), text: 'Metrics' },
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
<title>${title}Network Flow Monitor exporter</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${ASSETS}/status-page.css">
${IMPORT_MAP_ELEMENT}
${SCRIPT_ELEMENT}
</head>
<body>
<a class="skip" href="#main">Skip to the queries</a>
<header>
<h1>Network Flow Monitor exporter <span class="version">${site.version}</span></h1>
<p><span class="tagline">Prometheus metrics from AWS Network Flow Monitor queries</span> <span id="live"></span></p>
<nav aria-label="Endpoints"><ul class="buttons">
${links.map(
  ({ href, text }) =>
    html`<li><a href="${linkBase}${href}"${current === href ? html` aria-current="page"` : undefined}>${text}</a></li>\n`,
)}</ul></nav>
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

/** Maximum number of pages waiting to be rendered; further requests get 503. */
const MOST_WAITING = 100;
const RETRY_SECONDS = 5;

/**
 * `GET /`: the registered queries, or with `?query=NAME` one of them with its contributors, and `GET /flows`. Pages are
 * rendered one at a time, since each can take about 10 ms; clients take turns.
 */
export function pageEndpoints(options: AppOptions): {
  readonly status: RequestHandler;
  readonly flows: RequestHandler;
} {
  const queue = new FairQueue({ atOnce: 1, mostWaiting: MOST_WAITING });
  const endpoint =
    (render: (url: string) => Promise<Rendered>): RequestHandler =>
    async ({ url }, response) => {
      replacePolicy(response, STATUS_PAGE_POLICY);
      const rendered = await inQueue(response, RETRY_SECONDS, 'page requests', ({ address, signal }) =>
        queue.run(address, signal, () => render(url)),
      );
      if (rendered !== undefined) {
        const { status, type = HTML, page } = rendered;
        sendBody(response, status, type, Buffer.from(page));
      }
    };
  return {
    status: endpoint((url) => renderStatus(options, readPageRequest(url))),
    flows: endpoint(() => renderFlowsPage(options)),
  };
}

/** The media type is HTML by default. */
type Rendered = { readonly status: number; readonly type?: string; readonly page: string };

function contextOf({ site, context }: AppOptions, otherwise: string): PageContext {
  const { externalUrl } = site;
  return { site, linkBase: externalUrl === undefined ? otherwise : `${externalUrl}/`, now: context.clock.now() };
}

async function renderFlowsPage(options: AppOptions): Promise<Rendered> {
  const page = contextOf(options, './');
  const overview = await collectFlows(options.queries.flows());
  await nextTurn();
  return { status: 200, page: renderPage(page, 'Flows – ', renderFlows(page, overview), 'flows') };
}

/** Plain HTML, every value escaped, complete without its script. */
async function renderStatus(options: AppOptions, request: PageRequest): Promise<Rendered> {
  const { queries, health } = options;
  const page = contextOf(options, '');
  await nextTurn();
  if (request.query === undefined) {
    const selection = await selectPage(queries.all(), request);
    const list = await renderQueryList({
      ...page,
      request,
      selection,
      targets: [...health.targets()],
      replicas: options.replicas?.view(),
      networks: await rateMonitors([...health.networks()], queries),
    });
    return { status: 200, page: renderPage(page, '', list) };
  }
  const query = queries.get(request.query);
  if (query === undefined) {
    const missing = html`<h2>Query not found</h2>
<p class="card empty">No query named ${JSON.stringify(request.query)} is registered. <a href="${pageHref(page.linkBase)}">All queries</a></p>`;
    return { status: 404, page: renderPage(page, '', missing) };
  }
  const json = await queries.contributors(request.query);
  // The JSON is from `rowsJson` or `datapointsJson`.
  const results: ContributorsJson | undefined = json === undefined ? undefined : JSON.parse(json);
  await nextTurn();
  if (request.tsv && results !== undefined) {
    const selected = selectContributors(contributorsOf(results), request.search, request.sort);
    return { status: 200, type: TSV, page: await contributorsTsv(selected, results.baseUnit) };
  }
  const { metricName } = query;
  const contributors = results && (await renderContributors({ ...page, request, results, metricName }));
  return { status: 200, page: renderPage(page, `${query.name} – `, renderQueryDetails(page, query, contributors)) };
}
