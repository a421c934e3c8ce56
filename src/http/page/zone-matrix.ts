import { zonesKey } from '../../results/flow-digest.ts';
import { humanRate, humanValue } from '../../results/human-values.ts';
import { BASE_UNITS } from '../../results/units.ts';
import type { MetricFlows, OverviewPair } from './flow-overview.ts';
import { type Html, html } from './html.ts';
import { metricTitle, NOTHING } from './page-parts.ts';
import { pageHref } from './page-request.ts';

/** Maximum number of zones per axis, those with the largest values. */
const MOST_ZONES = 12;
/** Number of colors of the heat map. */
const HEATS = 5;

/** Renders the values between zones as a heat map: a row per local zone, a column per remote zone. Sums are per second. */
export function renderZoneMatrix({ metricName, zones }: MetricFlows, linkBase: string): Html | undefined {
  if (zones.length === 0) {
    return undefined;
  }
  const locals = largestZones(zones, ({ local }) => local);
  const remotes = largestZones(zones, ({ remote }) => remote);
  const largest = zones.reduce((max, { value }) => Math.max(max, value), 0);
  const cells = new Map(zones.map((pair) => [zonesKey(pair.local, pair.remote), pair]));
  const title = metricTitle(metricName);
  const isTime = metricName === 'ROUND_TRIP_TIME';
  const what = isTime ? `Highest ${title.toLowerCase()}` : `${title} per second`;
  const human = isTime ? humanValue : humanRate;
  const omitted = zones.filter(({ local, remote }) => !locals.includes(local) || !remotes.includes(remote)).length;
  const cell = (local: string, remote: string) => {
    const pair = cells.get(zonesKey(local, remote));
    return pair === undefined
      ? html`<td>${NOTHING}</td>`
      : html`<td class="heat${heatOf(pair.value, largest)}"><a href="${hrefOf(pair, linkBase)}">${human(pair.value, BASE_UNITS[metricName])}</a></td>`;
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
function largestZones(pairs: readonly OverviewPair[], zoneOf: (pair: OverviewPair) => string): string[] {
  const largest = new Map<string, number>();
  for (const pair of pairs) {
    largest.set(zoneOf(pair), Math.max(pair.value, largest.get(zoneOf(pair)) ?? 0));
  }
  const sorted = [...largest].sort(([, a], [, b]) => b - a).slice(0, MOST_ZONES);
  return sorted.map(([zone]) => zone).sort();
}

/** The page of a query with rows between the zones, filtered by them. */
function hrefOf({ query, local, remote }: OverviewPair, linkBase: string): string {
  return pageHref(linkBase, { query, search: local === remote ? local : `${local} ${remote}` });
}

function heatOf(value: number, largest: number): number {
  return largest === 0 ? 0 : Math.min(HEATS - 1, Math.floor((HEATS * value) / largest));
}
