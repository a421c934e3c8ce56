import { createHash } from 'node:crypto';
import { InvalidResponse } from '../aws/errors.ts';
import { LARGEST_RESULTS_BYTES } from '../aws/response-limits.ts';
import type { DataPage, RowPage } from './results.ts';

/** Maximum number of items, pages, and bytes of a list with several pages. */
type Bounds<Counted extends string> = Readonly<Record<Counted | 'pages' | 'bytes', number>>;

/** The pages of one list so far. Rejects a list with a repeated token, which would never end, and a list that is too large. */
export class Paging<Counted extends string> {
  readonly #bounds: Bounds<Counted>;
  readonly #totals = new Map<string, number>();
  /** Digests of the tokens so far. */
  readonly #seen = new Set<string>();
  /** Token of the next page. Undefined before the first page and after the last. */
  nextToken: string | undefined;

  /** @param bounds limits over all pages */
  constructor(bounds: Bounds<Counted>) {
    this.#bounds = bounds;
  }

  /** @throws InvalidResponse if the list exceeds a limit, or if an earlier page had the same `nextToken` */
  add(page: Readonly<Record<Counted | 'bytes', number>>, nextToken: string | undefined): void {
    for (const [counted, more] of Object.entries<number>({ ...page, pages: 1 })) {
      const total = (this.#totals.get(counted) ?? 0) + more;
      const { [counted]: most = 0 }: Readonly<Record<string, number>> = this.#bounds;
      if (total > most) {
        throw new InvalidResponse(`expected at most ${most} ${counted} over all pages, got more`);
      }
      this.#totals.set(counted, total);
    }
    if (nextToken !== undefined) {
      const digest = createHash('sha256').update(nextToken).digest('base64');
      if (this.#seen.has(digest)) {
        throw new InvalidResponse('expected a new nextToken, got one of an earlier page');
      }
      this.#seen.add(digest);
    }
    this.nextToken = nextToken;
  }
}

/**
 * That the service's `limit` applies to the rows of a whole result is only inferred, so four times the largest limit is
 * accepted. The `-data` type has no limit.
 */
const RESULTS_BOUNDS = {
  pages: 1_000,
  rows: 2_000,
  series: 2_000,
  points: 100_000,
  bytes: 2 * LARGEST_RESULTS_BYTES,
} as const;

export function resultsPaging(): Paging<'rows' | 'series' | 'points'> {
  return new Paging(RESULTS_BOUNDS);
}

/** Returns what {@link resultsPaging} counts of a page. */
export function countsOf(page: RowPage | DataPage): Readonly<Record<'rows' | 'series' | 'points', number>> {
  if ('rows' in page) {
    return { rows: page.rows.length, series: 0, points: 0 };
  }
  const points = page.datapoints.reduce((sum, series) => sum + series.points.length, 0);
  return { rows: 0, series: page.datapoints.length, points };
}

/** A request has at most 500 metrics, and a read at most 60 points of each. */
export function metricsPaging(): Paging<'points'> {
  return new Paging({ pages: 100, points: 100_800, bytes: 32 * 1024 * 1024 });
}

export type ListingPaging = Paging<'items'>;

export function listingPaging(): ListingPaging {
  return new Paging({ pages: 2_000, items: 50_000, bytes: 32 * 1024 * 1024 });
}
