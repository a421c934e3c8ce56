// Keeps the status page up to date: requests it again after an event from the exporter, and applies the differences. The
// exporter renders the entire page; without this script, it is complete but not live.

import { Idiomorph } from 'idiomorph';
import { relativeTime } from './relative-time.ts';

/** The part of an event's data that is announced to screen readers. */
interface QueryNews {
  readonly name: string;
  readonly status: string | null;
  readonly up: boolean | null;
  readonly lastError: { readonly error: string } | null;
}

/** Refreshes times that change without an event: next polls, last successes. */
const REFRESH_EVERY_MS = 30_000;
/** Shortest pause between refreshes; longer if responses are slow, so that open pages do not overload the exporter. */
const SHORTEST_PAUSE_MS = 1_000;
const PAUSE_PER_RESPONSE = 20;
const LONGEST_PAUSE_MS = 10_000;
const TYPING_PAUSE_MS = 200;
const NEWS_EVERY_MS = 5_000;
const RECONNECT_AFTER_MS = 30_000;

/** The request in flight. */
let refreshing: AbortController | undefined;
/** Whether anything has changed since that request. */
let outdated = false;
/** Timer of the next refresh. */
let timer: number | undefined;
/** End of the pause after the last refresh. */
let earliest = 0;
/** Time by which the exporter's clock is ahead of the browser's, in milliseconds. */
let clockOffset = 0;

function readClock(root: ParentNode): void {
  const now = root.querySelector('main')?.dataset['now'];
  clockOffset = now === undefined ? 0 : Number(now) - Date.now();
}

function showTimes(): void {
  const now = Date.now() + clockOffset;
  for (const element of document.querySelectorAll('time')) {
    const at = Date.parse(element.dateTime);
    const text = relativeTime(element.className === 'due' ? Math.max(now, at) : at, now);
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }
}

/** Refreshes after the request in flight and the following pause. */
function refreshSoon(): void {
  if (refreshing !== undefined) {
    outdated = true;
  } else {
    timer ??= setTimeout(refreshNow, Math.max(0, earliest - performance.now()));
  }
}

/** Refreshes now, without waiting; the browser's console shows an unexpected failure. */
function refreshNow(): void {
  refresh().catch(reportError);
}

/** Refreshes now; aborts a request in flight. */
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
      applyPage(page);
    }
  } catch {
    // The exporter is unreachable, which the event stream shows, or another refresh has started.
  }
  if (refreshing === request) {
    refreshing = undefined;
    const ended = performance.now();
    const pause = Math.max(SHORTEST_PAUSE_MS, PAUSE_PER_RESPONSE * (ended - began));
    earliest = ended + Math.min(pause, LONGEST_PAUSE_MS);
    if (outdated) {
      refreshSoon();
    }
  }
}

/** Applies only the differences: focus, typed text, and collapsed elements are kept. */
function applyPage(page: Document): void {
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

/** Listens while the page is visible: browsers have few connections per host, shared by its tabs. */
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
    // For changes before the connection.
    refreshSoon();
  };
  source.onerror = () => {
    showConnection('Disconnected: reconnecting', false);
    if (source?.readyState === EventSource.CLOSED) {
      reconnecting = setTimeout(listen, RECONNECT_AFTER_MS);
    }
  };
  source.addEventListener('status', (event: MessageEvent<string>) => {
    addNews(JSON.parse(event.data));
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

/** Announces changes of queries on this page to screen readers, at most every few seconds. */
function addNews({ name, status, up, lastError }: QueryNews): void {
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

/** Shows the page of the search form without a navigation. */
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

/** Copies the tab-separated values at an address. */
async function copyFrom(button: HTMLButtonElement, address: string): Promise<void> {
  const response = await fetch(address, { cache: 'no-store' });
  await navigator.clipboard.writeText(await response.text());
  button.textContent = 'Copied';
}

// Browsers have a clipboard only for pages over HTTPS, or from this machine.
document.documentElement.classList.toggle('scripted', 'clipboard' in navigator);
document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button') : null;
  const address = button?.dataset['copy'];
  if (button !== null && address !== undefined) {
    copyFrom(button, address).catch(reportError);
  }
});

readClock(document);
setInterval(showTimes, 1_000);
setInterval(refreshSoon, REFRESH_EVERY_MS);
listen();
