import { mapInTurns } from '../../lib/concurrency.ts';
import { groupBy } from '../../lib/group-by.ts';
import { humanValue } from '../../results/human-values.ts';
import type { ReplicasView, TargetHealth } from '../app-options.ts';
import { type RatedMonitor, renderHealth, renderNetworks, renderReplicas } from './health.ts';
import { type Html, html } from './html.ts';
import {
  absoluteTime,
  badge,
  breakable,
  CONDITIONS,
  labelTexts,
  metricTitle,
  NOTHING,
  pathSegment,
  renderDue,
  renderError,
  renderTime,
} from './page-parts.ts';
import { type PageContext, type PageRequest, pageHref } from './page-request.ts';
import { countConditions, type PageSelection, type RatedQuery, subjectOf } from './page-selection.ts';
import { renderTimeline } from './run-timeline.ts';

interface QueryList extends PageContext {
  readonly request: PageRequest;
  readonly selection: PageSelection;
  readonly targets: readonly TargetHealth[];
  readonly networks: readonly RatedMonitor[];
  /** Undefined without replicas. */
  readonly replicas: ReplicasView | undefined;
  readonly rows: ReadonlyMap<RatedQuery, Html>;
}

/** Renders the registered queries: counts by condition, the search form, and the queries of one page in groups. */
export async function renderQueryList(context: Omit<QueryList, 'rows'>): Promise<Html> {
  if (context.selection.total === 0) {
    return html`${renderNetworks(context.networks, context.now)}${renderReplicas(context.replicas)}<h2>Registered queries</h2>
<p class="card empty">No queries are registered.</p>`;
  }
  const { shown } = context.selection;
  const errors = new Map<string, Set<string>>();
  const rows = await mapInTurns(shown, (entry) => {
    const { account, region } = entry.query;
    const target = JSON.stringify([account, region]);
    const above = errors.get(target) ?? new Set();
    errors.set(target, above);
    return [entry, renderRow(entry, context, above)] as const;
  });
  const list: QueryList = { ...context, rows: new Map(rows) };
  return html`${renderNetworks(list.networks, list.now)}${renderHealth(list.targets)}${renderReplicas(list.replicas)}<h2>Registered queries</h2>
${renderCounts(list)}${renderSearch(list.request)}
<p id="found">${found(list)}</p>
${list.selection.matching === 0 ? html`<p class="card empty">No query matches the search.</p>` : undefined}
${Array.from(
  groupBy(shown, ({ query }) => query.account),
  ([name, entries]) => renderAccount(name, entries, list),
)}
${renderPaging(list)}`;
}

function renderCounts({ linkBase, request, selection }: QueryList): Html {
  const items = selection.counts.map(({ condition, count }) => {
    const chosen = request.status === condition.text;
    const href = pageHref(linkBase, { search: request.search, status: chosen ? '' : condition.text });
    return html`<li><a href="${href}"${
      chosen ? html` aria-current="true"` : undefined
    }>${badge(condition, `${grouped(count)} ${condition.text}`)}</a></li>\n`;
  });
  return html`<ul class="counts" aria-label="Queries by condition">
${items}</ul>
`;
}

function renderSearch({ search, status }: PageRequest): Html {
  const options = CONDITIONS.map(
    ({ text }) => html`<option${text === status ? html` selected` : undefined}>${text}</option>`,
  );
  return html`<form id="search" role="search" method="get">
<div class="field"><label for="words">Search</label>
<input id="words" type="search" name="search" value="${search}" placeholder="name, account, Region, monitor, label, error" autocomplete="off"></div>
<div class="field"><label for="status">Status</label>
<select id="status" name="status"><option value="">all</option>${options}</select>
<button type="submit">Show</button></div>
</form>`;
}

function found({ selection, request, now, linkBase }: QueryList): Html {
  const { matching, total, page, pages } = selection;
  const queries = (count: number) => `${grouped(count)} ${count === 1 ? 'query' : 'queries'}`;
  const all = request.search === '' && request.status === '';
  const number = all ? queries(total) : `${grouped(matching)} of ${queries(total)}`;
  return html`${number}${all ? undefined : html` (<a href="${pageHref(linkBase)}">show all</a>)`}${
    pages > 1 ? `, page ${page} of ${pages}` : undefined
  }${matching > 0 ? '; most urgent first' : undefined}. As of ${absoluteTime(now)}, times in UTC.`;
}

/** Formats a count: `10,000`. */
function grouped(count: number): string {
  return humanValue(count, 'count');
}

/** The queries are sorted by account, region, and subject. */
function renderAccount(name: string, entries: readonly RatedQuery[], list: QueryList): Html {
  const regions = groupBy(entries, ({ query }) => query.region);
  return html`<section aria-label="Account ${name}">
<h3><small>account</small> ${name}</h3>
${Array.from(regions, ([region, some]) => renderRegion(name, region, some, list))}</section>
`;
}

function renderRegion(account: string, name: string, entries: readonly RatedQuery[], list: QueryList): Html {
  const counts = countConditions(entries).map(({ condition, count }) => `${grouped(count)} ${condition.text}`);
  const next = new Set(entries.map(({ query }) => nextTitle(query)));
  return html`<details open class="region" id="in-${pathSegment(account)}-${pathSegment(name)}">
<summary><h4>${name}</h4> <small>${counts.join(', ')}</small></summary>
<div class="table"><table class="queries">
<caption class="unseen">Queries of account ${account} in ${name}</caption>
<thead><tr><th scope="col">Query</th><th scope="col" class="middle">Status</th><th scope="col" class="middle">Since</th><th scope="col" class="middle">Last runs</th><th scope="col" class="middle">${next.size === 1 ? [...next] : 'Next'}</th></tr></thead>
${Array.from(
  groupBy(entries, ({ query }) => subjectOf(query)),
  ([subject, some]) => html`<tbody>
<tr class="subject"><th scope="rowgroup" colspan="5">${subject}</th></tr>
${some.map((entry) => list.rows.get(entry))}</tbody>
`,
)}</table></div>
</details>
`;
}

/** An error has a row of its own: no column of empty cells. `errors` has texts of errors in rows above. */
function renderRow({ query, condition }: RatedQuery, { linkBase, now }: PageContext, errors: Set<string>): Html {
  const last = query.up === false && query.status !== null;
  const runs = query.recentRuns?.() ?? [];
  return html`<tr>
<th scope="row">${renderIdentity(query, linkBase)}</th>
<td data-label="Status">${badge(condition)}${last ? html` <small>last known: ${query.status ?? ''}</small>` : undefined}</td>
<td data-label="Since" class="time">${renderTime(query.statusSince, now)}</td>
<td data-label="Last runs">${runs.length === 0 ? NOTHING : renderTimeline(runs)}</td>
<td data-label="${nextTitle(query)}" class="time">${renderDue(query.nextPoll, now)}</td>
</tr>
${query.lastError === null ? undefined : html`<tr class="problem"><td data-label="Last error" class="error" colspan="5">${renderError(query, now, errors)}</td></tr>\n`}`;
}

/** Scheduled queries run; watched queries are polled. */
function nextTitle({ schedule }: RatedQuery['query']): string {
  return schedule === undefined ? 'Next poll' : 'Next run';
}

/** Renders what differs under the headings: metric and category of a query of a fan-out, else the name. */
function renderIdentity(query: RatedQuery['query'], linkBase: string): Html {
  const { name, metricName, destinationCategory, schedule } = query;
  const href = pageHref(linkBase, { query: name });
  const question = metricName === undefined ? '' : `${metricTitle(metricName)}, ${destinationCategory ?? ''}`;
  const [group = name, ...dimensions] = name.split(':');
  const isFanOut = question !== '' && dimensions.length > 0;
  const kind = schedule === undefined ? `watched, every ${query.interval ?? ''}` : `every ${schedule.every}`;
  const more = [isFanOut ? group : question, kind, ...labelTexts(query.labels)].filter((text) => text !== '');
  return html`<a id="query-${pathSegment(name)}" href="${href}">${isFanOut ? question : breakable(name)}</a>
<small>${more.join(', ')}</small>`;
}

function renderPaging({ linkBase, request, selection }: QueryList): Html | undefined {
  const { page, pages } = selection;
  if (pages === 1) {
    return undefined;
  }
  const link = (to: number, text: string) =>
    to < 1 || to > pages || to === page
      ? html`<li><span aria-disabled="true">${text}</span></li>\n`
      : html`<li><a href="${pageHref(linkBase, { ...request, page: to })}">${text}</a></li>\n`;
  return html`<nav aria-label="Pages"><ul class="buttons">
${link(1, 'First')}${link(page - 1, 'Previous')}${link(page + 1, 'Next')}${link(pages, 'Last')}</ul></nav>`;
}
