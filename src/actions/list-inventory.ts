import type { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import type { ResponsePage } from '../aws/calls.ts';
import type { TargetClient } from '../aws/client.ts';
import { ApiError, InvalidResponse, isUnanswered } from '../aws/errors.ts';
import type { ListPage, MonitorSummary, ScopeSummary } from '../aws/lists.ts';
import { LIST_OPERATIONS, type ListKind, TAGS_OPERATION } from '../aws/operations.ts';
import type { Clock } from '../lib/clock.ts';
import type { Conditions } from '../lib/conditions.ts';
import { type Logger, wholeSeconds } from '../lib/log.ts';
import { type ListingPaging, listingPaging } from '../results/paging.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { ListingResult, ListingsOptions } from '../scheduler/listings.ts';
import type { Target } from '../scheduler/target.ts';
import type { Inventory } from '../state/inventory.ts';
import { conditionsByTarget, TargetFailureLog } from './target-failure-log.ts';

export interface ListInventoryOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly inventory: Inventory;
  readonly log: Logger;
  readonly credentialFailures: CredentialFailureLog;
  readonly clientOf: (target: Target) => TargetClient;
  /** Returns whether a query can depend on the tags of a monitor. */
  readonly needsTags: (target: Target, monitor: MonitorSummary) => boolean;
}

const FAILURES = { begun: 'listing failed', ended: 'listing recovered' };
const IGNORED = { begun: 'unusable names ignored in listing', ended: 'unusable names no longer listed' };
/** Milliseconds for all pages of a listing: enough for 50,000 monitors at one request per second. */
const LONGEST_LISTING_MS = 3_600_000;

interface Listing<Item> {
  readonly paging: ListingPaging;
  /** On the monotonic clock. */
  readonly startedAt: number;
  readonly items: Item[];
  /** Number of ignored items so far, whose names no request can contain. */
  ignored: number;
  /** ARNs of monitors whose tags must be read. Undefined before the last page. */
  untagged: string[] | undefined;
  /** Whether some tags could not be read. */
  incomplete: boolean;
}

/** Makes the requests of listings, one at a time. Updates the inventory with all pages, and again with the tags. */
export class InventoryListing {
  readonly #options: ListInventoryOptions;
  readonly #listings = {
    monitors: new WeakMap<Target, Listing<MonitorSummary>>(),
    scopes: new WeakMap<Target, Listing<ScopeSummary>>(),
  };

  readonly #failures: TargetFailureLog;
  /** Listed names that no request can contain, by operation. */
  readonly #ignoring: (target: Target) => Conditions;

  constructor(options: ListInventoryOptions) {
    this.#options = options;
    const { clock, log, credentialFailures } = options;
    this.#failures = new TargetFailureLog({ clock, log, ...FAILURES }, credentialFailures);
    this.#ignoring = conditionsByTarget({ clock, log, ...IGNORED });
  }

  readonly list: ListingsOptions<ListKind>['list'] = async (target, kind, isFirst, signal) => {
    if (isFirst) {
      this.#listings[kind].delete(target);
    }
    try {
      return await (kind === 'monitors' ? this.#listMonitors(target, signal) : this.#listScopes(target, signal));
    } catch (thrown) {
      if (signal.reason === SHUTDOWN) {
        return 'silent';
      }
      if (!(thrown instanceof ApiError)) {
        throw thrown;
      }
      this.#listings[kind].delete(target);
      this.#failures.failed(target, thrown);
      return isUnanswered(thrown.error) ? 'silent' : 'failed';
    }
  };

  async #listMonitors(target: Target, signal: AbortSignal): Promise<ListingResult> {
    const { inventory, clientOf, needsTags } = this.#options;
    const listing = this.#listing(this.#listings.monitors, target);
    if (listing.untagged !== undefined) {
      return this.#readTags(target, listing, signal);
    }
    const response = await clientOf(target).listMonitors(listing.paging.nextToken, signal);
    const result = this.#addPage(target, 'monitors', listing, response);
    if (result !== 'done') {
      return result;
    }
    inventory.monitorsListed(target, listing.items);
    listing.untagged = listing.items.flatMap((monitor) =>
      monitor.arn === undefined || !needsTags(target, monitor) || inventory.knowsTags(target, monitor.arn)
        ? []
        : [monitor.arn],
    );
    return listing.untagged.length > 0 ? 'again' : 'done';
  }

  async #listScopes(target: Target, signal: AbortSignal): Promise<ListingResult> {
    const { inventory, clientOf } = this.#options;
    const listing = this.#listing(this.#listings.scopes, target);
    const response = await clientOf(target).listScopes(listing.paging.nextToken, signal);
    const result = this.#addPage(target, 'scopes', listing, response);
    if (result === 'done') {
      inventory.scopesListed(target, listing.items);
    }
    return result;
  }

  /** Reads the tags of one monitor. An error response does not stop the others. */
  async #readTags(target: Target, listing: Listing<MonitorSummary>, signal: AbortSignal): Promise<ListingResult> {
    const { inventory, clientOf } = this.#options;
    const { untagged = [] } = listing;
    const arn = untagged.shift();
    if (arn !== undefined) {
      try {
        inventory.tagsRead(target, arn, await clientOf(target).monitorTags(arn, signal));
      } catch (thrown) {
        if (!(thrown instanceof ApiError) || isUnanswered(thrown.error)) {
          throw thrown;
        }
        // The monitor was deleted after it was listed, which is not a failure.
        if (thrown.error !== 'ResourceNotFoundException') {
          listing.incomplete = true;
          this.#failures.failed(target, thrown);
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
    this.#failures.succeeded(target, TAGS_OPERATION.name);
    return 'done';
  }

  #listing<Item>(listings: WeakMap<Target, Listing<Item>>, target: Target): Listing<Item> {
    const startedAt = this.#options.clock.monotonic();
    const start = { paging: listingPaging(), startedAt, items: [], ignored: 0, untagged: undefined, incomplete: false };
    const listing = listings.get(target) ?? start;
    listings.set(target, listing);
    return listing;
  }

  /** Adds a page to a listing. Returns `done` after the last page, and logs the outcome. */
  #addPage<Item>(
    target: Target,
    kind: ListKind,
    listing: Listing<Item>,
    { page, nextToken, bytes }: ResponsePage<ListPage<Item>>,
  ): ListingResult {
    const { clock, clientOf } = this.#options;
    const { paging, startedAt, items } = listing;
    try {
      paging.add({ items: page.items.length + page.leftOut, bytes }, nextToken);
      if (clock.monotonic() - startedAt > LONGEST_LISTING_MS) {
        throw new InvalidResponse(`expected all pages within ${wholeSeconds(LONGEST_LISTING_MS)}, got more`);
      }
    } catch (thrown) {
      if (!(thrown instanceof InvalidResponse)) {
        throw thrown;
      }
      this.#listings[kind].delete(target);
      this.#failures.failed(target, clientOf(target).refuseListing(kind, thrown.message));
      return 'unending';
    }
    for (const item of page.items) {
      items.push(item);
    }
    listing.ignored += page.leftOut;
    if (paging.nextToken !== undefined) {
      return 'again';
    }
    const operation = LIST_OPERATIONS[kind].name;
    this.#failures.succeeded(target, operation);
    const { account, region: aws_region } = target;
    const fields = { account, aws_region, operation };
    if (listing.ignored > 0) {
      this.#ignoring(target).found(operation, { ...fields, count: listing.ignored });
    } else {
      this.#ignoring(target).over(operation, fields);
    }
    return 'done';
  }
}
