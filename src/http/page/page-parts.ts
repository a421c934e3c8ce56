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

/** Renders an instant relative to `now`; the page's script updates such elements. */
export function renderInstant(instant: string, now: number): Html {
  return html`<time datetime="${instant}">${relativeTime(Date.parse(instant), now)}</time>`;
}

/** Returns a time in UTC, as `2026-11-24 19:46:12`. */
export function absoluteTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Renders the error of a query's last call, with a remedy. */
export function renderError({ type, lastError }: QueryView, now: number): Html {
  if (lastError === null) {
    return NOTHING;
  }
  const hint = errorHint(type, lastError);
  return html`<span>${lastError.error} <small>${lastError.operation}, ${renderInstant(lastError.at, now)}</small></span>
<small class="message">${lastError.message}</small>${
    hint === undefined ? undefined : html`\n<small class="hint">${hint}</small>`
  }`;
}

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

/** Renders a name that browsers break only after separators, unless a part of it is too long for a line. */
export function breakable(name: string): Html {
  return html`${name.split(/(?<=[:_/])(?=.)/).map((part, i) => (i === 0 ? part : html`<wbr>${part}`))}`;
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
