import type { Site } from '../app-options.ts';

/** What the reader of the status page asks to see, from the query string of its address. */
export interface PageRequest {
  /** Words that a query must have, all of them; empty for all queries. */
  readonly search: string;
  /** A condition's text; empty for all. */
  readonly status: string;
  /** Counts from 1. */
  readonly page: number;
  /** The one query to show alone. */
  readonly query: string | undefined;
}

/** Longer searches are cut: no name is as long. */
const MAX_SEARCH = 300;

/** Reads the query string of `url`. What cannot be read is as if it were not there: the page is then that of all. */
export function readPageRequest(url: string): PageRequest {
  const mark = url.indexOf('?');
  const parameters = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
  const page = parameters.get('page') ?? '';
  return {
    search: (parameters.get('search') ?? '').trim().slice(0, MAX_SEARCH),
    status: parameters.get('status') ?? '',
    page: /^[1-9]\d{0,5}$/.test(page) ? Number(page) : 1,
    query: parameters.get('query') ?? undefined,
  };
}

/** What all parts of a page share. */
export interface PageContext {
  readonly site: Site;
  /** Where links start: ends in `/`; empty for links relative to the page, which no proxy can break. */
  readonly linkBase: string;
  /** Milliseconds since the Unix epoch: relative times are relative to it. */
  readonly now: number;
}

/** The address of a page. */
export function pageHref(linkBase: string, request: Partial<PageRequest> = {}): string {
  const { search = '', status = '', page = 1, query = '' } = request;
  const values = { query, search, status, page: page > 1 ? String(page) : '' };
  const given = Object.entries(values).filter(([, value]) => value !== '');
  const text = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
  return `${linkBase}${text}` || './';
}
