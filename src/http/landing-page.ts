import { Html, html } from './html.ts';
import { STYLE } from './landing-style.ts';
import type { QueryView } from './query-view.ts';
import { relativeTime } from './relative-time.ts';

/** Rows at most: with more, browsers take seconds to lay the table out. The rest is in the API. */
export const MAX_ROWS = 1000;

export interface LandingPage {
  readonly version: string;
  /** Where links start: ends in `/`; empty for links relative to the page, which no proxy can break. */
  readonly linkBase: string;
  /** Begins with `/`. */
  readonly telemetryPath: string;
  readonly queries: readonly QueryView[];
  /** Milliseconds since the Unix epoch: what relative times are told from. */
  readonly now: number;
}

/** The whole page: plain HTML, no scripts, every value escaped. The worst queries come first. */
export function renderLandingPage(page: LandingPage): string {
  const rated = page.queries.map((query) => ({ query, condition: conditionOf(query) }));
  rated.sort((a, b) => CONDITIONS.indexOf(a.condition) - CONDITIONS.indexOf(b.condition) || byName(a.query, b.query));
  const shown = rated.slice(0, MAX_ROWS);
  const links = [
    { href: page.telemetryPath.slice(1), text: 'Metrics' },
    { href: 'api/v1/queries', text: 'Queries as JSON' },
    { href: 'api/openapi.json', text: 'API description' },
    { href: '-/healthy', text: 'Health' },
    { href: '-/ready', text: 'Readiness' },
  ];
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Network Flow Monitor exporter</title>
${STYLE_ELEMENT}
</head>
<body>
<header>
<h1>Network Flow Monitor exporter <span class="version">${page.version}</span></h1>
<p>Runs and watches queries of AWS Network Flow Monitor and exports what they find to Prometheus.</p>
<nav aria-label="Endpoints"><ul>
${links.map(({ href, text }) => html`<li><a href="${page.linkBase}${href}">${text}</a></li>\n`)}</ul></nav>
</header>
<main>
<h2>Registered queries</h2>
${page.queries.length === 0 ? NO_QUERIES : [renderCounts(rated), renderTable(page, shown)]}
</main>
</body>
</html>
`;
  return body.toString();
}

const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);

const NO_QUERIES = html`<p class="table empty">No queries are registered: the config file names none.</p>`;

interface Condition {
  readonly text: string;
  /** A class of the style sheet. */
  readonly tone: 'bad' | 'warn' | 'busy' | 'good' | 'idle';
}

const FAILING: Condition = { text: 'failing', tone: 'bad' };
const UNKNOWN: Condition = { text: 'unknown', tone: 'idle' };
const WAITING: Condition = { text: 'waiting', tone: 'idle' };

/** What a query can be in, worst first: our trouble in asking, then the service's verdict. */
const CONDITIONS: readonly Condition[] = [
  FAILING,
  { text: 'FAILED', tone: 'bad' },
  { text: 'CANCELED', tone: 'warn' },
  UNKNOWN,
  WAITING,
  { text: 'QUEUED', tone: 'busy' },
  { text: 'RUNNING', tone: 'busy' },
  { text: 'SUCCEEDED', tone: 'good' },
];

/** Each query is in one condition; one that is failing may have a last known status besides. */
function conditionOf(query: QueryView): Condition {
  if (query.up === false) {
    return FAILING;
  }
  return query.status === null && query.up === null ? WAITING : statusOf(query);
}

function statusOf({ status }: QueryView): Condition {
  return CONDITIONS.find(({ text }) => text === status) ?? UNKNOWN;
}

function byName(a: QueryView, b: QueryView): number {
  return a.name < b.name ? -1 : 1;
}

interface RatedQuery {
  readonly query: QueryView;
  readonly condition: Condition;
}

function renderCounts(rated: readonly RatedQuery[]): Html {
  const counts = CONDITIONS.map((condition) => ({
    condition,
    count: rated.filter((entry) => entry.condition === condition).length,
  })).filter(({ count }) => count > 0);
  return html`<ul class="counts" aria-label="Queries by condition">
${counts.map(({ condition, count }) => html`<li>${badge(condition, `${count} ${condition.text}`)}</li>\n`)}</ul>
`;
}

function renderTable({ queries, linkBase, now }: LandingPage, shown: readonly RatedQuery[]): Html {
  const number =
    shown.length < queries.length
      ? html`The worst ${shown.length} of ${queries.length} queries; <a href="${linkBase}api/v1/queries">all as JSON</a>`
      : html`${queries.length} ${queries.length === 1 ? 'query' : 'queries'}, the worst first`;
  return html`<div class="table"><table>
<caption>${number}. As of ${absoluteTime(now)}; all times are UTC.</caption>
<thead><tr><th scope="col">Query</th><th scope="col">Status</th><th scope="col">Since</th><th scope="col">Last success</th><th scope="col">Next poll</th><th scope="col">Last error</th></tr></thead>
<tbody>
${shown.map((entry) => renderRow(entry, linkBase, now))}</tbody>
</table></div>`;
}

function renderRow({ query, condition }: RatedQuery, linkBase: string, now: number): Html {
  return html`<tr>
<th scope="row">${renderIdentity(query, linkBase)}</th>
<td data-label="Status">${badge(condition)}${
    condition === FAILING && query.status !== null ? html` <small>last known: ${query.status}</small>` : undefined
  }</td>
<td data-label="Since" class="time">${renderTime(query.statusSince, now)}</td>
<td data-label="Last success" class="time">${renderTime(query.lastSuccess, now)}</td>
<td data-label="Next poll" class="time">${renderTime(query.nextPoll, now)}</td>
<td data-label="Last error" class="error">${renderError(query, now)}</td>
</tr>
`;
}

function renderIdentity(query: QueryView, linkBase: string): Html {
  const subject = query.monitorName === undefined ? `scope ${query.scopeId ?? ''}` : `monitor ${query.monitorName}`;
  const labels = Object.entries(query.labels).map(([name, value]) => `${name}="${value}"`);
  return html`<a href="${linkBase}api/v1/queries/${pathSegment(query.name)}">${query.name}</a>
<small>${query.type}, ${subject}</small>
<small>account ${query.account}, ${query.region}, every ${query.interval ?? query.scheduled?.schedule.every ?? ''}</small>${
    labels.length === 0 ? undefined : html`<small>${labels.join(', ')}</small>`
  }`;
}

function renderError({ lastError }: QueryView, now: number): Html {
  if (lastError === null) {
    return NOTHING;
  }
  return html`<span>${lastError.error} <small>${lastError.operation}, ${renderInstant(lastError.at, now)}</small></span>
<small class="message">${lastError.message}</small>`;
}

const NOTHING = html`<span class="none">none</span>`;

function renderTime(instant: string | null, now: number): Html {
  return instant === null
    ? NOTHING
    : html`${renderInstant(instant, now)}<small>${absoluteTime(Date.parse(instant))}</small>`;
}

function renderInstant(instant: string, now: number): Html {
  return html`<time datetime="${instant}">${relativeTime(Date.parse(instant), now)}</time>`;
}

/** `2026-11-24 19:46:12`, in UTC. */
function absoluteTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
}

function badge({ text, tone }: Condition, label = text): Html {
  return html`<span class="badge ${tone}">${label}</span>`;
}

/** Through UTF-8 first: a lone surrogate, which `encodeURIComponent` throws on, becomes U+FFFD as in all output. */
function pathSegment(name: string): string {
  return encodeURIComponent(Buffer.from(name).toString());
}
