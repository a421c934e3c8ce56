// Keeps the status page as the exporter would send it now: asks for it again when the exporter tells of a change, and
// takes over what differs. All that the page shows is rendered by the exporter; without this script it is just not live.

import { Idiomorph } from 'idiomorph';
import { relativeTime } from './relative-time.ts';

/** What of an event's data is told to screen readers. */
interface QueryNews {
  readonly name: string;
  readonly status: string | null;
  readonly up: boolean | null;
  readonly lastError: { readonly error: string } | null;
}

/** Times that pass without an event: next polls, last successes. */
const REFRESH_EVERY_MS = 30_000;
/** From one refresh to the next at least; more where the exporter takes long, so that pages left open do not load it. */
const SHORTEST_PAUSE_MS = 1_000;
const PAUSE_PER_ANSWER = 20;
const LONGEST_PAUSE_MS = 10_000;
const TYPING_PAUSE_MS = 200;
const NEWS_EVERY_MS = 5_000;
const RECONNECT_AFTER_MS = 30_000;

/** The request that is in flight. */
let refreshing: AbortController | undefined;
/** Something has changed since it was made. */
let outdated = false;
/** The refresh that is planned. */
let timer: number | undefined;
/** When the pause after the last refresh is over. */
let earliest = 0;
/** How far the exporter's clock is ahead of ours. */
let clockOffset = 0;

function readClock(root: ParentNode): void {
  const now = root.querySelector('main')?.dataset['now'];
  clockOffset = now === undefined ? 0 : Number(now) - Date.now();
}

function showTimes(): void {
  for (const element of document.querySelectorAll('time')) {
    const text = relativeTime(Date.parse(element.dateTime), Date.now() + clockOffset);
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }
}

/** Refreshes once the request in flight, and the pause after it, are over. */
function refreshSoon(): void {
  if (refreshing !== undefined) {
    outdated = true;
  } else {
    timer ??= setTimeout(refreshNow, Math.max(0, earliest - performance.now()));
  }
}

/** Refreshes now, without waiting for it; the browser's console shows an unexpected failure. */
function refreshNow(): void {
  refresh().catch(reportError);
}

/** Refreshes now; what a request in flight would bring is not awaited any more. */
async function refresh(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  if (document.hidden) {
    return;
  }
  refreshing?.abort();
  const request = new AbortController();
  refreshing = request;
  outdated = false;
  const began = performance.now();
  try {
    const response = await fetch(location.href, { signal: request.signal, cache: 'no-store' });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    if (refreshing === request) {
      takeOver(page);
    }
  } catch {
    // The exporter cannot be reached, which the state of the event stream shows, or another refresh has begun.
  }
  if (refreshing === request) {
    refreshing = undefined;
    const ended = performance.now();
    const pause = Math.max(SHORTEST_PAUSE_MS, PAUSE_PER_ANSWER * (ended - began));
    earliest = ended + Math.min(pause, LONGEST_PAUSE_MS);
    if (outdated) {
      refreshSoon();
    }
  }
}

/** Only what differs is touched: focus, what was typed and what was folded stay. */
function takeOver(page: Document): void {
  const old = document.querySelector('main');
  const fresh = page.querySelector('main');
  if (old === null || fresh === null) {
    return;
  }
  readClock(page);
  const morphed = Idiomorph.morph(old, fresh, {
    morphStyle: 'outerHTML',
    ignoreActiveValue: true,
    restoreFocus: true,
    callbacks: {
      beforeAttributeUpdated: (name, element) => !(name === 'open' && element instanceof HTMLDetailsElement),
    },
  });
  Promise.resolve(morphed).catch(reportError);
}

let source: EventSource | undefined;
let reconnecting: number | undefined;

/** Listens while the page is looked at: browsers have few connections to a host, and its tabs share them. */
function listen(): void {
  source?.close();
  source = undefined;
  clearTimeout(reconnecting);
  if (document.hidden) {
    return;
  }
  source = new EventSource('api/v1/events');
  source.onopen = () => {
    showConnection('Live', true);
    // Whatever has changed before.
    refreshSoon();
  };
  source.onerror = () => {
    showConnection('Disconnected: reconnecting', false);
    if (source?.readyState === EventSource.CLOSED) {
      reconnecting = setTimeout(listen, RECONNECT_AFTER_MS);
    }
  };
  source.addEventListener('status', (event: MessageEvent<string>) => {
    const query: QueryNews = JSON.parse(event.data);
    tell(query);
    refreshSoon();
  });
  source.addEventListener('removed', refreshSoon);
  source.addEventListener('reset', refreshSoon);
}

function showConnection(text: string, connected: boolean): void {
  const live = document.getElementById('live');
  if (live !== null && live.textContent !== text) {
    live.textContent = text;
    live.classList.toggle('off', !connected);
  }
}

const news = new Map<string, string>();

/** Tells screen readers of changes of queries that this page shows, every few seconds at most. */
function tell({ name, status, up, lastError }: QueryNews): void {
  if (document.getElementById(`query-${encodeURIComponent(name)}`) === null) {
    return;
  }
  if (news.size === 0) {
    setTimeout(announce, NEWS_EVERY_MS);
  }
  news.set(name, up === false ? `${name} is failing: ${lastError?.error ?? ''}` : `${name} is ${status ?? 'unknown'}`);
}

function announce(): void {
  const [first = '', second] = news.values();
  const more = news.size > 2 ? `, and ${news.size - 1} more changes` : second === undefined ? '' : `, ${second}`;
  news.clear();
  const region = document.getElementById('news');
  if (region !== null) {
    region.textContent = first + more;
  }
}

let typing: number | undefined;

/** The page that the search form asks for, without leaving this one. */
function search(form: HTMLFormElement): void {
  const address = new URL(location.href);
  address.search = '';
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && value !== '') {
      address.searchParams.set(name, value);
    }
  }
  history.replaceState(null, '', address);
  refreshNow();
}

function searchFormOf(event: Event): HTMLFormElement | undefined {
  const form = event.target instanceof Element ? event.target.closest('form') : null;
  return form?.id === 'search' ? form : undefined;
}

document.addEventListener('input', (event) => {
  const form = searchFormOf(event);
  if (form !== undefined) {
    clearTimeout(typing);
    typing = setTimeout(() => search(form), TYPING_PAUSE_MS);
  }
});
document.addEventListener('submit', (event) => {
  const form = searchFormOf(event);
  if (form !== undefined) {
    event.preventDefault();
    clearTimeout(typing);
    search(form);
  }
});
document.addEventListener('visibilitychange', listen);

readClock(document);
setInterval(showTimes, 1_000);
setInterval(refreshSoon, REFRESH_EVERY_MS);
listen();
