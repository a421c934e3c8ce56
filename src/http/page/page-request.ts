import type { Site } from '../app-options.ts';
import { SORT_NAMES, type Sort } from './contributor-rows.ts';

/** The requested view of the status page, from its query string. */
export interface PageRequest {
  /** Words that a query, or a contributor of `query`, must contain, all of them; empty: no filter. */
  readonly search: string;
  /** Text of a condition; empty: all conditions. */
  readonly status: string;
  /** Counts from 1. */
  readonly page: number;
  /** Name of the query to show in detail; undefined: the list. */
  readonly query: string | undefined;
  readonly sort: Sort;
  readonly allRows: boolean;
  readonly tsv: boolean;
}

const MAX_SEARCH = 300;

/** Reads the query string of `url`. Ignores invalid parameters: the result is then the page of all queries. */
export function readPageRequest(url: string): PageRequest {
  const [, ...query] = url.split('?');
  const parameters = new URLSearchParams(query.join('?'));
  const page = parameters.get('page') ?? '';
  const sort = parameters.get('sort');
  return {
    search: (parameters.get('search') ?? '').trim().slice(0, MAX_SEARCH),
    status: parameters.get('status') ?? '',
    page: /^[1-9]\d{0,5}$/.test(page) ? Number(page) : 1,
    query: parameters.get('query') ?? undefined,
    sort: SORT_NAMES.find((name) => name === sort) ?? 'value',
    allRows: parameters.get('rows') === 'all',
    tsv: parameters.get('format') === 'tsv',
  };
}

export interface PageContext {
  readonly site: Site;
  /** Base of links: ends in `/`; empty for links relative to the page, which work behind any proxy. */
  readonly linkBase: string;
  /** Reference of relative times, in milliseconds since the Unix epoch. */
  readonly now: number;
}

export function pageHref(linkBase: string, request: Partial<PageRequest> = {}): string {
  const { search = '', status = '', page = 1, query = '', sort = 'value', allRows = false, tsv = false } = request;
  const values = {
    query,
    search,
    status,
    page: page > 1 ? String(page) : '',
    sort: sort === 'value' ? '' : sort,
    rows: allRows ? 'all' : '',
    format: tsv ? 'tsv' : '',
  };
  const given = Object.entries(values).filter(([, value]) => value !== '');
  const text = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
  return `${linkBase}${text}` || './';
}
