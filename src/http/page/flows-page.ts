import { counted } from '../../lib/text.ts';
import { CONTRIBUTOR_FAMILIES } from '../../metrics/families.ts';
import { WORST_FLOWS, zonesKey } from '../../results/flow-digest.ts';
import { humanRate, humanValue } from '../../results/human-values.ts';
import { BASE_UNITS } from '../../results/units.ts';
import type { Site } from '../app-options.ts';
import type { FlowOverview, MetricFlows, OverviewFlow, OverviewPair } from './flow-overview.ts';
import { type Html, html } from './html.ts';
import { breakable, metricTitle, NOTHING, renderBar, renderEnds, renderFlowTable } from './page-parts.ts';
import { type PageContext, pageHref } from './page-request.ts';

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
  const rows = worst.map(
    (each, i) => html`<tr>
<th scope="row">${renderFlow(each, `${metricName}-${i}`, family, page)}</th>
<td class="number">${humanValue(each.value, unit)}${renderBar(each.value, largest)}</td>
</tr>
`,
  );
  return html`<h3 id="${metricName}">${title}: worst flows</h3>
${renderPromQl(`topk(${WORST_FLOWS}, ${family})`, page.site)}
${renderFlowTable(`${title}: worst flows`, 'Local → remote', title, rows)}
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
  // Without a data source, Explore uses the default one.
  const nfm = { queries: [{ refId: 'A', expr: expression }], range: { from: 'now-1h', to: 'now' } };
  const graph = new URLSearchParams({ 'g0.expr': expression, 'g0.tab': '1' });
  const explore = new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify({ nfm }) });
  return html`<p class="promql"><code>${expression}</code>${
    prometheusUrl === undefined ? undefined : html` <a href="${prometheusUrl}/graph?${graph.toString()}">Prometheus</a>`
  }${
    grafanaUrl === undefined ? undefined : html` <a href="${grafanaUrl}/explore?${explore.toString()}">Grafana</a>`
  }</p>`;
}

/** Maximum number of zones per axis, those with the largest values. */
const MOST_ZONES = 12;
/** Number of colors of the heat map. */
const HEATS = 5;

/** Renders the values between zones as a heat map: a row per local zone, a column per remote zone. Sums are per second. */
function renderZoneMatrix({ metricName, zones }: MetricFlows, linkBase: string): Html | undefined {
  if (zones.length === 0) {
    return undefined;
  }
  const locals = largestZones(zones, 'local');
  const remotes = largestZones(zones, 'remote');
  const largest = zones.reduce((max, { value }) => Math.max(max, value), 0);
  const cells = new Map(zones.map((pair) => [zonesKey(pair.local, pair.remote), pair]));
  const title = metricTitle(metricName);
  const isTime = metricName === 'ROUND_TRIP_TIME';
  const what = isTime ? `Highest ${title.toLowerCase()}` : `${title} per second`;
  const human = isTime ? humanValue : humanRate;
  const omitted = zones.filter(({ local, remote }) => !locals.includes(local) || !remotes.includes(remote)).length;
  const cell = (local: string, remote: string) => {
    const pair = cells.get(zonesKey(local, remote));
    if (pair === undefined) {
      return html`<td>${NOTHING}</td>`;
    }
    const { query, value } = pair;
    const heat = largest === 0 ? 0 : Math.min(HEATS - 1, Math.floor((HEATS * value) / largest));
    // The page of a query with rows between the zones, filtered by them.
    const href = pageHref(linkBase, { query, search: local === remote ? local : `${local} ${remote}` });
    return html`<td class="heat${heat}"><a href="${href}">${human(value, BASE_UNITS[metricName])}</a></td>`;
  };
  return html`<div class="table" tabindex="0" role="region" aria-label="${what} by zone"><table class="matrix">
<caption>${what}</caption>
<thead><tr><td><small>local → remote</small></td>${remotes.map((zone) => html`<th scope="col">${zone}</th>`)}</tr></thead>
<tbody>
${locals.map((local) => html`<tr><th scope="row">${local}</th>${remotes.map((remote) => cell(local, remote))}</tr>\n`)}</tbody>
</table></div>
${omitted === 0 ? undefined : html`<p>${omitted} pairs of other zones are not shown.</p>\n`}`;
}

/** Returns the zones with the largest values, sorted by name. */
function largestZones(pairs: readonly OverviewPair[], end: 'local' | 'remote'): string[] {
  const largest = new Map<string, number>();
  for (const { [end]: zone, value } of pairs) {
    largest.set(zone, Math.max(value, largest.get(zone) ?? 0));
  }
  const sorted = [...largest].sort(([, a], [, b]) => b - a).slice(0, MOST_ZONES);
  return sorted.map(([zone]) => zone).sort();
}
