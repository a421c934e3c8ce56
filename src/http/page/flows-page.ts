import { counted } from '../../lib/text.ts';
import { CONTRIBUTOR_FAMILIES } from '../../metrics/families.ts';
import { WORST_FLOWS } from '../../results/flow-digest.ts';
import { humanValue } from '../../results/human-values.ts';
import { BASE_UNITS } from '../../results/units.ts';
import type { Site } from '../app-options.ts';
import { renderEnds } from './flow-end.ts';
import type { FlowOverview, MetricFlows, OverviewFlow } from './flow-overview.ts';
import { type Html, html } from './html.ts';
import { breakable, metricTitle, renderBar } from './page-parts.ts';
import { type PageContext, pageHref } from './page-request.ts';
import { renderZoneMatrix } from './zone-matrix.ts';

/** Renders the flows over all queries now: matrices of zones, and the worst flows of each metric. */
export function renderFlows(page: PageContext, { queries, metrics }: FlowOverview): Html {
  const { linkBase } = page;
  if (queries === 0) {
    return html`<h2>Flows</h2>
<p class="card empty">No scheduled query has results yet. <a href="${pageHref(linkBase)}">All queries</a></p>`;
  }
  // Bytes first: they show how much traffic the other values are for.
  const matrices = metrics.filter(({ metricName }) => metricName !== 'TIMEOUTS').toReversed();
  return html`<p class="back"><a href="${pageHref(linkBase)}">All queries</a></p>
<h2>Flows</h2>
<p>Last results of ${counted(queries, 'query', 'queries')}, each over its own window. Values between zones are per second; queries of the same monitor and category count once.</p>
<h3>Zones</h3>
<div class="matrices">${matrices.map((metric) => renderZoneMatrix(metric, linkBase))}</div>
${metrics.map((metric) => renderWorst(metric, page))}`;
}

function renderWorst({ metricName, worst }: MetricFlows, page: PageContext): Html {
  const title = metricTitle(metricName);
  const largest = worst[0]?.value ?? 0;
  const unit = BASE_UNITS[metricName];
  const family = CONTRIBUTOR_FAMILIES[metricName].name;
  return html`<h3 id="${metricName}">${title}: worst flows</h3>
${renderPromQl(`topk(${WORST_FLOWS}, ${family})`, page.site)}
<div class="table" tabindex="0" role="region" aria-label="${title}: worst flows"><table class="flows">
<thead><tr><th scope="col">Local → remote</th><th scope="col" class="number">${title}</th></tr></thead>
<tbody>
${worst.map(
  (each, i) => html`<tr>
<th scope="row">${renderFlow(each, `${metricName}-${i}`, family, page)}</th>
<td class="number">${humanValue(each.value, unit)}${renderBar(each.value, largest)}</td>
</tr>
`,
)}</tbody>
</table></div>
`;
}

function renderFlow({ query, flow }: OverviewFlow, id: string, family: string, { linkBase, site }: PageContext): Html {
  const filter = flow.remote.ip || flow.remote.zone;
  return html`<details id="${id}"><summary>${renderEnds(flow)}</summary>
${renderPromQl(`topk(${WORST_FLOWS}, ${family}{query=${JSON.stringify(query)}})`, site)}</details>
<small class="from"><a href="${pageHref(linkBase, { query, search: `${flow.local.ip} ${filter}`.trim() })}">${breakable(query)}</a></small>`;
}

/** Renders an expression, with links to Prometheus and Grafana if their URLs are set. */
function renderPromQl(expression: string, { prometheusUrl, grafanaUrl }: Site): Html {
  const links = [
    ...(prometheusUrl === undefined ? [] : [{ text: 'Prometheus', href: prometheusHref(prometheusUrl, expression) }]),
    ...(grafanaUrl === undefined ? [] : [{ text: 'Grafana', href: grafanaHref(grafanaUrl, expression) }]),
  ];
  return html`<p class="promql"><code>${expression}</code>${links.map(({ text, href }) => html` <a href="${href}">${text}</a>`)}</p>`;
}

function prometheusHref(url: string, expression: string): string {
  return `${url}/graph?${new URLSearchParams({ 'g0.expr': expression, 'g0.tab': '1' })}`;
}

/** Without a data source, Explore uses the default one. */
function grafanaHref(url: string, expression: string): string {
  const pane = { queries: [{ refId: 'A', expr: expression }], range: { from: 'now-1h', to: 'now' } };
  return `${url}/explore?${new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify({ nfm: pane }) })}`;
}
