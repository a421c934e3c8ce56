import type { QueryView } from '../../registry/query-view.ts';
import { relativeTime } from '../browser/relative-time.ts';
import type { Condition } from './condition.ts';
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
