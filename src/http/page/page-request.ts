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

/**
 * The address that asks for a page. `linkBase` is where links start: ends in `/`, or is empty for links relative to the
 * page itself.
 */
export function pageHref(linkBase: string, { search, status, page, query }: Partial<PageRequest> = {}): string {
  const parameters = new URLSearchParams();
  if (query !== undefined) {
    parameters.set('query', query);
  }
  if (search !== undefined && search !== '') {
    parameters.set('search', search);
  }
  if (status !== undefined && status !== '') {
    parameters.set('status', status);
  }
  if (page !== undefined && page > 1) {
    parameters.set('page', String(page));
  }
  const text = parameters.size === 0 ? '' : `?${parameters}`;
  return `${linkBase}${text}` || './';
}
