import type { QueryView } from '../../registry/query-view.ts';
import { type ContributorsJson, renderContributors } from './contributor-table.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import { badge, conditionOf, NOTHING, pathSegment, renderError, renderTime } from './page-parts.ts';
import { type PageContext, pageHref } from './page-request.ts';
import { subjectOf } from './page-selection.ts';
import { renderRuns, renderTimeline } from './run-timeline.ts';

/**
 * Renders one query: facts, last runs, contributors.
 *
 * @param contributors from the last results; undefined if there are none
 */
export function renderQueryDetails(
  { linkBase, now }: PageContext,
  query: QueryView,
  contributors: ContributorsJson | undefined,
): Html {
  const json = `${linkBase}api/v1/queries/${pathSegment(query.name)}`;
  return html`<p class="back"><a href="${pageHref(linkBase)}">All queries</a></p>
<h2 id="query-${pathSegment(query.name)}">${query.name}</h2>
<dl class="card">
${factsOf(query, now).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>
${query.recentRuns === undefined ? undefined : renderRunsOf(query.recentRuns(), now)}
${query.schedule === undefined ? undefined : html`<h3>Contributors</h3>`}
${contributors === undefined ? (query.schedule === undefined ? undefined : html`<p>No results yet.</p>`) : renderContributors(contributors)}
<ul class="buttons">
<li><a href="${json}">This query as JSON</a></li>
${contributors === undefined ? undefined : html`<li><a href="${json}/contributors">Contributors as JSON (all fields)</a></li>`}
</ul>`;
}

function renderRunsOf(runs: ReturnType<NonNullable<QueryView['recentRuns']>>, now: number): Html {
  return html`<h3>Last runs</h3>
<p>${renderTimeline(runs)}</p>
${runs.length === 0 ? undefined : html`<details id="runs"><summary>All runs</summary>${renderRuns(runs, now)}</details>`}`;
}

function factsOf(query: QueryView, now: number): readonly (readonly [name: string, value: HtmlValue])[] {
  const { schedule, labels, status, up } = query;
  const known = up === false && status !== null ? html` <small>last known: ${status}</small>` : undefined;
  return [
    ['Status', html`${badge(conditionOf(query))}${known}`],
    ['Since', renderTime(query.statusSince, now)],
    ['Last success', renderTime(query.lastSuccess, now)],
    ['Next poll', renderTime(query.nextPoll, now)],
    ['Last error', renderError(query, now)],
    ['Account and region', `${query.account}, ${query.region}`],
    ['Subject', `${subjectOf(query)}, ${query.type}`],
    ['Query ID', query.queryId ?? NOTHING],
    ...(query.interval === undefined ? [] : [['Polling interval', query.interval] as const]),
    ...(schedule === undefined
      ? []
      : ([
          ['Metric and category', `${query.metricName}, ${query.destinationCategory}`],
          ['Schedule', `every ${schedule.every}, lookback ${schedule.lookback}, delay ${schedule.delay}`],
        ] as const)),
    [
      'Labels',
      Object.entries(labels)
        .map(([name, value]) => `${name}="${value}"`)
        .join(', ') || NOTHING,
    ],
    ['Source', query.source],
  ];
}
