import { mapInTurns } from '../../lib/concurrency.ts';
import { counted } from '../../lib/text.ts';
import { humanValue } from '../../results/human-values.ts';
import type { BaseUnit } from '../../results/units.ts';
import {
  type Contributor,
  type ContributorsJson,
  contributorsOf,
  SORTS,
  selectContributors,
} from './contributor-rows.ts';
import { type Html, html } from './html.ts';
import { absoluteTime, metricTitle, pathSegment, renderBar, renderEnds, renderFlowTable } from './page-parts.ts';
import { type PageContext, type PageRequest, pageHref } from './page-request.ts';

/** Number of contributors that are shown unless all are requested. */
const FIRST_ROWS = 100;

interface ContributorTable extends PageContext {
  readonly request: PageRequest;
  readonly results: ContributorsJson;
  readonly metricName: string | undefined;
}

/** Renders the contributors of a query's last results: one flow per row with its value, the other fields collapsed. */
export async function renderContributors(table: ContributorTable): Promise<Html> {
  const { results, request, linkBase } = table;
  const all = contributorsOf(results);
  const selected = selectContributors(all, request.search, request.sort);
  const shown = request.allRows ? selected : selected.slice(0, FIRST_ROWS);
  const common = commonFields(all);
  const largest = all.reduce((max, { value }) => Math.max(max, value), 0);
  const ids = new Map<string, number>();
  const rows = await mapInTurns(shown, (contributor) =>
    renderRow(contributor, { largest, unit: results.baseUnit, id: uniqueId(contributor, ids), common }),
  );
  const tsv = pageHref(linkBase, { ...request, tsv: true });
  const nouns = 'datapoints' in results ? SERIES : CONTRIBUTORS;
  const total = counted(all.length, nouns.one, nouns.many);
  const first = shown.length < selected.length ? `First ${shown.length} of ` : '';
  const matching = selected.length < all.length ? `${selected.length} of ` : '';
  const same = [...common].map(([field, text]) => `${field} ${text}`).join(', ');
  return html`<p>Window ${absoluteTime(Date.parse(results.windowStart))} to ${absoluteTime(Date.parse(results.windowEnd))} UTC.${
    same === '' ? undefined : html` Same for all: ${same}.`
  }${nouns.note}</p>
${renderForm(request, nouns)}
<p id="found">${first}${matching}${total}. ${moreLinks(table, selected.length, shown.length)}
<a href="${tsv}" type="text/tab-separated-values">TSV</a> <button type="button" class="copy" data-copy="${pageHref('', { ...request, tsv: true })}">Copy as TSV</button></p>
${shown.length === 0 ? html`<p class="card empty">${all.length === 0 ? `The last results have no ${nouns.many}.` : `No ${nouns.one} matches the filter.`}</p>` : renderFlowTable('Contributors', nouns.column, metricTitle(table.metricName), rows)}`;
}

/** Words for the items of results; the note follows the window. */
const CONTRIBUTORS = {
  one: 'contributor',
  many: 'contributors',
  column: 'Local → remote',
  placeholder: 'name, address, zone, instance, port',
  note: '',
};
const SERIES: Nouns = {
  one: 'series',
  many: 'series',
  column: 'Series',
  placeholder: 'name',
  note: ' Newest data point of each series.',
};
type Nouns = typeof CONTRIBUTORS;

function renderForm({ query, search, sort, allRows }: PageRequest, nouns: Nouns): Html {
  const options = Object.entries(SORTS).map(
    ([value, { text }]) =>
      html`<option value="${value === 'value' ? '' : value}"${value === sort ? html` selected` : undefined}>${text}</option>`,
  );
  return html`<form id="search" role="search" method="get">
<input type="hidden" name="query" value="${query}">${allRows ? html`<input type="hidden" name="rows" value="all">` : undefined}
<div class="field"><label for="words">Filter</label>
<input id="words" type="search" name="search" value="${search}" placeholder="${nouns.placeholder}" autocomplete="off"></div>
<div class="field">${
    nouns === SERIES
      ? undefined
      : html`<label for="sort">Sort by</label>
<select id="sort" name="sort">${options}</select>
`
  }<button type="submit">Show</button></div>
</form>`;
}

function moreLinks({ linkBase, request }: ContributorTable, selected: number, shown: number): Html | undefined {
  const link = (change: Partial<PageRequest>, text: string) =>
    html`<a href="${pageHref(linkBase, { ...request, ...change })}">${text}</a>`;
  return html`${shown < selected ? link({ allRows: true }, `Show all ${selected}`) : undefined}${
    request.search === '' ? undefined : html` ${link({ search: '' }, 'Clear the filter')}`
  }`;
}

interface RowOptions {
  readonly largest: number;
  readonly unit: BaseUnit;
  readonly id: string;
  readonly common: ReadonlyMap<string, string>;
}

function renderRow(contributor: Contributor, { largest, unit, id, common }: RowOptions): Html {
  const { value, flow, fields, path, remoteView } = contributor;
  const facts = [
    ...(remoteView === undefined ? [] : [['remote view', humanValue(remoteView, unit)] as const]),
    ...(path.length === 0 ? [] : [['path', path.join(' → ')] as const]),
    ...[...fields].filter(([name]) => !common.has(name)),
  ];
  return html`<tr>
<th scope="row"><details id="${id}"><summary>${renderEnds(flow)}</summary>
<dl class="fields">${facts.map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl></details></th>
<td class="number">${humanValue(value, unit)}${renderBar(value, largest)}</td>
</tr>
`;
}

/** Returns an ID that a row keeps while others change around it, so that it stays expanded. */
function uniqueId({ flow: { local, remote, port, mirror } }: Contributor, ids: Map<string, number>): string {
  const base = pathSegment(
    ['flow', local.name, local.ip, remote.name, remote.ip, port ?? '', mirror ? 'mirror' : ''].join('_').slice(0, 300),
  );
  const count = (ids.get(base) ?? 0) + 1;
  ids.set(base, count);
  return count === 1 ? base : `${base}_${count}`;
}

/** Returns the fields that are equal in all of several contributors. */
function commonFields(contributors: readonly Contributor[]): ReadonlyMap<string, string> {
  const [first, ...others] = contributors;
  const common = [...(first?.fields ?? [])].filter(
    ([name, text]) => !name.endsWith('Arn') && others.every(({ fields }) => fields.get(name) === text),
  );
  return new Map(others.length === 0 ? [] : common);
}
