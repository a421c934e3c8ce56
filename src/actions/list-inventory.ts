import type { Answer, TargetClient } from '../aws/client.ts';
import { ApiError, InvalidResponse, isUnanswered } from '../aws/errors.ts';
import type { MonitorSummary, ScopeSummary } from '../aws/lists.ts';
import { LIST_OPERATIONS, type ListKind, TAGS_OPERATION } from '../aws/operations.ts';
import type { Clock } from '../lib/clock.ts';
import { wholeSeconds } from '../lib/log.ts';
import { type ListingPaging, listingPaging } from '../results/paging.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { ListingResult, ListingsOptions } from '../scheduler/listings.ts';
import type { Target } from '../scheduler/target.ts';
import type { Inventory } from '../state/inventory.ts';
import type { ListingLog } from './listing-log.ts';

export interface ListInventoryOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly inventory: Inventory;
  readonly log: ListingLog;
  readonly clientOf: (
    target: Target,
  ) => Pick<TargetClient, 'listMonitors' | 'listScopes' | 'monitorTags' | 'refuseListing'>;
  /** Whether a query can depend on the tags of a monitor. */
  readonly needsTags: (target: Target, monitor: MonitorSummary) => boolean;
}

/** Milliseconds for all pages of a listing: enough for 50,000 monitors at one request per second. */
const LONGEST_LISTING_MS = 3_600_000;

/** The pages of a listing under way. */
interface Pages {
  readonly paging: ListingPaging;
  /** On the monotonic clock. */
  readonly startedAt: number;
}

/** A listing of monitors under way. */
interface MonitorsListing extends Pages {
  readonly monitors: MonitorSummary[];
  /** ARNs of monitors whose tags are still to be read; undefined before the last page has come. */
  untagged: string[] | undefined;
  /** The service has refused to tell some tags. */
  incomplete: boolean;
}

interface ScopesListing extends Pages {
  readonly scopes: ScopeSummary[];
}

/**
 * Makes the function that makes one request of a listing: asks the API, and writes the inventory when all pages are read,
 * for monitors once more when the tags are, too.
 */
export function createListInventory(options: ListInventoryOptions): ListingsOptions<ListKind>['list'] {
  const { clock, inventory, log, clientOf, needsTags } = options;
  const monitorsListings = new WeakMap<Target, MonitorsListing>();
  const scopesListings = new WeakMap<Target, ScopesListing>();

  const newPages = (): Pages => ({ paging: listingPaging(), startedAt: clock.monotonic() });

  /** The next listing begins with the first page: what was read takes no memory until then. */
  const forget = (target: Target, kind: ListKind) =>
    (kind === 'monitors' ? monitorsListings : scopesListings).delete(target);

  /** Adds a page to a listing, and its items to `items`. Returns false, and logs it, for a listing that does not end. */
  function addPage<Item>(
    target: Target,
    kind: ListKind,
    { paging, startedAt }: Pages,
    items: Item[],
    { page, nextToken, bytes }: Answer<readonly Item[]>,
  ): boolean {
    try {
      paging.add({ items: page.length, bytes }, nextToken);
      if (clock.monotonic() - startedAt > LONGEST_LISTING_MS) {
        throw new InvalidResponse(`expected all pages within ${wholeSeconds(LONGEST_LISTING_MS)}, got more`);
      }
    } catch (thrown) {
      if (!(thrown instanceof InvalidResponse)) {
        throw thrown;
      }
      forget(target, kind);
      log.failed(target, clientOf(target).refuseListing(kind, thrown.message));
      return false;
    }
    items.push(...page);
    return true;
  }

  async function listMonitors(target: Target, isFirst: boolean, signal: AbortSignal): Promise<ListingResult> {
    const before = isFirst ? undefined : monitorsListings.get(target);
    const listing = before ?? { ...newPages(), monitors: [], untagged: undefined, incomplete: false };
    monitorsListings.set(target, listing);
    if (listing.untagged !== undefined) {
      return readTags(target, listing, listing.untagged, signal);
    }
    const answer = await clientOf(target).listMonitors(listing.paging.nextToken, signal);
    if (!addPage(target, 'monitors', listing, listing.monitors, answer)) {
      return 'unending';
    }
    if (listing.paging.nextToken !== undefined) {
      return 'again';
    }
    log.worked(target, LIST_OPERATIONS.monitors.name);
    inventory.monitorsListed(target, listing.monitors);
    listing.untagged = listing.monitors.flatMap((monitor) =>
      monitor.arn === undefined || !needsTags(target, monitor) || inventory.knowsTags(target, monitor.arn)
        ? []
        : [monitor.arn],
    );
    return listing.untagged.length > 0 ? 'again' : 'done';
  }

  /** Reads the tags of one monitor. Those that the service refuses to tell hold up no others. */
  async function readTags(
    target: Target,
    listing: MonitorsListing,
    untagged: string[],
    signal: AbortSignal,
  ): Promise<ListingResult> {
    const arn = untagged.shift();
    if (arn !== undefined) {
      try {
        inventory.tagsRead(target, arn, await clientOf(target).monitorTags(arn, signal));
      } catch (thrown) {
        if (!(thrown instanceof ApiError) || isUnanswered(thrown.error)) {
          throw thrown;
        }
        // A monitor that was deleted after it was listed is no failure.
        if (thrown.error !== 'ResourceNotFoundException') {
          listing.incomplete = true;
          log.failed(target, thrown);
        }
      }
    }
    if (untagged.length > 0) {
      return 'again';
    }
    inventory.tagsComplete(target);
    if (listing.incomplete) {
      return 'failed';
    }
    log.worked(target, TAGS_OPERATION.name);
    return 'done';
  }

  async function listScopes(target: Target, isFirst: boolean, signal: AbortSignal): Promise<ListingResult> {
    const before = isFirst ? undefined : scopesListings.get(target);
    const listing = before ?? { ...newPages(), scopes: [] };
    scopesListings.set(target, listing);
    const answer = await clientOf(target).listScopes(listing.paging.nextToken, signal);
    if (!addPage(target, 'scopes', listing, listing.scopes, answer)) {
      return 'unending';
    }
    if (listing.paging.nextToken !== undefined) {
      return 'again';
    }
    log.worked(target, LIST_OPERATIONS.scopes.name);
    inventory.scopesListed(target, listing.scopes);
    return 'done';
  }

  return async (target, kind, isFirst, signal) => {
    try {
      const list = kind === 'monitors' ? listMonitors : listScopes;
      return await list(target, isFirst, signal);
    } catch (thrown) {
      if (signal.reason === SHUTDOWN) {
        return 'silent';
      }
      if (!(thrown instanceof ApiError)) {
        throw thrown;
      }
      forget(target, kind);
      log.failed(target, thrown);
      return isUnanswered(thrown.error) ? 'silent' : 'failed';
    }
  };
}
