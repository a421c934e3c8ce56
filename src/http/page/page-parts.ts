import type { MetricName } from '../../model/vocabulary.ts';
import type { QueryView } from '../../registry/query-view.ts';
import { relativeTime } from '../browser/relative-time.ts';
import { errorHint } from './error-hints.ts';
import { type Html, html } from './html.ts';

/** The text for no value. */
export const NOTHING = html`<span class="none">–</span>`;

/** Renders a condition as text, color, and shape. */
export function badge({ text, tone }: Condition, label = text): Html {
  return html`<span class="badge ${tone}">${label}</span>`;
}

/** Renders an instant (RFC 3339) relative to `now`, in milliseconds since the epoch, and in UTC. */
export function renderTime(instant: string | null, now: number): Html {
  return instant === null
    ? NOTHING
    : html`${renderInstant(instant, now)}<small>${absoluteTime(Date.parse(instant))}</small>`;
}

/** {@link renderTime} of an event that has not happened yet: an instant in the past is now. */
export function renderDue(instant: string | null, now: number): Html {
  return instant === null
    ? NOTHING
    : html`<time class="due" datetime="${instant}">${relativeTime(Math.max(now, Date.parse(instant)), now)}</time><small>${absoluteTime(Date.parse(instant))}</small>`;
}

/** Renders an instant relative to `now`; the page's script updates such elements. */
export function renderInstant(instant: string, now: number): Html {
  return html`<time datetime="${instant}">${relativeTime(Date.parse(instant), now)}</time>`;
}

/** Returns a time in UTC, as `2026-11-24 19:46:12`. */
export function absoluteTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
}

/**
 * Renders the error of a query's last call, with a remedy.
 *
 * @param shown messages and remedies of errors above, which are not repeated; the new ones are added
 */
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

/** Renders a bar; the value beside it is text. */
export function renderBar(value: number, largest: number): Html {
  const width = largest > 0 ? (100 * value) / largest : 0;
  return html`<svg class="bar" aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none"><rect width="${width.toFixed(1)}" height="1"/></svg>`;
}

/** Longest word that fits in a line of a narrow screen. */
const LONGEST_WORD = 30;

/** Renders a name that browsers break only after separators: within its parts only if they are long. */
export function breakable(name: string): Html {
  const parts = name
    .split(/(?<=[:/])(?=.)/)
    .flatMap((part) => (part.length > LONGEST_WORD ? part.split(/(?<=_)(?=.)/) : part));
  return html`${parts.map((part, i) => (i === 0 ? part : html`<wbr>${part}`))}`;
}

/** Renders a text in which browsers break long words after separators and before capital letters: IAM actions, ARNs. */
function breakableWords(text: string): Html {
  const words = text.split(/(?<= )/).map((word) => (word.length > LONGEST_WORD ? breakableWord(word) : word));
  return html`${words}`;
}

function breakableWord(word: string): Html {
  const parts = word.split(/(?<=[:_/])(?=.)|(?<=[a-z])(?=[A-Z])/);
  return html`${parts.map((part, i) => (i === 0 ? part : html`<wbr>${part}`))}`;
}

/** Percent-encodes a name. A lone surrogate, on which `encodeURIComponent` throws, becomes U+FFFD, as in all output. */
export function pathSegment(name: string): string {
  return encodeURIComponent(Buffer.from(name).toString());
}

/** The condition of a query at a glance. */
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
