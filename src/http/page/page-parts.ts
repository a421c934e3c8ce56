import type { MetricName } from '../../model/vocabulary.ts';
import type { QueryView } from '../../registry/query-view.ts';
import type { Flow, FlowEnd } from '../../results/flow.ts';
import { relativeTime } from '../browser/relative-time.ts';
import { errorHint } from './error-hints.ts';
import { type Html, type HtmlValue, html } from './html.ts';

export const NOTHING = html`<span class="none">–</span>`;

/** Renders a condition as text, color, and shape. */
export function badge({ text, tone }: Condition, label = text): Html {
  return html`<span class="badge ${tone}">${label}</span>`;
}

/** Renders an instant (RFC 3339) relative to `now`, in milliseconds since the epoch, and in UTC. */
export function renderTime(instant: string | null, now: number, relative = renderInstant): Html {
  return instant === null
    ? NOTHING
    : html`${relative(instant, now)}<small>${absoluteTime(Date.parse(instant))}</small>`;
}

/** {@link renderTime} of an event that has not happened yet: an instant in the past is now. */
export function renderDue(due: string | null, at: number): Html {
  return renderTime(due, at, (instant, now) => {
    const text = relativeTime(Math.max(now, Date.parse(instant)), now);
    return html`<time class="due" datetime="${instant}">${text}</time>`;
  });
}

/** Renders an instant relative to `now`; the page's script updates such elements. */
export function renderInstant(instant: string, now: number): Html {
  return html`<time datetime="${instant}">${relativeTime(Date.parse(instant), now)}</time>`;
}

/** Returns a time in UTC, as `2026-11-24 19:46:12`. */
export function absoluteTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Renders the error of a query's last call, with a remedy. Texts in `shown` are not repeated; new ones are added. */
export function renderError({ type, lastError }: QueryView, now: number, shown = new Set<string>()): Html {
  if (lastError === null) {
    return NOTHING;
  }
  const { error, operation, message, at } = lastError;
  const hint = errorHint(type, lastError);
  return html`<span>${error} <small>${OPERATION_TITLES.get(operation) ?? operation}, ${renderInstant(at, now)}</small></span>
${isNew(message, shown) ? html`<small class="message">${breakableWords(message)}</small>` : html`<small>message as above</small>`}${
  hint === undefined || !isNew(hint, shown) ? undefined : html`\n<small class="hint">${breakableWords(hint)}</small>`
}`;
}

function isNew(text: string, shown: Set<string>): boolean {
  const before = shown.size;
  return shown.add(text).size > before;
}

/** Names of the operations of the service for all types of queries. */
const OPERATION_TITLES: ReadonlyMap<string, string> = new Map([
  ['start', 'StartQuery'],
  ['status', 'GetQueryStatus'],
  ['results', 'GetQueryResults'],
  ['stop', 'StopQuery'],
]);

/** Names of the metrics of the service for people. */
const METRIC_TITLES: Readonly<Record<MetricName, string>> = {
  ROUND_TRIP_TIME: 'Round-trip time',
  TIMEOUTS: 'Timeouts',
  RETRANSMISSIONS: 'Retransmissions',
  DATA_TRANSFERRED: 'Data transferred',
};

/** Returns the name of a metric for people; the service's name of an unknown one. */
export function metricTitle(metricName: string | undefined): string {
  return Object.entries(METRIC_TITLES).find(([name]) => name === metricName)?.[1] ?? metricName ?? 'Value';
}

/** Returns labels as `name="value"`. */
export function labelTexts(labels: QueryView['labels']): string[] {
  return Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
}

/** Renders a bar; the value beside it is text. */
export function renderBar(value: number, largest: number): Html {
  const width = largest > 0 ? (100 * value) / largest : 0;
  return html`<svg class="bar" aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none"><rect width="${width.toFixed(1)}" height="1"/></svg>`;
}

/** Maximum number of rows of {@link renderRecords}. */
const MOST_RECORDS = 100;

/**
 * Renders a table whose rows become cards on a narrow screen. `columns` has the content of the cells by title; `omitted`
 * follows the number of items that are not shown.
 */
export function renderRecords<T>(
  label: string,
  items: readonly T[],
  columns: Readonly<Record<string, (item: T) => HtmlValue>>,
  omitted: string,
): Html {
  const [first = '', ...others] = Object.keys(columns);
  const rows = items.slice(0, MOST_RECORDS).map(
    (item) => html`<tr>
<th scope="row">${columns[first]?.(item)}</th>
${others.map((title) => html`<td data-label="${title}">${columns[title]?.(item)}</td>\n`)}</tr>
`,
  );
  return html`<div class="table" tabindex="0" role="region" aria-label="${label}"><table class="targets">
<thead><tr>${[first, ...others].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows}</tbody>
</table></div>
${items.length > MOST_RECORDS ? html`<p>${items.length - MOST_RECORDS} ${omitted}</p>` : undefined}`;
}

/** Renders a table of flows by the value of a metric. */
export function renderFlowTable(label: string, column: string, metric: string, rows: readonly Html[]): Html {
  return html`<div class="table" tabindex="0" role="region" aria-label="${label}"><table class="flows">
<thead><tr><th scope="col">${column}</th><th scope="col" class="number">${metric}</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}

/** Renders the ends of a flow. The remote end is left out if nothing is known of it. */
export function renderEnds({ local, remote, port, mirror }: Flow): Html {
  return html`<span class="ends">${renderEnd(local)}${remote.name === '' ? undefined : renderEnd(remote, port, mirror)}</span>`;
}

/** Renders an end of a flow: its name, with the zone and the pod or instance below it. */
function renderEnd({ name, zone, host }: FlowEnd, port?: number, mirror = false): Html {
  const more = [mirror ? 'remote view only' : '', zone, host].filter((text) => text !== '');
  return html`<span class="end"><b>${name === '' ? '–' : name}${port === undefined ? '' : `:${port}`}</b>
<small>${more.join(' · ')}</small></span>`;
}

/** Longest word that fits in a line of a narrow screen. */
const LONGEST_WORD = 30;

/** Renders a name that browsers break only after separators: within its parts only if they are long. */
export function breakable(name: string): Html {
  return joined(
    name.split(/(?<=[:/])(?=.)/).flatMap((part) => (part.length > LONGEST_WORD ? part.split(/(?<=_)(?=.)/) : part)),
  );
}

/** Renders a text in which browsers break long words after separators and before capital letters: IAM actions, ARNs. */
function breakableWords(text: string): Html {
  const words = text.split(/(?<= )/);
  return html`${words.map((word) =>
    word.length > LONGEST_WORD ? joined(word.split(/(?<=[:_/])(?=.)|(?<=[a-z])(?=[A-Z])/)) : word,
  )}`;
}

function joined(parts: readonly string[]): Html {
  return html`${parts.map((part, i) => (i === 0 ? part : html`<wbr>${part}`))}`;
}

/** Percent-encodes a name. A lone surrogate, on which `encodeURIComponent` throws, becomes U+FFFD, as in all output. */
export function pathSegment(name: string): string {
  return encodeURIComponent(Buffer.from(name).toString());
}

export interface Condition {
  readonly text: string;
  /** Class of the style sheet that sets color and shape. */
  readonly tone: 'bad' | 'warn' | 'busy' | 'good' | 'idle';
}

const FAILING: Condition = { text: 'failing', tone: 'bad' };
const UNKNOWN: Condition = { text: 'unknown', tone: 'idle' };
const WAITING: Condition = { text: 'waiting', tone: 'idle' };

/** All conditions, most urgent first: failed calls, then statuses of the service. */
export const CONDITIONS: readonly Condition[] = [
  FAILING,
  { text: 'FAILED', tone: 'bad' },
  { text: 'CANCELED', tone: 'warn' },
  UNKNOWN,
  WAITING,
  { text: 'QUEUED', tone: 'busy' },
  { text: 'RUNNING', tone: 'busy' },
  { text: 'SUCCEEDED', tone: 'good' },
];

/** Returns the condition of a query. A failing query may also have a last known status. */
export function conditionOf(query: Pick<QueryView, 'status' | 'up'>): Condition {
  if (query.up === false) {
    return FAILING;
  }
  if (query.status === null && query.up === null) {
    return WAITING;
  }
  return CONDITIONS.find(({ text }) => text === query.status) ?? UNKNOWN;
}
