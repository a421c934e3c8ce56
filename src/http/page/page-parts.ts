import type { QueryView } from '../../registry/query-view.ts';
import { relativeTime } from '../browser/relative-time.ts';
import { errorHint } from './error-hints.ts';
import { type Html, html } from './html.ts';

/** What stands where there is nothing to say. */
export const NOTHING = html`<span class="none">none</span>`;

/** A condition in words, colour and shape. */
export function badge({ text, tone }: Condition, label = text): Html {
  return html`<span class="badge ${tone}">${label}</span>`;
}

/** An instant in RFC 3339 as it is from `now`, in milliseconds since the epoch, and in UTC. */
export function renderTime(instant: string | null, now: number): Html {
  return instant === null
    ? NOTHING
    : html`${renderInstant(instant, now)}<small>${absoluteTime(Date.parse(instant))}</small>`;
}

/** As it is from `now`; the page's script keeps such elements up to date. */
export function renderInstant(instant: string, now: number): Html {
  return html`<time datetime="${instant}">${relativeTime(Date.parse(instant), now)}</time>`;
}

/** `2026-11-24 19:46:12`, in UTC. */
export function absoluteTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Why the last request of a query failed, and what to do about it. */
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

/** Through UTF-8 first: a lone surrogate, which `encodeURIComponent` throws on, becomes U+FFFD as in all output. */
export function pathSegment(name: string): string {
  return encodeURIComponent(Buffer.from(name).toString());
}

/** What the page says of a query at a glance. */
export interface Condition {
  readonly text: string;
  /** A class of the style sheet, which gives it a colour and a shape. */
  readonly tone: 'bad' | 'warn' | 'busy' | 'good' | 'idle';
}

const FAILING: Condition = { text: 'failing', tone: 'bad' };
const UNKNOWN: Condition = { text: 'unknown', tone: 'idle' };
const WAITING: Condition = { text: 'waiting', tone: 'idle' };

/** What a query can be in, worst first: our trouble in asking, then the service's verdict. */
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

/** Each query is in one condition; one that is failing may have a last known status besides. */
export function conditionOf(query: Pick<QueryView, 'status' | 'up'>): Condition {
  if (query.up === false) {
    return FAILING;
  }
  if (query.status === null && query.up === null) {
    return WAITING;
  }
  return CONDITIONS.find(({ text }) => text === query.status) ?? UNKNOWN;
}
