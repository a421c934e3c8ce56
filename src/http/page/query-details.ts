import { DATA_TYPE } from '../../model/vocabulary.ts';
import type { QueryView } from '../../registry/query-view.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import {
  badge,
  breakable,
  conditionOf,
  labelTexts,
  metricTitle,
  NOTHING,
  pathSegment,
  renderDue,
  renderError,
  renderTime,
} from './page-parts.ts';
import { type PageContext, pageHref } from './page-request.ts';
import { renderRuns, renderTimeline } from './run-timeline.ts';

/** Renders one query: last runs, facts, and `contributors`, the table of its last results. */
export function renderQueryDetails(
  { linkBase, now }: PageContext,
  query: QueryView,
  contributors: Html | undefined,
): Html {
  const json = `${linkBase}api/v1/queries/${pathSegment(query.name)}`;
  const scheduled = query.schedule !== undefined;
  const runs = query.recentRuns?.() ?? [];
  return html`<p class="back"><a href="${pageHref(linkBase)}">All queries</a></p>
<h2 id="query-${pathSegment(query.name)}">${breakable(query.name)}</h2>
<div class="state">${badge(conditionOf(query))} ${query.recentRuns === undefined ? undefined : renderTimeline(query.recentRuns())}</div>
${query.lastError === null ? undefined : html`<div class="state error">${renderError(query, now)}</div>`}
<details id="facts"${scheduled ? undefined : html` open`}><summary>Details</summary>
<dl class="card">
${factsOf(query, now).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl></details>
${runs.length === 0 ? undefined : html`<details id="runs"><summary>Last runs</summary>${renderRuns(runs, now)}</details>`}
${scheduled ? html`<h3>${query.type === DATA_TYPE ? 'Series' : 'Contributors'} by ${metricTitle(query.metricName).toLowerCase()}</h3>` : undefined}
${contributors ?? (scheduled ? html`<p>No results yet.</p>` : undefined)}
<ul class="buttons">
<li><a href="${json}">This query as JSON</a></li>
${contributors === undefined ? undefined : html`<li><a href="${json}/contributors">Contributors as JSON (all fields)</a></li>`}
</ul>`;
}

function factsOf(query: QueryView, now: number): readonly (readonly [name: string, value: HtmlValue])[] {
  const { schedule, labels, status, up } = query;
  const known = up === false && status !== null ? html` <small>last known: ${status}</small>` : undefined;
  return [
    ['Status', html`${badge(conditionOf(query))}${known}`],
    ['Since', renderTime(query.statusSince, now)],
    ['Last success', renderTime(query.lastSuccess, now)],
    [schedule === undefined ? 'Next poll' : 'Next run', renderDue(query.nextPoll, now)],
    ['Account and Region', `${query.account}, ${query.region}`],
    [query.monitorName === undefined ? 'Scope' : 'Monitor', query.monitorName ?? query.scopeId ?? NOTHING],
    ['Type', query.type],
    ['Query ID', query.queryId ?? NOTHING],
    ...(query.interval === undefined ? [] : [['Polling interval', query.interval] as const]),
    ...(schedule === undefined
      ? []
      : ([
          ['Metric and category', `${query.metricName}, ${query.destinationCategory}`],
          ['Schedule', scheduleText(schedule)],
        ] as const)),
    ['Labels', labelTexts(labels).join(', ') || NOTHING],
    ['Source', SOURCES[query.source]],
  ];
}

const SOURCES: Readonly<Record<QueryView['source'], string>> = {
  config: 'configuration file',
  file: 'discovery file',
  http: 'HTTP',
};

/** `every 5m, for a window of 5m that ended 2m before`: a delay is planned, and is not lateness. */
function scheduleText({ every, lookback, delay }: NonNullable<QueryView['schedule']>): string {
  const ended = /^0\D/.test(delay) ? 'has just ended' : `ended ${delay} before`;
  return `every ${every}, for a window of ${lookback} that ${ended}`;
}
