import type { TargetClient } from '../api/client.ts';
import { ApiError, isUnanswered } from '../api/errors.ts';
import type { MonitorSummary, ScopeSummary } from '../api/lists.ts';
import { LIST_OPERATIONS, type ListKind, TAGS_OPERATION } from '../api/operations.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { ListingResult, ListingsOptions } from '../scheduler/listings.ts';
import type { Target } from '../scheduler/target.ts';
import type { Inventory } from './inventory.ts';
import type { ListingLog } from './listing-log.ts';

export interface ListInventoryOptions {
  readonly inventory: Inventory;
  readonly log: ListingLog;
  readonly clientOf: (target: Target) => Pick<TargetClient, 'listMonitors' | 'listScopes' | 'monitorTags'>;
  /** Whether a query can depend on the tags of a monitor. */
  readonly needsTags: (target: Target, monitor: MonitorSummary) => boolean;
}

/** A listing of monitors under way. */
interface MonitorsListing {
  readonly monitors: MonitorSummary[];
  nextToken: string | undefined;
  /** ARNs of monitors whose tags are still to be read; undefined before the last page has come. */
  untagged: string[] | undefined;
  /** The service has refused to tell some tags. */
  incomplete: boolean;
}

interface ScopesListing {
  readonly scopes: ScopeSummary[];
  nextToken: string | undefined;
}

/**
 * Makes the function that makes one request of a listing: asks the API, and writes the inventory when all pages are read,
 * for monitors once more when the tags are, too.
 */
export function createListInventory(options: ListInventoryOptions): ListingsOptions<ListKind>['list'] {
  const { inventory, log, clientOf, needsTags } = options;
  const monitorsListings = new WeakMap<Target, MonitorsListing>();
  const scopesListings = new WeakMap<Target, ScopesListing>();

  async function listMonitors(target: Target, isFirst: boolean, signal: AbortSignal): Promise<ListingResult> {
    const before = isFirst ? undefined : monitorsListings.get(target);
    const listing = before ?? { monitors: [], nextToken: undefined, untagged: undefined, incomplete: false };
    monitorsListings.set(target, listing);
    if (listing.untagged !== undefined) {
      return readTags(target, listing, listing.untagged, signal);
    }
    const { page, nextToken } = await clientOf(target).listMonitors(listing.nextToken, signal);
    listing.monitors.push(...page);
    listing.nextToken = nextToken;
    if (nextToken !== undefined) {
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
    const listing = before ?? { scopes: [], nextToken: undefined };
    scopesListings.set(target, listing);
    const { page, nextToken } = await clientOf(target).listScopes(listing.nextToken, signal);
    listing.scopes.push(...page);
    listing.nextToken = nextToken;
    if (nextToken !== undefined) {
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
      log.failed(target, thrown);
      return isUnanswered(thrown.error) ? 'silent' : 'failed';
    }
  };
}
