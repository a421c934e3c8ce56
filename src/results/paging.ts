import { createHash } from 'node:crypto';
import { LARGEST_RESULTS_BYTES } from '../aws/answer-bounds.ts';
import { InvalidResponse } from '../aws/errors.ts';
import type { DataPage, RowPage } from './results.ts';

/** What a list that has several pages may hold. */
type Bounds<Counted extends string> = Readonly<Record<Counted | 'pages' | 'bytes', number>>;

/**
 * The pages of one list so far. Refuses a list that does not end, and one that is larger than any that is meant: a token
 * that comes back would be followed forever.
 */
export class Paging<Counted extends string> {
  readonly #bounds: Bounds<Counted>;
  readonly #totals = new Map<string, number>();
  /** Digests of the tokens so far. */
  readonly #seen = new Set<string>();
  #nextToken: string | undefined;

  /** Each bound is the most that is accepted over all pages. */
  constructor(bounds: Bounds<Counted>) {
    this.#bounds = bounds;
  }

  /** What requests the next page; undefined before the first page and after the last. */
  get nextToken(): string | undefined {
    return this.#nextToken;
  }

  /**
   * Adds a page that was read.
   *
   * @throws InvalidResponse if the list exceeds a bound, and if `nextToken` was that of an earlier page.
   */
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
      this.#see(nextToken);
    }
    this.#nextToken = nextToken;
  }

  #see(token: string): void {
    const digest = createHash('sha256').update(token).digest('base64');
    if (this.#seen.has(digest)) {
      throw new InvalidResponse('expected a nextToken that no earlier page had, got one again');
    }
    this.#seen.add(digest);
  }
}

/**
 * Whether the service's `limit` bounds the rows of a whole result is only inferred: four times the largest limit are
 * accepted. The `-data` type has no limit.
 */
const RESULTS_BOUNDS = {
  pages: 1_000,
  rows: 2_000,
  series: 2_000,
  points: 100_000,
  bytes: 2 * LARGEST_RESULTS_BYTES,
} as const;

export type ResultsPaging = Paging<'rows' | 'series' | 'points'>;

/** The pages of the results of one query. */
export function resultsPaging(): ResultsPaging {
  return new Paging(RESULTS_BOUNDS);
}

/** What {@link resultsPaging} counts of a page. */
export function countsOf(page: RowPage | DataPage): Readonly<Record<'rows' | 'series' | 'points', number>> {
  return 'rows' in page
    ? { rows: page.rows.length, series: 0, points: 0 }
    : {
        rows: 0,
        series: page.datapoints.length,
        points: page.datapoints.reduce((sum, { points }) => sum + points.length, 0),
      };
}

const LISTING_BOUNDS = { pages: 2_000, items: 50_000, bytes: 32 * 1024 * 1024 } as const;

export type ListingPaging = Paging<'items'>;

/** The pages of one listing of a target's monitors or scopes. */
export function listingPaging(): ListingPaging {
  return new Paging(LISTING_BOUNDS);
}
